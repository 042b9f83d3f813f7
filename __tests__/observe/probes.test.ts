import {describe, expect, test} from '@jest/globals'
import {undeclaredPortToProbe} from '../../src/derive/undeclared-port.ts'
import type {KubeObject, RawAnswer} from '../../src/io/io.ts'
import type {Probes} from '../../src/model/evidence.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import {probe} from '../../src/observe/probes.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {type FakeIo, fakeIo, type Scripted} from '../helpers/fake-io.ts'
import {asked as anything} from '../helpers/fixture.ts'

const asked: Asked = {...anything, scope: {namespaces: ['*'], exclude: ['istio-system']}, require: 'proven', probes: true}
const undeclared = undeclaredPortToProbe([8080])
const certificateRequired = status(500, 'remote error: tls: certificate required')
const reset = status(503, 'error trying to reach service: read tcp 10.0.0.1:1->10.0.0.2:2: read: connection reset by peer')
const refused = status(503, 'error trying to reach service: dial tcp 10.0.0.2:15998: connect: connection refused')
const brokenPipe = status(500, 'error sending request: write tcp 10.0.0.1:1->10.0.0.2:2: write: broken pipe')
const ok = {status: 200, headers: {'audit-id': '1'}, body: 'hello'}

describe('a mesh that keeps its promise', () => {
  test('controls, reachable pods, both probes of the declared port and of an undeclared one', async () => {
    const {probes, io} = await probed({})
    expect(probes.controls).toEqual([
      {name: 'open port of istiod (15014)', expects: 'answer', passed: true, detail: 'answered 200 in plain text'},
      {name: 'closed port of istiod (15998)', expects: 'silence', passed: true, detail: 'dial tcp: connect: connection refused'},
    ])
    expect(probes.reachable).toEqual(['shop/cart-1'])
    expect(probes.ports.map(({address, port, tls, plain}) => [address, port, tls?.saw, plain?.saw])).toEqual([
      ['10.0.0.9', 8080, 'client-certificate', 'closed'],
      ['10.0.0.9', undeclared, 'client-certificate', 'closed'],
    ])
    expect(probes.settledAfterMs).toBeUndefined()
    const sent = io.requests.filter(({path}) => path.includes('cart-1:8080'))
    expect(sent.map(({path, options}) => [path, options])).toEqual([
      [
        '/api/v1/namespaces/shop/pods/https:cart-1:8080/proxy/.well-known/istio-mtls-probe',
        {upgrade: true, timeoutMs: 15_000, maxBytes: 1024},
      ],
      ['/api/v1/namespaces/shop/pods/cart-1:8080/proxy/.well-known/istio-mtls-probe', {upgrade: false, timeoutMs: 35_000, maxBytes: 1024}],
    ])
  })

  test('a closed TLS connection is asked again until the alert wins its race, at most ten times', async () => {
    const wonAfter = (losses: number) => inTurn(...new Array<RawAnswer>(losses).fill(brokenPipe), certificateRequired)
    expect((await probed({tls: wonAfter(2)})).port).toMatchObject({tls: {saw: 'client-certificate', tries: 3}, plain: {tries: 1}})
    expect((await probed({tls: wonAfter(7)})).port).toMatchObject({tls: {saw: 'client-certificate', tries: 8}, plain: {tries: 2}})
    expect((await probed({tls: brokenPipe})).port).toMatchObject({tls: {saw: 'closed', tries: 10}, plain: {tries: 2}})
  })

  test('what is clear is not asked again', async () => {
    expect((await probed({tls: ok})).port).toMatchObject({tls: {saw: 'tls', tries: 1}, plain: {saw: 'closed', tries: 1}})
    expect((await probed({tls: status(500, 'error dialing backend: dial tcp 1.2.3.4:5: i/o timeout')})).port.tls).toMatchObject({
      saw: 'inconclusive',
      tries: 1,
    })
  })

  test('a throttled request is sent again', async () => {
    const throttled = {status: 429, headers: {}, body: 'Too many requests, please try again later.'}
    expect((await probed({plain: inTurn(throttled, reset)})).port.plain).toMatchObject({saw: 'closed', tries: 2})
  })
})

