import {endpoints} from '../../src/derive/endpoints.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {Pod, Service} from '../../src/model/workload.ts'
import {
  ambientPod,
  asked,
  container,
  controls,
  initArgs,
  istioObject,
  mesh,
  plainPod,
  policy,
  probed,
  probes,
  service,
  sidecarPod,
  snapshot,
} from './builders.ts'

const strict = read([policy('istio-system', 'default', 'STRICT')])
const live = {...asked, probes: true}
/** Port 8080 has a Service, so the sample port 15001 needs its own answer. */
const proven = [probed(8080, 'client-certificate', 'closed'), probed(15001, 'client-certificate', 'closed')]

function rows(more: Partial<Snapshot>): string[] {
  return endpoints(snapshot(more)).map(({workload, port, mode, verdict}) => `${workload.name}:${port} ${mode} ${verdict}`)
}

function reasonOf(more: Partial<Snapshot>, port: number | null = 8080): string {
  return endpoints(snapshot(more)).find((row) => row.port === port)?.reason ?? ''
}

test('a meshed workload under STRICT, not probed, is configured on every port', () => {
  expect(rows({pods: read([sidecarPod()]), policies: strict})).toEqual([
    'cart:8080 STRICT configured',
    'cart:15090 NONE exempt',
    'cart:null STRICT configured',
  ])
})

test('the row names who decided and says so', () => {
  const [row] = endpoints(snapshot({pods: read([sidecarPod()]), policies: strict}))
  expect(row?.decidedBy).toEqual({kind: 'PeerAuthentication', namespace: 'istio-system', name: 'default'})
  expect(row?.reason).toContain('PeerAuthentication istio-system/default')
})

test('rule 14: Services contribute container ports, named ones resolved per pod', () => {
  const services = read([
    service('cart', [
      [80, 'http'],
      [81, 9090],
      [82, 'absent'],
    ]),
  ])
  expect(rows({pods: read([sidecarPod()]), policies: strict, services})).toEqual([
    'cart:8080 STRICT configured',
    'cart:9090 STRICT configured',
    'cart:15090 NONE exempt',
    'cart:null STRICT configured',
  ])
})

test('port-level entries and Sidecar ingress ports have rows of their own', () => {
  const policies = read([policy('shop', 'cart', 'STRICT', {selector: {app: 'cart'}, ports: {9999: 'PERMISSIVE'}})])
  const sidecars = read([istioObject('Sidecar', 'shop', 'default', {ingress: [{port: {number: 7070}, defaultEndpoint: '127.0.0.1:7070'}]})])
  expect(rows({pods: read([sidecarPod()]), policies, sidecars})).toEqual([
    'cart:7070 STRICT configured',
    'cart:8080 STRICT configured',
    'cart:9999 PERMISSIVE violated',
    'cart:15090 NONE exempt',
    'cart:null STRICT configured',
  ])
})

test('rule 22: a pod without a proxy is violated, however strict the mesh', () => {
  expect(rows({pods: read([plainPod()]), policies: strict})).toEqual(['cart:8080 NONE violated', 'cart:null NONE violated'])
})

test.each([
  ['excluded', ['-b', '*', '-d', '15090,15021,15020,8080'], ['cart:8080 NONE violated', 'cart:null STRICT configured']],
  [
    'excluded though undeclared',
    ['-b', '*', '-d', '15090,7000'],
    ['cart:7000 NONE violated', 'cart:8080 STRICT configured', 'cart:null STRICT configured'],
  ],
  ['not included', ['-b', '9090', '-d', ''], ['cart:8080 NONE violated', 'cart:null NONE violated']],
  ['included alone', ['-b', '8080'], ['cart:8080 STRICT configured', 'cart:null NONE violated']],
])('rule 34: a port %s', (_what, args, expected) => {
  const pods = read([sidecarPod({}, ['istio-iptables', '-m', 'REDIRECT', ...args])])
  expect(rows({pods, policies: strict}).filter((row) => !row.includes('15090'))).toEqual(expected)
})

test('pods of one workload that differ get rows of their own, pods that agree share one', () => {
  const pods = read([sidecarPod(), sidecarPod({name: 'cart-2'}), plainPod({name: 'cart-3'})])
  const found = endpoints(snapshot({pods, policies: strict})).filter(({port}) => port === 8080)
  expect(found.map(({pods, verdict}) => [pods, verdict])).toEqual([
    [['cart-1', 'cart-2'], 'configured'],
    [['cart-3'], 'violated'],
  ])
})

