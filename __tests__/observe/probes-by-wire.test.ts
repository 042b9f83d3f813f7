import {beforeAll, describe, expect, test} from '@jest/globals'
import {endpoints} from '../../src/derive/endpoints.ts'
import {checks} from '../../src/checks/index.ts'
import {runChecks} from '../../src/checks/run.ts'
import {undeclaredPortToProbe} from '../../src/derive/undeclared-port.ts'
import type {Dialed, Greeting, Heard, KubeObject} from '../../src/io/io.ts'
import type {PortVerdict} from '../../src/model/endpoint.ts'
import type {Probes} from '../../src/model/evidence.ts'
import {type Part, read} from '../../src/model/part.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import {probe} from '../../src/observe/probes.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {type FakeIo, fakeIo} from '../helpers/fake-io.ts'
import {authority, type Issued, workload} from '../helpers/mesh-pki.ts'
import {asked as anything} from '../helpers/fixture.ts'

// Whole runs of `probes: direct` and `probes: pod` over a scripted network: what a wire shows, a broken prober included, and what rows it leaves.

let root: Issued
let leaf: Issued
let foreign: Issued
const cartId = 'spiffe://cluster.local/ns/shop/sa/default'
const undeclared = undeclaredPortToProbe([8080])

beforeAll(() => {
  root = authority('cluster.local')
  leaf = workload([cartId], root)
  foreign = workload([cartId], authority('cluster.local'))
}, 30_000)

const strictTls = (): Greeting => ({
  ...silent,
  bytes: '\x16\x03\x03',
  protocol: 'TLSv1.3',
  alert: 116,
  chain: [leaf.cert, root.cert],
  end: 'enough',
})
const foreignTls = (): Greeting => ({...strictTls(), chain: [foreign.cert]})
const silent: Greeting = {bytes: '', protocol: '', accepted: false, alert: null, chain: [], end: 'reset'}
const reset: Heard = {bytes: '', end: 'reset'}
const ok: Heard = {bytes: 'HTTP/1.1 200 OK\r\n', end: 'enough'}
const refused: Dialed = {unreached: 'connection refused'}

describe('a mesh that keeps its promise', () => {
  test.each(['direct', 'pod'] as const)('%s: all is proven, with the identity that was served', async (mode) => {
    const {probes, verdicts, rows, failed} = await run({mode})
    expect(probes.controls.map(({name, passed}) => [name, passed])).toEqual([
      ['open port of istiod (15014)', true],
      ['closed port of istiod (15998)', true],
      ['open port of istiod (15014), after the last probe', true],
    ])
    expect(verdicts).toEqual({8080: 'proven', null: 'proven'})
    expect(rows[0]?.evidence.map(({says}) => says)).toContainEqual(
      `pod \`cart-1\`: a TLS client without a certificate was asked for its certificate by \`${cartId}\`; a plain request was closed without an answer`,
    )
    expect(failed).toEqual([])
  })

  test('what is sent: what any client offers in TLS, and then one request', async () => {
    const {sent} = await run({mode: 'direct'})
    expect(sent.filter((each) => each.startsWith('10.0.0.9:8080'))).toEqual([
      '10.0.0.9:8080 tls h2,http/1.1',
      '10.0.0.9:8080 plain GET /.well-known/istio-mtls-probe HTTP/1.1\r\nHost: 10.0.0.9:8080\r\nUser-Agent: istio-mtls-action\r\nConnection: close\r\n\r\n',
    ])
  })

  test.each(['direct', 'pod'] as const)("%s: a dual-stack pod's second address is asked and proven, too", async (mode) => {
    const both = await run({mode, ips: ['10.0.0.9', 'fd00::9']})
    expect(both.probes.ports.map(({address, port}) => `${address} ${port}`)).toEqual([
      '10.0.0.9 8080',
      'fd00::9 8080',
      `10.0.0.9 ${undeclared}`,
      `fd00::9 ${undeclared}`,
    ])
    expect(both.verdicts).toEqual({8080: 'proven', null: 'proven'})
    expect(both.sent).toContainEqual(expect.stringContaining('Host: [fd00::9]:8080'))
  })

  test('and is violated alone, where capture leaves it open', async () => {
    const {verdicts} = await run({
      mode: 'pod',
      ips: ['10.0.0.9', 'fd00::9'],
      world: {'fd00::9:8080': {plain: ok, tls: {...silent, bytes: 'HTTP/1.1 400 x', end: 'enough'}}},
    })
    expect(verdicts).toEqual({8080: 'violated', null: 'proven'})
  })
})