describe('a mesh that does not', () => {
  test('plain text is seen, though the port also asks TLS clients for a certificate', async () => {
    expect((await probed({plain: ok})).port).toMatchObject({
      tls: {saw: 'client-certificate'},
      plain: {saw: 'plain-text', detail: 'answered 200 in plain text'},
    })
  })

  test('where PERMISSIVE was computed, one TLS greeting and no plain request', async () => {
    const {probes, io} = await probed({mode: 'PERMISSIVE', tls: brokenPipe})
    expect(probes.ports).toMatchObject([{port: 8080, tls: {saw: 'closed', tries: 1}, plain: null}])
    expect(io.requests.filter(({path}) => path.includes('/cart-1:8080/'))).toEqual([])
  })
})

describe('after a change of policy', () => {
  test('a port that still answers in plain text is asked again every two seconds', async () => {
    const {probes, port, io} = await probed({plain: inTurn(ok, ok, reset), settleUntil: 60_000})
    expect(port).toMatchObject({plain: {saw: 'closed', tries: 3}, tls: {saw: 'client-certificate', tries: 3}})
    expect(probes.settledAfterMs).toBe(4000)
    expect(io.clock.ticks()).toBe(4000)
  })

  test('only until the old connections must be gone: then what is seen counts', async () => {
    const {port, io} = await probed({plain: ok, settleUntil: 10_000})
    expect(port.plain).toMatchObject({saw: 'plain-text', tries: 6})
    expect(io.clock.ticks()).toBe(10_000)
  })

  test('plain text that was seen is not taken back by a round that the deadline cut short', async () => {
    let round = 0
    const lateAtLast = () => {
      round++
      if (round === 2) void io.clock.sleep(60_000)
      return certificateRequired
    }
    const io: FakeIo = cluster({tls: lateAtLast, plain: ok})
    const part = await probe(mesh('STRICT'), {...options(), settleUntil: 90_000, deadline: 30_000}, io.kube, io)
    expect(part).toMatchObject({value: {ports: [{port: 8080, tls: {tries: 2}, plain: {saw: 'plain-text'}}, {port: undeclared}]}})
    expect(round).toBe(2)
  })

  test('a proxy that does not listen yet is waited for', async () => {
    const starting = status(500, 'error dialing backend: dial tcp 10.0.0.9:8080: connect: connection refused')
    expect((await probed({tls: inTurn(starting, certificateRequired), settleUntil: 60_000})).port.tls).toMatchObject({
      saw: 'client-certificate',
      tries: 2,
    })
  })

  test('a broken path is not waited for', async () => {
    const {io} = await probed({plain: status(503, 'error trying to reach service: dial tcp 1.2.3.4:5: i/o timeout'), settleUntil: 60_000})
    expect(io.clock.ticks()).toBe(0)
  })

  test('nothing is waited for when nothing was changed', async () => {
    const {io} = await probed({plain: ok, settleUntil: null})
    expect(io.clock.ticks()).toBe(0)
  })
})

describe('a prober that cannot be trusted', () => {
  test.each<[string, {open?: Scripted; closed?: Scripted}, [boolean, boolean]]>([
    ['sees nothing', {open: refused}, [false, true]],
    ['sees an error page where istiod answers', {open: {...ok, status: 502}}, [false, true]],
    ['sees answers everywhere (a corporate proxy)', {closed: {...ok, status: 502}}, [true, false]],
    ['gets no answer at all', {open: new Error('socket hang up'), closed: new Error('socket hang up')}, [false, false]],
    ['is let through to nothing', {open: reset, closed: reset}, [false, true]],
  ])('%s', async (_title, script, passed) => {
    const {probes} = await probed(script)
    expect(probes.controls.map((control) => control.passed)).toEqual(passed)
  })

  test('no istiod to ask: both controls fail', async () => {
    const snapshot = {...mesh('STRICT'), controlPlane: unread('refused')}
    const part = await probe(snapshot, options(), fakeIo().kube, fakeIo())
    expect(part).toMatchObject({read: true, value: {controls: [{passed: false, detail: 'no ready istiod pod to ask'}, {passed: false}]}})
  })
})