test.each([
  ['finished', {phase: 'Succeeded'}, 0],
  ['failed', {phase: 'Failed'}, 0],
  ['of an excluded namespace', {namespace: 'kube-system'}, 0],
  ['of the root namespace', {namespace: 'istio-system'}, 0],
  ['running', {}, 2],
])('a pod %s has the rows it should', (_what, more, count) => {
  const scope = {namespaces: ['*'], exclude: ['kube-*']}
  expect(endpoints(snapshot({pods: read([plainPod(more)]), asked: {...asked, scope}}))).toHaveLength(count)
})

test.each([
  ['its control plane', 'mesh-a', ['*'], 0],
  ['its control plane, named literally', 'mesh-a', ['mesh-a'], 2],
  ["another revision's control plane", 'mesh-b', ['*'], 0],
  ['the common root', 'roots', ['*'], 0],
  ['the default control plane of other meshes', 'istio-system', ['*'], 2],
])('where the root lies elsewhere, a pod in the namespace of %s has the rows it should', (_what, namespace, namespaces, count) => {
  const meshes = [mesh({namespace: 'mesh-a', rootNamespace: 'roots'}), mesh({revision: 'b', namespace: 'mesh-b', rootNamespace: 'roots'})]
  const pods = read([plainPod({namespace})])
  const scope = {namespaces, exclude: []}
  expect(endpoints(snapshot({pods, mesh: read(meshes), asked: {...asked, scope}}))).toHaveLength(count)
})

test('a mesh that was not read leaves out the default control plane alone', () => {
  const pods = read([plainPod({namespace: 'istio-system'}), plainPod({namespace: 'shop'})])
  expect(endpoints(snapshot({pods, mesh: unread('403')})).map(({namespace}) => namespace)).toEqual(['shop', 'shop'])
})

test('exempt: UDP, gateways, and permissive ports while migrating', () => {
  const udp = sidecarPod({containers: [container('dns', {ports: [{name: 'dns', port: 53, protocol: 'UDP'}]})]})
  expect(endpoints(snapshot({pods: read([udp]), policies: strict}))[0]).toMatchObject({port: 53, verdict: 'exempt', because: 'not-tcp'})

  const gateway = plainPod({
    containers: [container('istio-proxy', {args: ['proxy', 'router'], ports: [{name: '', port: 8443, protocol: 'TCP'}]})],
  })
  expect(endpoints(snapshot({pods: read([gateway])}))[0]).toMatchObject({
    port: 8443,
    mode: 'GATEWAY',
    verdict: 'exempt',
    because: 'gateway',
  })

  const migrating = endpoints(
    snapshot({
      pods: read([sidecarPod(), plainPod({name: 'x', workload: {kind: 'Job', name: 'x'}})]),
      asked: {...asked, mtlsMode: 'PERMISSIVE'},
    }),
  )
  expect(migrating.map(({port, because, verdict}) => [port, because, verdict])).toEqual([
    [8080, 'migration', 'exempt'],
    [15090, 'mesh-port', 'exempt'],
    [null, 'migration', 'exempt'],
    [8080, null, 'violated'],
    [null, null, 'violated'],
  ])
})

describe('rules 33 and 35: the status port is the one that the pod was made with', () => {
  const declares = (...numbers: number[]) => [
    container('cart', {ports: numbers.map((port) => ({name: '', port, protocol: 'TCP' as const}))}),
  ]
  const moved = (excluded: string, ...numbers: number[]) =>
    sidecarPod({annotations: {'status.sidecar.istio.io/port': '15555'}, containers: declares(...numbers)}, [
      ...initArgs.slice(0, -1),
      excluded,
    ])
  const first = (pod: Pod, services: Service[] = []) => rows({pods: read([pod]), policies: strict, services: read(services)}).slice(0, -1)

  test('moved from the start it is exempt, and 15020 then is not', () => {
    expect(first(moved('15090,15021,15555', 15020))).toEqual(['cart:15020 STRICT configured', 'cart:15090 NONE exempt'])
  })

  test('annotated later it exempts nothing', () => {
    expect(first(moved('15090,15021,15020', 15555))).toEqual(['cart:15090 NONE exempt', 'cart:15555 STRICT configured'])
  })

  test('an application or a Service that names it makes it an ordinary port, and no other port exempt', () => {
    expect(first(moved('15090,15021,15555', 15020, 15555))).toEqual([
      'cart:15020 STRICT configured',
      'cart:15090 NONE exempt',
      'cart:15555 NONE violated',
    ])
    expect(first(moved('15090,15021,15555'), [service('cart', [[80, 15555]])])).toEqual([
      'cart:15090 NONE exempt',
      'cart:15555 NONE violated',
    ])
  })
})

