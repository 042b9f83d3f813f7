import {readBaseline} from '../src/baseline.ts'
import {readBundle} from '../src/bundle.ts'
import {proxiesSynced} from '../src/checks/m104-proxies-synced.ts'
import {runChecks} from '../src/checks/run.ts'
import {contextOf} from '../src/context.ts'
import {coversAll} from '../src/derive/delivered-port.ts'
import {deliveredMode} from '../src/derive/delivered-mode.ts'
import {judgedAfter, type PolicyWrite} from '../src/derive/planned-policies.ts'
import {endpoints} from '../src/derive/endpoints.ts'
import {inputsFrom} from '../src/inputs.ts'
import type {GitHub} from '../src/io/io.ts'
import {listPages} from '../src/io/kube-list.ts'
import {ListReader} from '../src/io/kube-stream.ts'
import {Texts} from '../src/io/texts.ts'
import type {Endpoint} from '../src/model/endpoint.ts'
import type {ServedCertificate, Sighting} from '../src/model/evidence.ts'
import {read} from '../src/model/part.ts'
import type {Waiver} from '../src/model/report.ts'
import {forwardingGrants} from '../src/observe/delivery-grants.ts'
import {savedSnapshotFrom} from '../src/observe/manifests-saved.ts'
import {waivedInManifest} from '../src/observe/manifests-waived.ts'
import {syncFrom} from '../src/observe/project-istiod-debug.ts'
import {listenersFrom} from '../src/observe/project-listeners.ts'
import {believable} from '../src/report/believable.ts'
import {deliveryNotes} from '../src/report/delivery-notes.ts'
import {mergeReports} from '../src/report/merge.ts'
import {waive} from '../src/report/waive.ts'
import {run} from '../src/run.ts'
import {asked, policy, probed, probes, sidecarPod, snapshot} from './derive/builders.ts'
import {type DeliveredSpec, deliveredFrom} from './helpers/delivered-spec.ts'
import {fakeIo, refusal} from './helpers/fake-io.ts'
import {listAnswer} from './io/wire-lists.ts'
import {greenReport, inputs, redReport, row} from './report/samples.ts'

/** Ways in which an open port, or nothing at all, once could have become `pass`: each found in review, none on a cluster. */

const strict = read([policy('istio-system', 'default', 'STRICT')])
const pod = sidecarPod()
const proxy = {namespace: 'shop', pod: pod.name}

describe('a listener that demands mutual TLS proves nothing where something else answers at the port', () => {
  const judged = (tls: Sighting, plain: Sighting, served?: ServedCertificate) => {
    const seen = probed(8080, tls, plain)
    const tlsSeen = seen.tls && (served === undefined ? seen.tls : {...seen.tls, served})
    const rows = endpoints(
      snapshot({
        asked: {...asked, probes: true},
        ...{policies: strict, pods: read([pod]), delivered: read(deliveredFrom({proxies: [proxy]}))},
        probes: probes([{...seen, tls: tlsSeen}], {by: 'pod'}),
      }),
    )
    return rows.find(({port}) => port === 8080)?.verdict
  }
  const own = {uris: ['spiffe://cluster.local/ns/shop/sa/cart'], notAfter: '2026-11-23T18:00:00Z', doubt: ''}
  test.each<[string, Sighting, Sighting, ServedCertificate | undefined, string]>([
    ['its own certificate', 'client-certificate', 'closed', own, 'proven'],
    ['nothing conclusive', 'inconclusive', 'inconclusive', undefined, 'proven'],
    ['a plain request met the application’s own TLS', 'client-certificate', 'foreign-tls', undefined, 'unproven'],
    ['another’s certificate was served', 'client-certificate', 'closed', {...own, doubt: 'it leads to no root of the mesh'}, 'unproven'],
  ])('%s', (_, tls, plain, served, verdict) => {
    expect(judged(tls, plain, served)).toBe(verdict)
  })
})

test('chains that are chosen by another way than their own match say nothing', () => {
  const mutual = {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        require_client_certificate: true,
        common_tls_context: {combined_validation_context: {validation_context_sds_secret_config: {name: 'ROOTCA'}}},
      },
    },
  }
  const modeWith = (more: object) => {
    const listener = {
      ...{name: 'virtualInbound', traffic_direction: 'INBOUND', address: {socket_address: {port_value: 15006}}},
      filter_chains: [{filter_chain_match: {destination_port: 8080}, ...mutual}],
      ...more,
    }
    const dump = JSON.stringify({configs: [{active_state: {listener, last_updated: '2026-11-22T18:00:00Z'}}]})
    return deliveredMode(listenersFrom(dump), {mode: 'REDIRECT'}, 8080).mode
  }
  expect(modeWith({})).toBe('STRICT')
  expect(modeWith({filter_chain_matcher: {matcher_tree: {}}})).toBe('UNKNOWN')
})

