import {describe, expect, test} from '@jest/globals'
import {read, unread} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {readDelivered} from '../../src/observe/delivered.ts'
import {countersFrom} from '../../src/observe/project-counters.ts'
import {heldFrom, syncFrom} from '../../src/observe/project-istiod-debug.ts'
import {listenersFrom} from '../../src/observe/project-listeners.ts'
import {secretsFrom} from '../../src/observe/project-secrets.ts'
import {meta, policy, sidecarPod, snapshot} from '../derive/builders.ts'
import {type FakeIo, fakeIo, refusal, type Scripted} from '../helpers/fake-io.ts'

const tls = (more: object = {}, validation: object = {validation_context_sds_secret_config: {name: 'ROOTCA'}}) => ({
  transport_socket: {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      common_tls_context: {combined_validation_context: validation},
      require_client_certificate: true,
      ...more,
    },
  },
})

function dump(chains: object[], more: object = {}): string {
  const listener = {
    name: 'virtualInbound',
    traffic_direction: 'INBOUND',
    address: {socket_address: {port_value: 15006}},
    filter_chains: chains,
  }
  return JSON.stringify({configs: [{name: 'virtualInbound', active_state: {listener, last_updated: '2026-11-22T18:00:00.000Z'}, ...more}]})
}

describe('a filter chain takes', () => {
  test.each<[string, object, string]>([
    ['mutual TLS, held against the mesh’s root', tls(), 'mutual-tls'],
    ['TLS alone where no certificate is required', tls({require_client_certificate: false}), 'tls'],
    ['TLS alone where the certificate is held against nothing', tls({}, {}), 'tls'],
    [
      'TLS alone where any certificate will do',
      tls(
        {},
        {
          validation_context_sds_secret_config: {name: 'ROOTCA'},
          default_validation_context: {trust_chain_verification: 'ACCEPT_UNTRUSTED'},
        },
      ),
      'tls',
    ],
    ['TLS alone where public authorities count', tls({}, {validation_context_sds_secret_config: {name: 'file-root:system'}}), 'tls'],
    [
      'mutual TLS with mounted roots',
      tls({}, {validation_context_sds_secret_config: {name: 'file-root:/etc/certs/root-cert.pem'}}),
      'mutual-tls',
    ],
    ['plain text without a transport socket', {}, 'plain-text'],
    ['TLS handed through unread', {filter_chain_match: {transport_protocol: 'tls'}}, 'tls'],
    ['plain text with a raw buffer', {transport_socket: {name: 'envoy.transport_sockets.raw_buffer'}}, 'plain-text'],
    ['nobody knows what behind another socket', {transport_socket: {name: 'tap', typed_config: {'@type': 'x.Tap'}}}, 'unknown'],
  ])('%s', (_title, chain, accepts) => {
    expect(listenersFrom(dump([{name: 'c', ...chain}])).listeners[0]?.chains).toMatchObject([{port: null, any: false, accepts}])
  })
})

test('only inbound listeners and their ACTIVE state count; the others are named', () => {
  const outbound = {name: '0.0.0.0_80', active_state: {listener: {name: '0.0.0.0_80', traffic_direction: 'OUTBOUND'}}}
  const tunnel = {
    active_state: {listener: {name: 'connect_terminate', address: {socket_address: {port_value: 15008}}, filter_chains: [tls()]}},
  }
  const stuck = {
    error_state: {failed_configuration: {name: 'virtualInbound'}, details: "Didn't find\na registered\u0000 implementation"},
    warming_state: {listener: {name: 'virtualInbound'}},
  }
  const configs = [outbound, tunnel, stuck, JSON.parse(dump([{filter_chain_match: {destination_port: 8080}}])).configs[0]]
  const found = listenersFrom(JSON.stringify({configs}))
  expect(found.listeners.map(({name, port}) => [name, port])).toEqual([
    ['connect_terminate', 15008],
    ['virtualInbound', 15006],
  ])
  expect(found.stuck).toEqual([
    {state: 'error', listener: 'virtualInbound', details: "Didn't find a registered? implementation"},
    {state: 'warming', listener: 'virtualInbound', details: ''},
  ])
})