describe('live proof', () => {
  const services = read([service('cart', [[80, 8080]])])
  const base = {pods: read([sidecarPod()]), policies: strict, services, asked: live}

  test('both probes of every port on every pod prove', () => {
    expect(rows({...base, probes: probes(proven)})).toEqual([
      'cart:8080 STRICT proven',
      'cart:15090 NONE exempt',
      'cart:null STRICT proven',
    ])
  })

  test.each<[string, Snapshot['probes'], string]>([
    ['no probe was read', unread('403'), 'unproven'],
    ['the port was not probed', probes([]), 'unproven'],
    ['only the TLS probe was sent', probes([probed(8080, 'client-certificate', null)]), 'unproven'],
    ['only closed connections were seen', probes([probed(8080, 'closed', 'closed')]), 'unproven'],
    ['the plain request timed out', probes([probed(8080, 'client-certificate', 'inconclusive')]), 'unproven'],
    ['a TLS client was let in', probes([probed(8080, 'tls', 'closed')]), 'unproven'],
    ["the application's own TLS answered", probes([probed(8080, 'client-certificate', 'foreign-tls')]), 'unproven'],
    ['plain text was answered', probes([probed(8080, 'closed', 'plain-text')]), 'violated'],
    ['plain text was answered to a TLS greeting', probes([probed(8080, 'plain-text', null)]), 'violated'],
    ['plain text was answered once, though the rest proves', probes([...proven, probed(8080, null, 'plain-text')]), 'violated'],
    ['a control failed', probes(proven, {controls: [{name: 'open', expects: 'answer', passed: false, detail: 'refused'}]}), 'unproven'],
    [
      'one side of the control is missing',
      probes(proven, {controls: [{name: 'open', expects: 'answer', passed: true, detail: ''}]}),
      'unproven',
    ],
    [
      'one of both controls failed',
      probes(proven, {controls: controls.map((each) => ({...each, passed: each.expects === 'silence'}))}),
      'unproven',
    ],
    ['there was no control at all', probes(proven, {controls: []}), 'unproven'],
    [
      'a failed control does not excuse an answer',
      probes([probed(8080, null, 'plain-text')], {controls: [{name: 'open', expects: 'answer', passed: false, detail: ''}]}),
      'violated',
    ],
    ['another pod was probed', probes([probed(8080, 'client-certificate', 'closed', {pod: 'cart-2'})]), 'unproven'],
    ['another address was probed', probes([probed(8080, 'client-certificate', 'closed', {address: '10.0.0.2'})]), 'unproven'],
  ])('when %s', (_what, seen, verdict) => {
    expect(endpoints(snapshot({...base, probes: seen})).find(({port}) => port === 8080)?.verdict).toBe(verdict)
  })

  test('one unprobed pod, or one unseen address, leaves the row unproven', () => {
    const two = [sidecarPod(), sidecarPod({name: 'cart-2', ips: ['10.0.0.2']})]
    expect(reasonOf({...base, pods: read(two), probes: probes(proven)})).toContain('cart-2')
    const dual = sidecarPod({ips: ['10.0.0.1', 'fd00::1']}, [...initArgs, '--dual-stack'])
    expect(reasonOf({...base, pods: read([dual]), probes: probes(proven)})).toContain('fd00::1')
  })

  test('a proof never lifts what configuration already opens', () => {
    expect(rows({...base, policies: read([]), probes: probes(proven)})[0]).toBe('cart:8080 PERMISSIVE violated')
    expect(rows({...base, pods: read([plainPod()]), probes: probes(proven)})[0]).toBe('cart:8080 NONE violated')
  })

  test('what leaves needs no proof; what only waits beside others neither', () => {
    const leaving = sidecarPod({name: 'cart-0', terminating: true})
    const waiting = sidecarPod({name: 'cart-2', phase: 'Pending', ips: []})
    const seen = {...base, pods: read([sidecarPod(), leaving, waiting]), probes: probes(proven)}
    expect(rows(seen)[0]).toBe('cart:8080 STRICT proven')
    expect(rows({...base, pods: read([leaving]), probes: probes([])})).toEqual([])
    expect(reasonOf({...base, pods: read([waiting]), probes: probes([])})).toContain('no address yet')
    expect(rows({...base, pods: read([plainPod({terminating: true})])})).toEqual(['cart:8080 NONE violated', 'cart:null NONE violated'])
  })

  test('ambient is never proven by a probe, nor violated by the answer its own node may get', () => {
    const pods = read([ambientPod()])
    expect(rows({...base, pods, probes: probes([probed(8080, 'tls', 'plain-text')])})).toEqual([
      'cart:8080 STRICT unproven',
      'cart:null STRICT unproven',
    ])
  })

  test('undeclared ports: silence there counts only where the same listener proved itself', () => {
    const silent = probed(15001, 'closed', 'closed')
    const withPorts = (ports: Parameters<typeof probes>[0]) =>
      endpoints(snapshot({...base, probes: probes(ports)})).find(({port}) => port === null)?.verdict
    expect(withPorts([probed(8080, 'client-certificate', 'closed'), silent])).toBe('proven')
    expect(withPorts([silent])).toBe('unproven')
    expect(withPorts([probed(8080, 'client-certificate', 'closed')])).toBe('unproven')
    expect(withPorts([probed(8080, 'client-certificate', 'closed'), probed(15001, 'inconclusive', 'inconclusive')])).toBe('unproven')
    expect(withPorts([probed(8080, 'client-certificate', 'closed'), probed(15001, 'closed', 'plain-text')])).toBe('violated')
  })

  test('undeclared ports: a declared port without a Service is served by their very chain and proves them', () => {
    const seen = {...base, services: read([]), probes: probes([probed(8080, 'client-certificate', 'closed')])}
    expect(rows(seen)).toEqual(['cart:8080 STRICT proven', 'cart:15090 NONE exempt', 'cart:null STRICT proven'])
  })

  test('undeclared ports: a port with a mode of its own vouches for none', () => {
    const policies = read([policy('shop', 'cart', 'STRICT', {selector: {app: 'cart'}, ports: {8080: 'STRICT'}})])
    const seen = {...base, policies, probes: probes([probed(8080, 'client-certificate', 'closed'), probed(15001, 'closed', 'closed')])}
    expect(rows(seen)).toEqual(['cart:8080 STRICT proven', 'cart:15090 NONE exempt', 'cart:null STRICT unproven'])
  })
})