describe('what looks like mutual TLS and is not', () => {
  test.each<[string, World, Record<string, PortVerdict>]>([
    [
      'an application with mutual TLS of its own behind PERMISSIVE',
      {'10.0.0.9:8080': {tls: () => foreignTls(), plain: reset}},
      {8080: 'unproven', null: 'proven'},
    ],
    ['plain text beside a demand for certificates', {'10.0.0.9:8080': {plain: ok}}, {8080: 'violated', null: 'proven'}],
    ['a reset alone', {'10.0.0.9:8080': {tls: silent}}, {8080: 'unproven', null: 'proven'}],
    [
      'TLS that lets everybody in',
      {'10.0.0.9:8080': {tls: () => ({...strictTls(), alert: null, accepted: true})}},
      {8080: 'unproven', null: 'proven'},
    ],
    ['an alert alone, before any certificate', {'10.0.0.9:8080': {tls: {...silent, alert: 116}}}, {8080: 'unproven', null: 'proven'}],
    ['a slow application', {'10.0.0.9:8080': {plain: {bytes: '', end: 'late'}}}, {8080: 'unproven', null: 'proven'}],
    ['packets dropped on the way', {'10.0.0.9:8080': {dial: {unreached: 'connection timed out'}}}, {8080: 'unproven', null: 'proven'}],
  ])('%s', async (_title, world, expected) => {
    for (const mode of ['direct', 'pod'] as const) expect((await run({mode, world})).verdicts).toEqual(expected)
  })

  test('a redirect is an answer in plain text, and nobody goes there', async () => {
    const {verdicts, sent} = await run({
      mode: 'pod',
      world: {'10.0.0.9:8080': {plain: {bytes: 'HTTP/1.1 302 Found\r\nLocation: /api/v1/secrets\r\n', end: 'enough'}}},
    })
    expect(verdicts[8080]).toBe('violated')
    expect(sent.join()).not.toContain('secrets')
  })

  test('TLS without a demand on a STRICT port fires M803, plain text M802', async () => {
    const lax = await run({mode: 'pod', world: {'10.0.0.9:8080': {tls: () => ({...strictTls(), alert: null, accepted: true})}}})
    expect(lax.failed).toContain('M803')
    expect((await run({mode: 'pod', world: {'10.0.0.9:8080': {plain: ok}}})).failed).toContain('M802')
  })
})

describe('a network of the runner that uses the same addresses', () => {
  test('whoever answers there without the certificate of the pod neither proves nor accuses', async () => {
    const plain: Greeting = {...silent, bytes: 'HTTP/1.1 400 x', end: 'enough'}
    const others: World = {
      '10.0.0.9:8080': {plain: ok, tls: plain, mesh: plain},
      [`10.0.0.9:${undeclared}`]: {dial: refused},
    }
    const {probes, verdicts, failed} = await run({mode: 'direct', world: others})
    expect(verdicts).toEqual({8080: 'unproven', null: 'unproven'})
    expect(probes.ports[0]?.plain).toMatchObject({
      saw: 'inconclusive',
      detail: 'not believed, for no port at this address served the certificate of the pod',
    })
    expect(failed).not.toContain('M802')
  })

  test('nor another mesh with the same names', async () => {
    const all = {tls: () => foreignTls(), mesh: () => foreignTls()}
    const others: World = {'10.0.0.9:8080': all, [`10.0.0.9:${undeclared}`]: {...all, plain: ok}}
    const {verdicts, failed} = await run({mode: 'direct', world: others})
    expect(verdicts).toEqual({8080: 'unproven', null: 'unproven'})
    expect(failed).not.toContain('M802')
  })

  test('where policies are PERMISSIVE the sidecar shows its certificate to a greeting that offers `istio`', async () => {
    const {sent, probes} = await run({mode: 'direct', policy: 'PERMISSIVE'})
    expect(sent.filter((each) => each.startsWith('10.0.0.9:8080'))).toEqual(['10.0.0.9:8080 tls istio'])
    expect(probes.ports[0]?.tls?.served).toMatchObject({uris: [cartId], doubt: ''})
  })

  test('a STRICT port that was opened is believed when the sidecar shows whose it is', async () => {
    // An EnvoyFilter that made the whole pod PERMISSIVE: a client without `istio` reaches the application.
    const opened = {plain: ok, tls: {...silent, bytes: 'HTTP/1.1 400 x', end: 'enough' as const}, mesh: () => strictTls()}
    const {verdicts, failed} = await run({mode: 'direct', world: {'10.0.0.9:8080': opened, [`10.0.0.9:${undeclared}`]: opened}})
    expect(verdicts).toEqual({8080: 'violated', null: 'violated'})
    expect(failed).toContain('M802')
  })
})