test("Envoy's default chain stands for every port", () => {
  const listener = {traffic_direction: 'INBOUND', default_filter_chain: {name: 'rest'}, filter_chains: [{name: 'own', ...tls()}]}
  const {listeners} = listenersFrom(JSON.stringify({configs: [{active_state: {listener}}]}))
  expect(listeners[0]?.chains.map(({name, any}) => [name, any])).toEqual([
    ['own', false],
    ['rest', true],
  ])
})

test.each(['<html>', '[]', '{"configs": 7}'])('what is no dump is no proof: %s', (text) => {
  const seen = () => listenersFrom(text).listeners
  expect(text === '[]' ? seen() : seen).toEqual(text === '[]' ? [] : expect.any(Function))
  if (text !== '[]') expect(seen).toThrow()
})

test('counters: Istio’s own by policy, Envoy’s per HTTP port, and nothing else', () => {
  const text = `# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",source_workload="unknown",connection_security_policy="none"} 3
istio_requests_total{reporter="destination",connection_security_policy="mutual_tls"} 40
istio_requests_total{reporter="source",connection_security_policy="unknown"} 99
istio_tcp_connections_opened_total{reporter="destination",connection_security_policy="none"} 2
envoy_http_downstream_cx_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 10
envoy_http_downstream_cx_ssl_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 4
envoy_http_downstream_cx_total{http_conn_manager_prefix="admin"} 7
envoy_listener_no_filter_chain_match{listener_address="0.0.0.0_15006"} 5
envoy_server_uptime{} 60
`
  expect(countersFrom(text)).toEqual({
    windowMs: 60_000,
    traffic: [
      {port: null, plain: 5, mutual: 40},
      {port: 8080, plain: 6, mutual: 4},
    ],
    refused: 5,
  })
  expect(countersFrom('envoy_server_uptime{} 5\n')).toEqual({windowMs: 5000, traffic: [], refused: null})
})

test('istiod’s answers: nonces, errors in one line, policies by generation', () => {
  const type = 'type.googleapis.com/envoy.config.listener.v3.Listener'
  const body = JSON.stringify([
    {
      proxy: 'cart-1.shop',
      istio_version: '1.31.1',
      resources: {[type]: {sent: 'b', acked: 'a', sentTime: '2026-11-22T18:00:00Z', lastError: 'no\nsuch filter'}},
    },
  ])
  expect(syncFrom(body, 'istiod-1').get('cart-1.shop')).toEqual({
    replica: 'istiod-1',
    version: '1.31.1',
    listeners: {sent: 'b', acked: 'a', sentAt: '2026-11-22T18:00:00Z'},
    errors: ['LDS: no such filter'],
  })
  const held = heldFrom(
    JSON.stringify([
      {kind: 'PeerAuthentication', metadata: {namespace: 'shop', name: 'default', generation: 3}},
      {kind: 'EnvoyFilter', metadata: {}},
    ]),
  )
  expect(held).toEqual([{namespace: 'shop', name: 'default', generation: 3}])
  expect(heldFrom('')).toEqual([])
  for (const answer of ['{}', 'unauthorized']) expect(() => syncFrom(answer, 'x')).toThrow()
})

test('secrets that hold no certificate leave none; keys are not even looked at', () => {
  const secret = (name: string, more: object) => ({secret: {name, ...more}})
  const configs = [
    secret('default', {
      tls_certificate: {certificate_chain: {inline_bytes: Buffer.from('x').toString('base64')}, private_key: {inline_bytes: 'a2V5'}},
    }),
    secret('ROOTCA', {validation_context: {trusted_ca: {}}}),
  ]
  expect(secretsFrom(JSON.stringify({configs}))).toEqual({certificate: null, roots: []})
})