describe('what was not read', () => {
  test.each<[string, Partial<Snapshot>, string]>([
    ['policies', {policies: unread('forbidden')}, 'cart:8080 PERMISSIVE unproven'],
    ['the mesh', {mesh: unread('forbidden')}, 'cart:8080 PERMISSIVE unproven'],
    ['EnvoyFilters', {envoyFilters: unread('forbidden')}, 'cart:8080 STRICT unproven'],
    ['Services, which alter no declared port', {services: unread('forbidden')}, 'cart:8080 STRICT configured'],
    ['namespaces, which nothing asks for', {namespaces: unread('forbidden')}, 'cart:8080 STRICT configured'],
  ])('%s', (_what, more, expected) => {
    expect(rows({pods: read([sidecarPod()]), policies: strict, ...more})[0]).toBe(expected)
  })

  test('Services: ports that only they declare would be missing, so undeclared ones stay unproven', () => {
    expect(rows({pods: read([sidecarPod()]), policies: strict, services: unread('forbidden')}).at(-1)).toBe('cart:null STRICT unproven')
  })

  test('namespaces, when discoverySelectors need them', () => {
    const selecting = read([mesh({discoverySelectors: [{matchLabels: {a: 'b'}}]})])
    expect(rows({pods: read([sidecarPod()]), policies: strict, mesh: selecting, namespaces: unread('forbidden')})[0]).toBe(
      'cart:8080 PERMISSIVE unproven',
    )
  })
})

test('rule 61: an EnvoyFilter on inbound listeners leaves the configured mode unproven, a live proof of the port settles it', () => {
  const filter = istioObject('EnvoyFilter', 'shop', 'open', {
    configPatches: [{applyTo: 'FILTER_CHAIN', match: {context: 'SIDECAR_INBOUND'}}],
  })
  const base = {pods: read([sidecarPod()]), policies: strict, services: read([service('cart', [[80, 8080]])]), envoyFilters: read([filter])}
  expect(rows(base)[0]).toBe('cart:8080 STRICT unproven')
  expect(rows({...base, asked: live, probes: probes(proven)})).toEqual([
    'cart:8080 STRICT proven',
    'cart:15090 NONE exempt',
    'cart:null STRICT unproven',
  ])
})
