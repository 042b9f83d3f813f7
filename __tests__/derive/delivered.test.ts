import {describe, expect, test} from '@jest/globals'
import {deliveredMode, listenerPorts} from '../../src/derive/delivered-mode.ts'
import {endpoints} from '../../src/derive/endpoints.ts'
import type {Endpoint} from '../../src/model/endpoint.ts'
import type {InboundChain, InboundListener} from '../../src/model/delivered.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {type DeliveredSpec, deliveredFrom} from '../helpers/delivered-spec.ts'
import {asked, controls, initArgs, istioObject, policy, probed, probes, sidecarPod, snapshot} from './builders.ts'

const strict = read([policy('istio-system', 'default', 'STRICT')])
const captured = {mode: 'REDIRECT'} as const

function chain(port: number | null, accepts: InboundChain['accepts'], any = false): InboundChain {
  return {name: `chain ${port}`, port, any, accepts}
}

function listener(port: number | null, ...chains: InboundChain[]): InboundListener {
  return {name: `listener ${port}`, port, updatedAt: '2026-11-22T18:00:00Z', chains}
}

describe('the mode that running listeners show (rules 18, 59, 60)', () => {
  const mutual = chain(8080, 'mutual-tls')
  test.each<[string, InboundListener[], number | null, string]>([
    ['every chain of the port demands the mesh’s certificate', [listener(15006, mutual, mutual)], 8080, 'STRICT'],
    ['one beside it takes plain text', [listener(15006, mutual, chain(8080, 'plain-text'))], 8080, 'PERMISSIVE'],
    ['plain text alone', [listener(15006, chain(8080, 'plain-text'))], 8080, 'DISABLE'],
    ['TLS without a certificate', [listener(15006, chain(8080, 'tls'))], 8080, 'TLS'],
    ['TLS with and without', [listener(15006, mutual, chain(8080, 'tls'))], 8080, 'TLS'],
    ['a socket of another kind hides what is taken', [listener(15006, mutual, chain(8080, 'unknown'))], 8080, 'UNKNOWN'],
    ['a port without chains meets those without a port', [listener(15006, mutual, chain(null, 'plain-text'))], 9090, 'DISABLE'],
    [
      'chains without a port do not matter to a port that has its own',
      [listener(15006, mutual, chain(null, 'plain-text'))],
      8080,
      'STRICT',
    ],
    ['undeclared ports meet those without a port', [listener(15006, chain(8080, 'plain-text'), chain(null, 'mutual-tls'))], null, 'STRICT'],
    ['Envoy’s default chain takes what no other matches', [listener(15006, mutual, chain(null, 'plain-text', true))], 8080, 'PERMISSIVE'],
    ['the blackhole of 15006 says nothing', [listener(15006, chain(15006, 'plain-text'), mutual)], 8080, 'STRICT'],
    [
      'a listener bound to the port itself counts, too',
      [listener(15006, mutual), listener(8080, chain(null, 'plain-text'))],
      8080,
      'PERMISSIVE',
    ],
    ['no listener at all', [], 8080, 'UNKNOWN'],
    ['an internal listener is no way in', [listener(null, chain(8080, 'plain-text'))], 8080, 'UNKNOWN'],
    [
      'the tunnel’s port has a listener of its own',
      [listener(15006, chain(null, 'plain-text')), listener(15008, chain(null, 'mutual-tls'))],
      15008,
      'STRICT',
    ],
  ])('%s', (_title, listeners, port, mode) => {
    expect(deliveredMode({listeners}, captured, port).mode).toBe(mode)
  })

  test('without capture only the listener bound to the port is met', () => {
    const listeners = [listener(15006, mutual), listener(9090, chain(null, 'mutual-tls'))]
    expect([8080, 9090, null].map((port) => deliveredMode({listeners}, {mode: 'NONE'}, port).mode)).toEqual([
      'UNKNOWN',
      'STRICT',
      'UNKNOWN',
    ])
  })

  test('ports that chains name are ports of the pod', () => {
    expect(
      listenerPorts({
        listeners: [listener(15006, chain(15006, 'plain-text'), chain(9090, 'mutual-tls'), mutual, mutual), listener(7, chain(6, 'tls'))],
      }),
    ).toEqual([8080, 9090])
  })
})

type Proxy = DeliveredSpec['proxies'][number]

function row(more: Partial<Proxy>, rest: Partial<Snapshot> = {}, port: number | null = 8080): Endpoint | undefined {
  const delivered = read(
    deliveredFrom({proxies: [{namespace: 'shop', pod: sidecarPod().name, updatedAt: '2026-11-22T17:00:00Z', ...more}]}),
  )
  return endpoints(snapshot({pods: read([sidecarPod()]), policies: strict, delivered, ...rest})).find((each) => each.port === port)
}

const open = probed(8080, 'plain-text', 'plain-text')
const lax = probed(8080, 'tls', 'closed')
const shut = probed(8080, 'closed', 'closed')
const live = {asked: {...asked, probes: true}}