const pod = sidecarPod()
const istiodPod = sidecarPod({
  ...meta('istio-system', 'istiod-1'),
  workload: {kind: 'Deployment', name: 'istiod'},
  initContainers: [],
  annotations: {},
})
const istiod = {...meta('istio-system', 'istiod'), revision: 'default', version: '1.31.1', replicas: 1, readyReplicas: 1, env: {}}
const strict = {...policy('istio-system', 'default', 'STRICT'), generation: 2}
const world: Partial<Snapshot> = {
  pods: read([pod, istiodPod]),
  policies: read([strict]),
  controlPlane: read({istiods: [istiod], webhooks: [], endpoints: {}}),
}
const mutualDump = dump([tls()])
const plainDump = dump([tls(), {}])
const listenersPath = `FORWARD shop/${pod.name}:15000/config_dump?resource=dynamic_listeners&name_regex=virtualInbound%7Cconnect_terminate`

function sync(sent: string, acked = sent, lastError = ''): string {
  const resources = {'type.googleapis.com/envoy.config.listener.v3.Listener': {sent, acked, lastError}}
  return JSON.stringify([{proxy: `${pod.name}.shop`, istio_version: '1.31.1', resources}])
}

function configz(generation: number): string {
  return JSON.stringify([{kind: 'PeerAuthentication', metadata: {namespace: 'istio-system', name: 'default', generation}}])
}

const ok = (body: string) => ({status: 200, headers: {}, body})
/** Answers one after the other; the last stays. */
const turns =
  (...answers: unknown[]) =>
  () =>
    answers.length > 1 ? answers.shift() : answers[0]

function script(more: Record<string, Scripted> = {}, may: (namespace: string) => boolean = () => true): FakeIo {
  const kube: Record<string, Scripted> = {
    'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': (body: unknown) => {
      const {namespace = '*'} = (body as {spec: {resourceAttributes: {namespace?: string}}}).spec.resourceAttributes
      return {status: {allowed: may(namespace)}}
    },
    'FORWARD istio-system/istiod-1:15014/debug/configz': ok(configz(2)),
    'FORWARD istio-system/istiod-1:15014/debug/syncz': ok(sync('n1')),
    [listenersPath]: ok(mutualDump),
    [`FORWARD shop/${pod.name}:15000/config_dump?resource=dynamic_active_secrets`]: ok('{}'),
    ...more,
  }
  const io = fakeIo({kube})
  const own = io.kube.forwardedGet
  io.kube.forwardedGet = (target, path, options) => (path.startsWith('/stats') ? Promise.resolve(ok('')) : own(target, path, options))
  return io
}

async function look(io: FakeIo, changed: {at: number; until: number} | null = null, more: Partial<Snapshot> = {}) {
  const part = await readDelivered(snapshot({...world, ...more}), {concurrency: 4, deadline: 100_000, changed}, io.kube, io)
  if (!part.read) throw new Error(part.reason)
  return part.value
}

const after = {at: 0, until: 60_000}

describe('what is granted is asked first', () => {
  test('all of it: both sides of each proxy', async () => {
    const {withheld, proxies, replicas} = await look(script())
    expect(withheld).toEqual({deliver: '', inspect: ''})
    expect(replicas).toMatchObject([{pod: 'istiod-1', state: {read: true, value: {proxies: 1}}}])
    expect(proxies).toMatchObject([{pod: pod.name, asked: true, sync: {listeners: {sent: 'n1'}}, running: {read: true}}])
  })

  test('nothing: no port is forwarded, and both roles are named', async () => {
    const io = script({}, () => false)
    const {withheld, proxies, replicas} = await look(io)
    expect(withheld.deliver).toContain('rbac/deliver.yaml')
    expect(withheld.inspect).toContain('rbac/inspect.yaml')
    expect([replicas, proxies.map(({asked}) => asked)]).toEqual([[], [false]])
    expect(io.requests.filter(({method}) => method === 'FORWARD')).toEqual([])
  })

  test('deliver alone: istiod is read, the pods say why they are not', async () => {
    const {withheld, proxies} = await look(script({}, (namespace) => namespace === 'istio-system'))
    expect(withheld).toEqual({deliver: '', inspect: expect.stringContaining('`inspect`')})
    expect(proxies).toMatchObject([{asked: false, sync: {replica: 'istiod-1'}, running: {read: false}}])
  })

  test('an API server that does not answer the question grants nothing', async () => {
    const {withheld} = await look(
      script({'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': refusal(403, 'no reviews for you')}),
    )
    expect(withheld.deliver).toContain('no reviews for you')
  })
})