describe('a broken prober proves nothing', () => {
  const istiod = '10.0.0.2'
  const everywhere = (answer: Partial<Answers>): World => new Proxy({}, {get: () => answer})
  test.each<[string, World, boolean[]]>([
    ['always refused', everywhere({dial: refused}), [false, true, false]],
    ['always closed', everywhere({tls: silent, plain: reset}), [false, true, false]],
    ['dropped packets', everywhere({dial: {unreached: 'connection timed out'}}), [false, true, false]],
    ['always an answer', everywhere({dial: null, plain: ok}), [true, false, true]],
    [
      'an error page for everything',
      everywhere({dial: null, plain: {bytes: 'HTTP/1.1 502 Bad Gateway\r\n', end: 'enough'}}),
      [false, false, false],
    ],
    ['what a proof would look like, everywhere', everywhere({dial: null, tls: () => strictTls(), plain: reset}), [false, true, false]],
    ['the wrong port', {[`${istiod}:15014`]: {dial: refused}}, [false, true, false]],
    ['its path breaks', everywhere({dial: new Error('the prober hung up')}), [false, false, false]],
    ['it breaks after the first controls', {[`${istiod}:15014`]: {plain: [ok, reset]}}, [true, true, false]],
  ])('%s', async (_title, world, passed) => {
    for (const mode of ['direct', 'pod'] as const) {
      const {probes, verdicts, failed} = await run({mode, world})
      expect(probes.controls.map((control) => control.passed)).toEqual(passed)
      expect(Object.values(verdicts)).not.toContain('proven')
      expect(failed).toContain('M801')
    }
  })

  test('a connection that our own path lost is no closed one', async () => {
    const {probes, verdicts} = await run({mode: 'pod', world: {'10.0.0.9:8080': {plain: reset, lost: true}}})
    expect(probes.ports[0]).toMatchObject({tls: {saw: 'unread'}, plain: {saw: 'unread', detail: 'the connection to the prober broke'}})
    expect(verdicts).toEqual({8080: 'unproven', null: 'proven'})
  })

  test('without the roots of the mesh, nobody is who it says', async () => {
    const {verdicts} = await run({mode: 'pod', roots: false})
    expect(verdicts).toEqual({8080: 'unproven', null: 'unproven'})
  })
})

describe('a pod that goes away while it is probed', () => {
  const world: World = {'10.0.0.9:8080': {plain: ok, tls: {...silent, bytes: 'HTTP/1.1 400 x', end: 'enough'}}}
  const pod = (status: object, metadata = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: 'cart-1', namespace: 'shop', ...metadata},
    status,
  })
  test.each<[string, unknown, PortVerdict]>([
    ['is there still: it is accused', pod({podIPs: [{ip: '10.0.0.9'}]}), 'violated'],
    ['is gone: its address may be another pod’s', undefined, 'unproven'],
    ['has another address', pod({podIPs: [{ip: '10.0.0.77'}]}), 'unproven'],
    ['is on its way out', pod({podIPs: [{ip: '10.0.0.9'}]}, {deletionTimestamp: '2026-11-22T18:00:01Z'}), 'unproven'],
    ['cannot be read: what was seen stands', new Error('no answer'), 'violated'],
  ])('%s', async (_title, now, verdict) => {
    expect((await run({mode: 'pod', world, podNow: now})).verdicts[8080]).toBe(verdict)
  })
})