describe('the listener alone proves, where nothing contradicts it', () => {
  test.each<[string, Partial<Proxy>, Partial<Snapshot>, string, RegExp]>([
    ['STRICT, probes off', {}, {}, 'proven', /own proxy runs a listener that takes mutual TLS alone/],
    ['STRICT, and probes saw closed connections only', {}, {...live, probes: probes([shut])}, 'proven', /listener/],
    [
      'STRICT, and the prober’s control failed',
      {},
      {...live, probes: probes([shut], {controls: controls.map((one) => ({...one, passed: false}))})},
      'proven',
      /listener/,
    ],
    ['STRICT, but a probe was answered in plain text', {}, {...live, probes: probes([open])}, 'violated', /answered in plain text/],
    ['STRICT, but a probe was let in without a certificate', {}, {...live, probes: probes([lax])}, 'unproven', /without a certificate/],
    [
      'PERMISSIVE under a STRICT policy',
      {ports: {8080: 'PERMISSIVE'}},
      {},
      'violated',
      /runs a listener that takes mutual TLS and plain text .*although/,
    ],
    ['DISABLE under a STRICT policy', {ports: {8080: 'DISABLE'}}, {}, 'violated', /plain text/],
    ['TLS without certificates', {ports: {8080: 'TLS'}}, {}, 'unproven', /without demanding a certificate/],
    ['a proxy that could not be read', {unread: 'no answer within 15 s'}, {}, 'unproven', /o answer within 15 s/],
    [
      'not read, but proven on the wire',
      {unread: 'no answer'},
      {...live, probes: probes([probed(8080, 'client-certificate', 'closed')])},
      'proven',
      /demanded a client certificate/,
    ],
    [
      'counted plain text under this very listener',
      {counters: {traffic: [{port: 8080, plain: 2, mutual: 5}], windowMs: 600_000}},
      {},
      'unproven',
      /counted 2 connections in plain text in 10 min/,
    ],
    [
      'counted plain text before the listener changed',
      {updatedAt: '2026-11-22T18:29:00Z', counters: {traffic: [{port: 8080, plain: 2, mutual: 5}], windowMs: 600_000}},
      {},
      'proven',
      /listener/,
    ],
    [
      'an EnvoyFilter makes configuration unsure, the listener is not',
      {},
      {
        envoyFilters: read([
          istioObject('EnvoyFilter', 'shop', 'f', {configPatches: [{applyTo: 'LISTENER', match: {context: 'SIDECAR_INBOUND'}}]}),
        ]),
      },
      'proven',
      /listener/,
    ],
    ['the policy itself is not STRICT', {}, {policies: read([])}, 'violated', /default/],
    [
      'a port that capture leaves out',
      {},
      {pods: read([sidecarPod({}, [...initArgs.filter((arg) => arg !== '15090,15021,15020'), '15090,15021,15020,8080'])])},
      'violated',
      /exclude port 8080/,
    ],
  ])('%s', (_title, proxy, rest, verdict, reason) => {
    const found = row(proxy, rest)
    expect([found?.verdict, found?.reason]).toEqual([verdict, expect.stringMatching(reason)])
  })

  test('no role to read proxies and no probes: configured, and the reason names the role', () => {
    const delivered = read(
      deliveredFrom({withheld: {inspect: 'the role `inspect` is not granted'}, proxies: [{namespace: 'shop', pod: 'cart-1'}]}),
    )
    expect(row({}, {delivered})).toMatchObject({
      verdict: 'configured',
      reason: expect.stringContaining('the role `inspect` is not granted'),
    })
  })

  test('an older snapshot without the part is judged by what it has', () => {
    expect(row({}, {delivered: unread('the saved snapshot does not hold it')})?.verdict).toBe('configured')
  })

  test('one of two pods is not enough', () => {
    const pods = read([sidecarPod(), sidecarPod({name: 'cart-2', ips: ['10.0.0.2']})])
    expect(row({}, {pods})).toMatchObject({verdict: 'unproven', reason: expect.stringContaining('he proxy of pod `cart-2` was not read')})
  })

  test('a port that only the proxy knows has a row of its own', () => {
    expect(row({ports: {7777: 'PERMISSIVE'}}, {}, 7777)).toMatchObject({verdict: 'violated'})
  })

  test('the row shows what runs, what is served and what was counted', () => {
    const evidence = row({counters: {traffic: [{port: 8080, plain: 0, mutual: 5}], windowMs: 600_000}})?.evidence
    expect(evidence?.map(({kind, says}) => `${kind}: ${says}`)).toEqual([
      expect.stringMatching(/^configured: /),
      expect.stringMatching(/^listener: pod `.*`: its active listener takes mutual TLS alone/),
      expect.stringMatching(/^certificate: pod `.*`: serves `spiffe:\/\/cluster.local\/ns\/shop\/sa\/cart` until /),
      expect.stringMatching(/^counter: pod `.*`: counted 5 connections over TLS and 0 in plain text in 10 min/),
    ])
  })
})