describe('a pod that cannot be read carries its reason', () => {
  test.each<[string, Scripted, boolean, RegExp]>([
    [
      'nobody listens',
      new Error('failed to connect to localhost:15000: connection refused'),
      true,
      /nothing listens on its admin port 15000/,
    ],
    ['too slow', new Error('no answer within 15 s'), true, /no answer within 15 s/],
    ['Envoy says no', {status: 503, headers: {}, body: ''}, true, /Envoy answered 503/],
    ['no dump', ok('<html>'), true, /could not be read/],
    ['deleted meanwhile', refusal(404, 'pods "cart" not found'), false, /is gone/],
  ])('%s', async (_title, answer, wasAsked, reason) => {
    const {proxies} = await look(script({[listenersPath]: answer}))
    expect(proxies).toMatchObject([{asked: wasAsked, running: {read: false, reason: expect.stringMatching(reason)}}])
  })

  test.each<[string, object, RegExp]>([
    ['terminating', {terminating: true}, /is terminating/],
    ['pending', {phase: 'Pending'}, /is Pending/],
  ])('%s: not asked at all', async (_title, more, reason) => {
    const {proxies} = await look(script(), null, {pods: read([{...pod, ...more}, istiodPod])})
    expect(proxies).toMatchObject([{asked: false, running: {reason: expect.stringMatching(reason)}}])
  })

  test('an istiod that cannot be read says so, and the pods are unread where they were not listed', async () => {
    const {replicas} = await look(script({'FORWARD istio-system/istiod-1:15014/debug/syncz': {status: 404, headers: {}, body: ''}}))
    expect(replicas).toMatchObject([{state: {read: false, reason: expect.stringContaining('ENABLE_DEBUG_ON_HTTP')}}])
    const part = await readDelivered(snapshot({pods: unread('403')}), {concurrency: 1, deadline: 1, changed: null}, fakeIo().kube, fakeIo())
    expect(part).toEqual(unread('no proxy could be read: 403'))
  })
})

test('an acknowledgement that is on its way is looked for again', async () => {
  const {proxies} = await look(script({'FORWARD istio-system/istiod-1:15014/debug/syncz': turns(ok(sync('n2', 'n1')), ok(sync('n2')))}))
  expect(proxies[0]?.sync?.listeners).toMatchObject({sent: 'n2', acked: 'n2'})
})