test.each([
  ['2026-11-22T18:00:00Z', '2026-11-22T18:30:00Z', true],
  ['2026-11-22T18:29:00Z', '2026-11-22T18:30:00Z', false],
  ['', '2026-11-22T18:30:00Z', true],
])('a moment that cannot be read excuses no plain text: active since `%s`', (updatedAt, takenAt, isCovered) => {
  expect(coversAll(updatedAt, 600_000, takenAt)).toBe(isCovered)
})

describe('what is no list is not a list of nothing', () => {
  const listed = (answer: unknown) =>
    listPages<string>(
      {send: async () => ({status: 200, headers: {}, body: JSON.stringify(answer)}), texts: new Texts()},
      '/api/v1/pods',
      ({metadata}) => metadata.name,
    )
  test.each<[string, unknown]>([
    ['a Status', {kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success'}],
    ['a list without items', {kind: 'PodList', apiVersion: 'v1', metadata: {}}],
    ['an empty object', {}],
    ['null', null],
    ['items that are none', {kind: 'PodList', apiVersion: 'v1', metadata: {}, items: {}}],
  ])('%s', async (_, answer) => {
    await expect(listed(answer)).rejects.toThrow('what is no list')
  })
  test('null items are none', async () => {
    expect(await listed({kind: 'PodList', apiVersion: 'v1', metadata: {}, items: null})).toEqual([])
  })
  test('nor in protobuf, where another message’s fields have the same numbers', () => {
    const reader = new ListReader('Pod', ({metadata}) => metadata.name, new Texts())
    expect(() => reader.take(listAnswer('Service', [{metadata: {name: 'a'}}]))).toThrow('no list of Pods')
  })
})

describe('a saved snapshot', () => {
  const saved = (takenAt: string) => savedSnapshotFrom(JSON.stringify(snapshot({takenAt})), 'snapshot.json', asked)
  test('of no moment would never see anything end', () => {
    expect(saved('2026-11-22T18:30:00Z')?.takenAt).toBe('2026-11-22T18:30:00Z')
    for (const takenAt of ['', 'soon', '2026-13-45T00:00:00Z']) expect(() => saved(takenAt)).toThrow('which is no moment')
  })
})

describe('a waiver that ends on no day has ended', () => {
  const entry = {
    ...{code: 'M304', namespace: 'shop', workload: 'cart', port: null, reason: 'r', owner: 'o', expires: 'never', file: 'w.yaml', line: 1},
  }
  test('in a run', () => {
    expect(waive([entry], [], [], [], Date.parse('2026-11-22T18:30:00Z')).waivers.map(({status}) => status)).toEqual(['expired'])
  })
  test('and in a merge', () => {
    const waiver: Waiver = {...entry, status: 'in-force', covers: ['shop/Deployment/cart:8080']}
    const merged = mergeReports(
      [{report: {...greenReport(), waivers: [waiver]}, file: 'a.json'}],
      {require: 'configured', failOn: 'error', minCoverage: 0, allowEmpty: false, mtlsMode: 'STRICT', gate: 'all'},
      {baseline: null, now: Date.parse('2026-11-22T19:00:00Z'), docsUrl: ''},
    )
    expect([merged.verdict.status, merged.waivers.map(({status}) => status)]).toEqual(['fail', ['expired']])
  })
})

test('a waiver that ended since an old snapshot was taken excuses nothing today', async () => {
  const entry = {...{code: 'M301', namespace: 'shop', workload: 'cart', port: null, reason: 'r', owner: 'o'}, file: 'w.yaml', line: 1}
  const statusOf = async (expires: string) => {
    const files = {'s.json': JSON.stringify(snapshot({takenAt: '2026-01-01T00:00:00Z', pods: read([pod])}))}
    const {inputs: given} = inputsFrom({HOME: '/root', INPUT_FROM: 's.json'})
    const {report} = await run(given, {ledger: [{...entry, expires}], pending: []}, contextOf({}, {}), fakeIo({files}))
    return report.waivers.map(({status}) => status)
  }
  expect(await statusOf('2027-06-30')).toEqual(['in-force'])
  expect(await statusOf('2026-06-30')).toEqual(['expired'])
})

describe('a row of a file is believed as far as it can be true', () => {
  const seen = [{kind: 'probe' as const, says: 'x', at: ''}]
  const strictRow = row('shop', 'cart', 8080, {mode: 'STRICT', verdict: 'proven', because: null, evidence: seen})
  test.each<[string, Partial<Endpoint>, Endpoint['verdict']]>([
    ['proven and seen', {}, 'proven'],
    ['proven by nothing that was seen', {evidence: [{kind: 'configured', says: 'x', at: ''}]}, 'unproven'],
    ['proven on a gateway’s port', {mode: 'GATEWAY'}, 'unproven'],
    ['proven and PERMISSIVE', {mode: 'PERMISSIVE'}, 'violated'],
    ['configured', {verdict: 'configured', evidence: []}, 'configured'],
    ['a gateway’s', {verdict: 'exempt', because: 'gateway', mode: 'GATEWAY'}, 'exempt'],
    ['a gateway’s that is none', {verdict: 'exempt', because: 'gateway', mode: 'NONE'}, 'unproven'],
    ['not TCP', {verdict: 'exempt', because: 'not-tcp', mode: 'NONE', protocol: 'UDP'}, 'exempt'],
    ['TCP that is not', {verdict: 'exempt', because: 'not-tcp', mode: 'NONE'}, 'unproven'],
    ['the proxy’s own', {verdict: 'exempt', because: 'mesh-port', mode: 'NONE', port: 15020}, 'exempt'],
    ['the proxy’s that is open', {verdict: 'exempt', because: 'mesh-port', mode: 'PERMISSIVE'}, 'unproven'],
    ['the proxy’s where there is none', {verdict: 'exempt', because: 'mesh-port', mode: 'NONE', dataPlane: 'none'}, 'unproven'],
  ])('%s', (_, more, verdict) => {
    expect(believable({...strictRow, ...more}, [], greenReport().terms).verdict).toBe(verdict)
  })
})

describe('a bundle is of one run', () => {
  const at = '2026-11-22T18:30:00Z'
  const own = snapshot({takenAt: at, asked: {...asked, scope: {namespaces: ['*'], exclude: []}}})
  const report = {...greenReport(), mode: 'validate', takenAt: at, scope: {namespaces: ['*'], exclude: []}}
  const readWith = (saved: object, reported: object) =>
    readBundle(
      inputs({from: ['b']}),
      fakeIo({files: {'b/snapshot.json': JSON.stringify(saved), 'b/report.json': JSON.stringify(reported)}}),
    )
  test('its report speaks of its snapshot', async () => {
    expect((await readWith(own, report))?.snapshot.takenAt).toBe(at)
  })
  test.each<[string, object, string]>([
    ['another moment', {takenAt: '2026-11-22T17:30:00Z'}, 'the snapshot of 2026-11-22T17:30:00Z'],
    ['a narrower scope', {asked: {...asked, scope: {namespaces: ['quiet'], exclude: []}}}, 'their scopes differ'],
    ['a migration', {asked: {...asked, mtlsMode: 'PERMISSIVE'}}, '`mtls-mode` differs'],
  ])('%s', async (_, more, says) => {
    await expect(readWith({...own, ...more}, report)).rejects.toThrow(says)
  })
})

describe('M104 without the role `inspect`', () => {
  const notGranted = 'the role `inspect` (rbac/inspect.yaml) is not granted in namespace `shop`: no'
  const found = (more: Partial<DeliveredSpec['proxies'][number]>, podMore: object = {}) => {
    const delivered = deliveredFrom({
      replicas: [{pod: 'istiod-1', policies: [{namespace: 'istio-system', name: 'default', generation: 1}]}],
      proxies: [{...proxy, asked: false, unread: notGranted, ...more}],
    })
    const world = snapshot({policies: strict, pods: read([{...pod, ...podMore}]), delivered: read(delivered)})
    return runChecks([proxiesSynced], world, {ignore: []})[0]
  }
  test.each<[string, Partial<DeliveredSpec['proxies'][number]>, object, string]>([
    ['connected and current', {}, {}, 'pass'],
    ['connected to no istiod', {sync: null}, {}, 'fail'],
    ['connected to no istiod, and leaving', {sync: null}, {terminating: true}, 'pass'],
    ['connected to no istiod, and gone', {sync: null, unread: `pod \`${pod.name}\` is gone`}, {}, 'pass'],
    ['never sent a listener', {sync: {listeners: {sent: '', acked: ''}}}, {}, 'fail'],
    ['not sent a listener yet', {sync: {listeners: {sent: '', acked: ''}}}, {ready: false, createdAt: '2026-11-22T18:29:50Z'}, 'pass'],
  ])('%s', (_, more, podMore, status) => {
    expect(found(more, podMore)?.status).toBe(status)
  })
  test('an older istiod’s nonces are read, too', () => {
    const body = JSON.stringify([{proxy: 'cart-1.shop', istio_version: '1.20.0', listener_sent: 'b', listener_acked: 'a'}])
    expect(syncFrom(body, 'istiod-1').get('cart-1.shop')?.listeners).toEqual({sent: 'b', acked: 'a', sentAt: ''})
  })
  test('half granted is said', () => {
    const delivered = deliveredFrom({proxies: [proxy, {...proxy, pod: 'till-1', asked: false, unread: notGranted}]})
    expect(deliveryNotes({delivered: read(delivered), asked})).toEqual([`The proxies of 1 of 2 pods were not read: ${notGranted}.`])
  })
})

test('an API server that fails to say what is granted has refused nothing', async () => {
  const grants = (status: number) => {
    const {kube, cancelled} = fakeIo({
      kube: {'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': refusal(status, 'etcd is away')},
    })
    return forwardingGrants(['shop'], 1, kube, {cancelled})
  }
  expect((await grants(403))('shop')).toContain('etcd is away')
  await expect(grants(500)).rejects.toThrow('etcd is away')
})

test('a plan counts the user’s own policies with a selector, too: what they open, and what they turn', () => {
  const world = snapshot({policies: strict, pods: read([pod])})
  const modeAfter = (write: PolicyWrite) => endpoints(judgedAfter(world, [write])).find(({port}) => port === 8080)?.mode
  expect(modeAfter({namespace: 'shop', name: 'cart', mode: 'STRICT', selector: {app: 'cart'}, ports: {8080: 'DISABLE'}})).toBe('DISABLE')
  expect(modeAfter({namespace: 'shop', name: 'other', mode: 'DISABLE', selector: {app: 'other'}})).toBe('STRICT')
  expect(modeAfter({namespace: 'shop', name: 'whole', mode: 'DISABLE'})).toBe('DISABLE')
})

test('a pull request that widens a waived policy brings another waiver', () => {
  const manifest = (spec: string) => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: shop, annotations: {a/waive: M304 until spring}}
spec: ${spec}
`
  const said = (spec: string) => [...waivedInManifest(manifest(spec), 'a.yaml', 'a/waive')].join()
  const base = said('{selector: {matchLabels: {app: orders, tier: web}}, portLevelMtls: {8080: {mode: PERMISSIVE}}}')
  expect(said('{portLevelMtls: {8080: {mode: PERMISSIVE}}, selector: {matchLabels: {tier: web, app: orders}}}')).toBe(base)
  for (const spec of [
    '{selector: {matchLabels: {tier: web}}, portLevelMtls: {8080: {mode: PERMISSIVE}}}',
    '{selector: {matchLabels: {app: orders, tier: web}}, portLevelMtls: {8080: {mode: DISABLE}}}',
    '{selector: {matchLabels: {app: orders, tier: web}}, portLevelMtls: {8080: {mode: PERMISSIVE}, 9090: {mode: PERMISSIVE}}}',
    '{selector: {matchLabels: {app: orders, tier: web}}, mtls: {mode: DISABLE}, portLevelMtls: {8080: {mode: PERMISSIVE}}}',
  ])
    expect(said(spec)).not.toBe(base)
})

test.each(['../workspace/base/report.json', 'other/../base/report.json', '/elsewhere/../workspace/base/report.json'])(
  'a baseline of the repository is the base’s by any name: %s',
  async (path) => {
    const text = JSON.stringify(greenReport())
    const at = path.startsWith('/') ? path : `/workspace/${path}`
    const github = {
      file: async (_repo: string, inside: string, ref: string) =>
        inside === 'base/report.json' ? (ref === 'base' ? JSON.stringify(redReport()) : text) : null,
    } as unknown as GitHub
    const {inputs: given} = inputsFrom({HOME: '/root', INPUT_BASELINE: path, INPUT_GATE: 'new', 'INPUT_GITHUB-TOKEN': 'ghs_x'})
    const context = contextOf(
      {GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_EVENT_NAME: 'pull_request', GITHUB_SHA: 'head'},
      {pull_request: {number: 17, base: {sha: 'base'}}},
    )
    const found = await readBaseline(given, context, fakeIo({files: {[at]: text}, github}))
    expect(found?.verdict.status).toBe('fail')
  },
)