describe('no live proof at all', () => {
  test('refused by RBAC: says what to grant, and asks no further port', async () => {
    const forbidden = status(403, 'pods "istiod-1:15014" is forbidden: User "ci" cannot get resource "pods/proxy"')
    const io = cluster({open: forbidden, closed: forbidden})
    const part = await probe(mesh('STRICT'), options(), io.kube, io)
    expect(part).toEqual(unread('probing was refused (403): grant `get` on `pods/proxy` of API group `""` (rbac/probe.yaml)'))
    expect(io.requests).toHaveLength(2)
  })

  test('not asked for, or no pods read', async () => {
    const off = {...options(), probes: {...options().probes, mode: 'off' as const}}
    expect(await probe(mesh('STRICT'), off, fakeIo().kube, fakeIo())).toMatchObject({
      read: false,
      reason: expect.stringContaining('`probes: off`'),
    })
    const blind = {...mesh('STRICT'), pods: unread('reading pods was refused')}
    expect(await probe(blind, options(), fakeIo().kube, fakeIo())).toEqual(unread('no port could be probed: reading pods was refused'))
  })

  test('past the deadline or cancelled, nothing more is sent and nothing is claimed', async () => {
    expect((await probed({deadline: 0})).probes.ports).toEqual([])
    const io = cluster({})
    io.cancel()
    const part = await probe(mesh('STRICT'), options(), io.kube, io)
    expect(part).toMatchObject({read: true, value: {ports: []}})
  })
})

interface Script {
  mode?: string
  tls?: Scripted
  plain?: Scripted
  open?: Scripted
  closed?: Scripted
  settleUntil?: number | null
  deadline?: number
}

async function probed(script: Script): Promise<{probes: Probes; port: Probes['ports'][number]; io: FakeIo}> {
  const io = cluster(script)
  const {settleUntil = null, deadline = 1_000_000} = script
  const part = await probe(mesh(script.mode ?? 'STRICT'), {...options(), settleUntil, deadline}, io.kube, io)
  if (!part.read) throw new Error(part.reason)
  return {probes: part.value, port: part.value.ports.find(({port}) => port === 8080) as Probes['ports'][number], io}
}

function options() {
  return {probes: {mode: 'api-server' as const, exclude: [], concurrency: 4}, settleUntil: null, deadline: 1_000_000}
}

/** A cluster whose mesh keeps its promise, but for what the script says of pod cart-1's port 8080 and of istiod's. */
function cluster({tls = certificateRequired, plain = reset, open = ok, closed = refused}: Script): FakeIo {
  const cart = (name: string, path: string) => `PROBE /api/v1/namespaces/shop/pods/${name}/proxy/${path}`
  const probePath = '.well-known/istio-mtls-probe'
  return fakeIo({
    kube: {
      'PROBE /api/v1/namespaces/istio-system/pods/istiod-1:15014/proxy/version': open,
      'PROBE /api/v1/namespaces/istio-system/pods/istiod-1:15998/proxy/version': closed,
      [cart('cart-1:15021', 'healthz/ready')]: ok,
      [cart('https:cart-1:8080', probePath)]: tls,
      [cart('cart-1:8080', probePath)]: plain,
      [cart(`https:cart-1:${undeclared}`, probePath)]: certificateRequired,
      [cart(`cart-1:${undeclared}`, probePath)]: reset,
    },
  })
}

function inTurn(...answers: RawAnswer[]): Scripted {
  let at = 0
  return () => answers[Math.min(at++, answers.length - 1)]
}

function mesh(mode: string): Snapshot {
  const pod = (namespace: string, name: string, owner: string, more: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {'pod-template-hash': '1'},
      annotations: {'sidecar.istio.io/status': '{"revision":"default"}'},
      ownerReferences: [{apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${owner}-1`, uid: 'u', controller: true}],
    },
    status: {phase: 'Running', podIP: '10.0.0.9', conditions: [{type: 'Ready', status: 'True'}]},
    ...more,
  })
  const objects: KubeObject[] = [
    {apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'istiod', namespace: 'istio-system', labels: {app: 'istiod'}}, spec: {}},
    pod('istio-system', 'istiod-1', 'istiod', {spec: {containers: [{name: 'discovery'}]}}),
    pod('shop', 'cart-1', 'cart', {
      spec: {
        initContainers: [{name: 'istio-init', args: ['istio-iptables', '-m', 'REDIRECT', '-i', '*', '-b', '*', '-d', '15090,15021,15020']}],
        containers: [
          {name: 'app', ports: [{containerPort: 8080}]},
          {name: 'istio-proxy', args: ['proxy', 'sidecar']},
        ],
      },
    }),
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: {name: 'default', namespace: 'istio-system', creationTimestamp: '2026-11-22T18:00:00Z'},
      spec: {mtls: {mode}},
    },
  ]
  return snapshotFrom(objects, asked, {takenAt: '2026-11-22T18:00:00Z', cluster: read({name: 'c', uid: 'u', kubernetes: 'v1', server: ''})})
}

function status(code: number, message: string): RawAnswer {
  return {
    status: code,
    headers: {'audit-id': '1'},
    body: JSON.stringify({kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code}),
  }
}