describe('wait until delivered (live-evidence.md, section 3)', () => {
  const syncz = 'FORWARD istio-system/istiod-1:15014/debug/syncz'
  const held = 'FORWARD istio-system/istiod-1:15014/debug/configz'
  test.each<[string, Record<string, Scripted>, RegExp]>([
    ['istiod holds an older generation', {[held]: turns(ok(configz(1)), ok(configz(1)), ok(configz(2)))}, /istiod does not hold/],
    ['the proxy is not connected', {[syncz]: turns(ok('[]'), ok('[]'), ok(sync('n2')))}, /connected to no istiod/],
    ['its listeners are not acknowledged', {[syncz]: turns(...Array(7).fill(ok(sync('n2', 'n1'))), ok(sync('n2')))}, /not acknowledged/],
    [
      'the active listener shows what was',
      {[listenersPath]: turns(ok(plainDump), ok(plainDump), ok(mutualDump))},
      /runs PERMISSIVE, not STRICT/,
    ],
  ])('%s: it waits, and then is done', async (_title, more, says) => {
    const io = script(more)
    const {propagation, proxies} = await look(io, after)
    expect(propagation).toMatchObject({complete: true, pending: []})
    expect(propagation?.ms).toBeGreaterThan(0)
    expect(io.details.join('\n')).toMatch(says)
    expect(proxies).toMatchObject([{running: {value: {listeners: [{chains: [{accepts: 'mutual-tls'}]}]}}}])
  })

  test('nothing left to wait for: done at once', async () => {
    expect((await look(script(), after)).propagation).toEqual({ms: 0, complete: true, pending: []})
  })

  test('patience ends, and what is left is named', async () => {
    const {propagation} = await look(script({[listenersPath]: ok(plainDump)}), after)
    expect(propagation).toMatchObject({
      complete: false,
      pending: [{pod: `shop/${pod.name}`, why: expect.stringContaining('PERMISSIVE, not STRICT')}],
    })
    expect(propagation?.ms).toBeLessThanOrEqual(60_000)
  })

  test('a proxy that rejected its listeners is not waited for', async () => {
    const {propagation} = await look(script({[syncz]: ok(sync('n2', 'n1', 'no such filter')), [listenersPath]: ok(plainDump)}), after)
    expect(propagation).toEqual({ms: 0, complete: true, pending: []})
  })

  test('without the role inspect a newer nonce counts, or that none comes for as long as istiod collects changes', async () => {
    const alone = (namespace: string) => namespace === 'istio-system'
    const moved = await look(script({[syncz]: turns(ok(sync('n1')), ok(sync('n1')), ok(sync('n2')))}, alone), after)
    expect(moved.propagation).toMatchObject({complete: true})
    expect(moved.propagation?.ms).toBeLessThan(5000)
    const still = await look(script({}, alone), after)
    expect(still.propagation).toMatchObject({complete: true})
    expect(still.propagation?.ms).toBeGreaterThanOrEqual(10_000)
  })

  test('an istiod that was replaced meanwhile is asked in its successor', async () => {
    const successor = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name: 'istiod-2', namespace: 'istio-system', labels: {app: 'istiod'}},
      status: {phase: 'Running'},
    }
    const {propagation, replicas} = await look(
      script({
        [held]: turns(ok(configz(1)), refusal(404, 'pods "istiod-1" not found')),
        'GET /api/v1/namespaces/istio-system/pods?labelSelector=app%3Distiod': [successor],
        'FORWARD istio-system/istiod-2:15014/debug/configz': ok(configz(2)),
        'FORWARD istio-system/istiod-2:15014/debug/syncz': ok(sync('m1')),
      }),
      after,
    )
    expect(propagation).toMatchObject({complete: true})
    expect(replicas.map(({pod: name}) => name)).toEqual(['istiod-2'])
  })

  test.each<[string, Record<string, Scripted>, object]>([
    ['deleted meanwhile', {[listenersPath]: turns(ok(plainDump), refusal(404, 'gone'))}, {}],
    ['not up yet, and not connected', {[syncz]: ok('[]')}, {ready: false}],
  ])('a pod that is %s is not waited for', async (_title, more, state) => {
    const {propagation} = await look(script(more), after, {pods: read([{...pod, ...state}, istiodPod])})
    expect(propagation).toMatchObject({complete: true})
    expect(propagation?.ms).toBeLessThan(1000)
  })

  test('without the role deliver nothing is waited for here: the probes settle as before', async () => {
    expect(
      (
        await look(
          script({}, (namespace) => namespace === 'shop'),
          after,
        )
      ).propagation,
    ).toBeNull()
  })
})