describe('ambient', () => {
  const plainDenied = {tls: silent, plain: reset}
  const hbone = {tls: () => strictTls(), plain: reset}

  test('the API server asks nothing there, and the row says why', async () => {
    const {rows, sent} = await run({mode: 'direct', ambient: true})
    expect(rows[0]).toMatchObject({
      dataPlane: 'ambient',
      verdict: 'unproven',
      reason: expect.stringMatching(/runner may be a process of the pod's own node/),
    })
    expect(sent.filter((each) => each.startsWith('10.0.0.9'))).toEqual([])
  })

  test("a prober pod's silence proves HBONE alone", async () => {
    const {rows, probes} = await run({mode: 'pod', ambient: true, world: {'10.0.0.9:8080': plainDenied, '10.0.0.9:15008': hbone}})
    expect(probes.ports.map(({port, tls, plain}) => [port, tls?.saw, plain?.saw])).toEqual([
      [8080, 'closed', 'closed'],
      [15008, 'client-certificate', 'closed'],
    ])
    for (const row of rows)
      expect(row).toMatchObject({verdict: 'unproven', reason: expect.stringMatching(/only ztunnel's own configuration can prove/)})
  })

  test('a prober pod is let in nowhere by rule 46: plain text that answers it accuses', async () => {
    const {rows, failed} = await run({
      mode: 'pod',
      ambient: true,
      world: {'10.0.0.9:8080': {tls: silent, plain: ok}, '10.0.0.9:15008': hbone},
    })
    expect(rows.map(({port, verdict}) => [port, verdict])).toEqual([
      [8080, 'violated'],
      [null, 'unproven'],
    ])
    expect(failed).toContain('M802')
  })
})

interface Answers {
  dial: Dialed | Error | null
  tls: Greeting | (() => Greeting)
  /** To a greeting that offers `istio`. */
  mesh: Greeting | (() => Greeting)
  plain: Heard | Heard[]
  lost: boolean
}
/** By `ADDRESS:PORT`. */
type World = Record<string, Partial<Answers>>

interface Case {
  mode: 'direct' | 'pod'
  world?: World
  ips?: string[]
  policy?: string
  ambient?: boolean
  roots?: boolean
  podNow?: unknown
}

async function run({mode, world = {}, ips = ['10.0.0.9'], policy = 'STRICT', ambient = false, roots = true, ...more}: Case) {
  const sent: string[] = []
  const io = network(world, sent, {
    roots,
    podNow: 'podNow' in more ? more.podNow : {metadata: {}, status: {podIPs: ips.map((ip) => ({ip}))}},
  })
  const base = mesh({policy, ips, ambient})
  const prober = {namespace: 'probers', image: 'proxy:1', fallbackImage: '', imagePullSecrets: []}
  const options = {probes: {mode, exclude: [], concurrency: 4, prober}, settleUntil: null, deadline: 1_000_000}
  const part: Part<Probes> = await probe(base, options, io.kube, io)
  if (!part.read) throw new Error(part.reason)
  const snapshot = {...base, probes: part}
  const rows = endpoints(snapshot).filter(({verdict}) => verdict !== 'exempt')
  const results = runChecks(checks, snapshot, {ignore: [], docsBase: ''})
  return {
    probes: part.value,
    rows,
    verdicts: Object.fromEntries(rows.map(({port, verdict}) => [String(port), verdict])) as Record<string, PortVerdict>,
    failed: results.filter(({code, status}) => status === 'fail' && code.startsWith('M80')).map(({code}) => code),
    sent,
  }
}

/** A network in which istiod answers as it should and every other port is STRICT, but for what `world` says; a prober pod comes up at once. */
function network(world: World, sent: string[], {roots, podNow}: {roots: boolean; podNow: unknown}): FakeIo {
  const answersAt = (place: string): Answers => ({
    dial: place === '10.0.0.2:15998' ? refused : null,
    tls: strictTls,
    mesh: strictTls,
    plain: place.startsWith('10.0.0.2:') || place.endsWith(':15021') ? ok : reset,
    lost: false,
    ...world[place],
  })
  const asked = new Map<string, number>()
  const wire = {
    dial: async (address: string, port: number) => {
      const place = `${address}:${port}`
      const {dial, lost} = answersAt(place)
      if (dial instanceof Error) throw dial
      return dial ?? {stream: {place} as never, isLost: () => lost}
    },
    greet: async (stream: unknown, {alpn}: {alpn: string[]}) => {
      const {place} = stream as {place: string}
      sent.push(`${place} tls ${alpn.join()}`)
      const {tls, mesh} = answersAt(place)
      const answer = alpn.includes('istio') ? mesh : tls
      return typeof answer === 'function' ? answer() : answer
    },
    exchange: async (stream: unknown, request: string) => {
      const {place} = stream as {place: string}
      sent.push(`${place} plain ${request}`)
      const {plain} = answersAt(place)
      const at = asked.get(place) ?? 0
      asked.set(place, at + 1)
      return Array.isArray(plain) ? (plain[Math.min(at, plain.length - 1)] as Heard) : plain
    },
  }
  const configMap = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'istio-ca-root-cert'}, data: {'root-cert.pem': root.cert}}
  const isUp = {metadata: {}, status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]}}
  const io = fakeIo({
    // The certificates were issued just now.
    now: new Date().toISOString(),
    // The prober's own first connection, to a port of its loopback, shows that it dials.
    wire: {
      ...wire,
      tunnel: () => ({dial: async (address, port) => (address === '127.0.0.1' ? refused : wire.dial(address, port)), close: () => {}}),
    },
    kube: {
      'GET /api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert': roots ? configMap : new Error('forbidden'),
      'GET /api/v1/namespaces/shop/pods/cart-1': podNow,
      'GET /api/v1/namespaces/probers': {metadata: {name: 'probers'}},
      'GET /api/v1/namespaces/probers/pods?labelSelector=app.kubernetes.io%2Fmanaged-by%3Distio-mtls-action%2Capp.kubernetes.io%2Fcomponent%3Dprober':
        [],
    },
  })
  // Its name is drawn at random.
  const {get} = io.kube
  io.kube.get = async <T>(path: string) =>
    /^\/api\/v1\/namespaces\/probers\/pods\/istio-mtls-prober-\w+$/.test(path) ? (isUp as T) : get<T>(path)
  return io
}

const askedFor: Asked = {...anything, scope: {namespaces: ['*'], exclude: ['istio-system']}, require: 'proven', probes: true}

function mesh({policy, ips, ambient}: {policy: string; ips: string[]; ambient: boolean}): Snapshot {
  const pod = (namespace: string, name: string, owner: string, podIPs: string[], annotations: object, spec: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {'pod-template-hash': '1'},
      annotations: annotations as Record<string, string>,
      ownerReferences: [{apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${owner}-1`, uid: 'u', controller: true}],
    },
    status: {phase: 'Running', podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ip})), conditions: [{type: 'Ready', status: 'True'}]},
    spec,
  })
  const app = {name: 'app', ports: [{containerPort: 8080}]}
  const captured = {
    initContainers: [
      {name: 'istio-init', args: ['istio-iptables', '-m', 'REDIRECT', '-i', '*', '-b', '*', '-d', '15090,15021,15020', '--dual-stack']},
    ],
    containers: [app, {name: 'istio-proxy', args: ['proxy', 'sidecar']}],
  }
  const cart = ambient
    ? pod('shop', 'cart-1', 'cart', ips, {'ambient.istio.io/redirection': 'enabled'}, {containers: [app]})
    : pod('shop', 'cart-1', 'cart', ips, {'sidecar.istio.io/status': '{"revision":"default"}'}, captured)
  const objects: KubeObject[] = [
    {apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'istiod', namespace: 'istio-system', labels: {app: 'istiod'}}, spec: {}},
    pod('istio-system', 'istiod-1', 'istiod', ['10.0.0.2'], {}, {containers: [{name: 'discovery'}]}),
    cart,
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: {name: 'default', namespace: 'istio-system', creationTimestamp: '2026-11-22T18:00:00Z'},
      spec: {mtls: {mode: policy}},
    },
  ]
  return snapshotFrom(objects, askedFor, {
    takenAt: '2026-11-22T18:00:00Z',
    cluster: read({name: 'c', uid: 'u', kubernetes: 'v1', server: ''}),
  })
}
