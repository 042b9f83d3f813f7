import fc from 'fast-check'
import {clientTls, hostOf} from '../../src/derive/client-tls.ts'
import {destinationRuleFor, destinationRuleIndex} from '../../src/derive/destination-rules.ts'
import {forecastOf} from '../../src/derive/forecast.ts'
import {withPolicies} from '../../src/derive/planned-policies.ts'
import {policyIndex} from '../../src/derive/policy-index.ts'
import {rolloutDecision} from '../../src/derive/rollout-decision.ts'
import type {ProxyState} from '../../src/model/delivered.ts'
import {read, unread} from '../../src/model/part.ts'
import type {IstioObject} from '../../src/model/policy.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {PlainCall, Traffic} from '../../src/model/traffic.ts'
import type {HealthProbe, Pod} from '../../src/model/workload.ts'
import {ambientPod, asked, container, istioObject, mesh, plainPod, policy, service, sidecarPod, snapshot} from './builders.ts'

const strict = [{namespace: 'istio-system', name: 'default', mode: 'STRICT' as const}]
const cart = sidecarPod()
const web = sidecarPod({
  namespace: 'front',
  name: 'web-1',
  labels: {app: 'web'},
  workload: {kind: 'Deployment', name: 'web'},
  ips: ['10.0.0.2'],
})
const till = plainPod({
  namespace: 'legacy',
  name: 'till-1',
  labels: {},
  containers: [container('till')],
  workload: {kind: 'Deployment', name: 'till'},
  ips: ['10.0.0.9'],
})

function world(pods: Pod[], more: Partial<Snapshot> = {}): Snapshot {
  return snapshot({pods: read(pods), services: read([service('cart', [[80, 8080]])]), ...more})
}

function probe(more: Partial<HealthProbe> = {}): HealthProbe {
  return {kind: 'liveness', type: 'http', port: 8080, path: '/', scheme: 'HTTP', ...more}
}

function withProbe(more: Partial<HealthProbe> = {}): Pod {
  return sidecarPod({containers: [container('cart', {ports: [{name: 'http', port: 8080, protocol: 'TCP'}], probes: [probe(more)]})]})
}

const logged = {mesh: read([mesh({accessLogFile: '/dev/stdout'})])}
function traffic(calls: Partial<PlainCall>[], more: Partial<Traffic> = {}): Partial<Snapshot> {
  const call = {namespace: 'shop', pod: 'cart-1', port: 8080, address: '10.0.0.9', refused: false, protocol: 'http' as const, calls: 1}
  const times = {first: '2026-11-22T18:29:00.000Z', last: '2026-11-22T18:29:00.000Z'}
  return {
    ...logged,
    traffic: read({
      calls: calls.map((each) => ({...call, ...times, ...each})),
      read: ['shop/cart-1'],
      unread: [],
      windowSeconds: 3600,
      until: '2026-11-22T18:30:00.000Z',
      ...more,
    }),
  }
}

const rule = (spec: object): Partial<Snapshot> => ({
  destinationRules: read([istioObject('DestinationRule', 'shop', 'cart', {host: 'cart.shop.svc.cluster.local', ...spec})]),
})

const counted: ProxyState = {
  ...{namespace: 'shop', pod: 'cart-1', asked: true, sync: null},
  running: read({
    ...{listeners: [], stuck: [], certificate: null, roots: []},
    counters: {windowMs: 60_000, traffic: [{port: 8080, plain: 3, mutual: 1}], refused: null},
  }),
}

/** `outlook because caller`, of every row that is not safe. */
function troubles(snapshot: Snapshot): string[] {
  return forecastOf(snapshot, strict)
    .outlooks.filter(({outlook}) => outlook !== 'safe')
    .map(({outlook, because, caller, server}) => {
      const where = server === null ? '' : ` → ${server.workload.name}:${server.port}`
      return `${outlook} ${because} ${[caller.kind, caller.namespace, caller.name].filter(Boolean).join(' ')}${where}`
    })
}

test.each<[string, Snapshot, string[]]>([
  ['every caller has a proxy', world([cart, web]), []],
  ['a caller without a proxy that nobody sees', world([cart, till]), ['may-break no-proxy Deployment legacy till']],
  ['a caller on its node’s network', world([cart, {...till, hostNetwork: true}]), ['may-break host-network Deployment legacy till']],
  [
    'a caller without a proxy, seen at work',
    world([cart, till], traffic([{}])),
    ['breaks no-proxy Deployment legacy till → cart:8080', 'may-break no-proxy Deployment legacy till'],
  ],
  [
    'a caller with a proxy, seen in plain text',
    world([cart, web], traffic([{address: '10.0.0.2'}])),
    ['breaks seen-plain Deployment front web → cart:8080'],
  ],
  ['an unknown address over HTTP', world([cart], traffic([{address: '192.0.2.1'}])), ['breaks seen-plain address 192.0.2.1 → cart:8080']],
  [
    'an unknown address over TCP',
    world([cart], traffic([{address: '192.0.2.1', protocol: 'tcp'}])),
    ['may-break seen-plain address 192.0.2.1 → cart:8080'],
  ],
  [
    'an unknown address that kept a rhythm and stopped',
    world([cart], traffic([{address: '10.0.0.77', calls: 13, first: '2026-11-22T18:28:00.000Z'}])),
    ['unknown fell-silent address 10.0.0.77 → cart:8080'],
  ],
  [
    'an unknown address that still keeps its rhythm',
    world([cart], traffic([{address: '192.0.2.1', calls: 3, first: '2026-11-22T18:00:00.000Z'}])),
    ['breaks seen-plain address 192.0.2.1 → cart:8080'],
  ],
  [
    'an address that another pod had before',
    world([cart, {...till, createdAt: '2026-11-22T18:29:30Z'}], traffic([{}])),
    ['breaks seen-plain address 10.0.0.9 → cart:8080', 'may-break no-proxy Deployment legacy till'],
  ],
  [
    'plain text that the server counted',
    world([cart], {delivered: read({...{withheld: {deliver: '', inspect: ''}, replicas: [], propagation: null}, proxies: [counted]})}),
    ['may-break counted-plain somebody → cart:8080'],
  ],
  ['what was refused already', world([cart], traffic([{refused: true, address: '192.0.2.1'}])), []],
  ['a call to a port that does not turn', world([cart], traffic([{port: 15020, address: '192.0.2.1'}])), []],
  ['an HTTP probe of the application itself', world([withProbe()]), ['breaks kubelet-probe kubelet → cart:8080']],
  ['a named gRPC probe', world([withProbe({type: 'grpc', port: 'http'})]), ['breaks kubelet-probe kubelet → cart:8080']],
  ['a TCP probe, which only connects', world([withProbe({type: 'tcp'})]), []],
  ['a probe rewritten to the agent', world([withProbe({port: 15020, path: '/app-health/cart/livez'})]), []],
  [
    'a webhook behind the port',
    world([cart], {
      apiServerCalls: read([{kind: 'ValidatingWebhookConfiguration', name: 'cart', service: {namespace: 'shop', name: 'cart'}, port: 80}]),
    }),
    ['breaks api-server API server → cart:8080'],
  ],
  [
    'a webhook behind another port',
    world([cart], {apiServerCalls: read([{kind: 'APIService', name: 'cart', service: {namespace: 'shop', name: 'cart'}, port: 443}])}),
    [],
  ],
  [
    'a load balancer',
    world([cart], {services: read([service('cart', [[80, 8080]], {type: 'LoadBalancer'})])}),
    ['breaks load-balancer clients outside → cart:8080'],
  ],
  [
    'a load balancer that nobody uses',
    world([cart], {services: read([service('cart', [[80, 8080]], {type: 'LoadBalancer'})]), ...traffic([])}),
    ['may-break load-balancer clients outside → cart:8080'],
  ],
  [
    'a node port',
    world([cart], {services: read([service('cart', [[80, 8080]], {type: 'NodePort'})])}),
    ['may-break node-port clients outside → cart:8080'],
  ],
  [
    'a DestinationRule DISABLE',
    world([cart, web], rule({trafficPolicy: {tls: {mode: 'DISABLE'}}})),
    ['may-break destination-rule sidecars → cart:8080', 'may-break destination-rule sidecars shop → cart:8080'],
  ],
  [
    'a DestinationRule SIMPLE of one subset',
    world([cart, web], rule({subsets: [{name: 'v2', trafficPolicy: {tls: {mode: 'SIMPLE'}}}]})),
    ['may-break destination-rule sidecars → cart:8080', 'may-break destination-rule sidecars shop → cart:8080'],
  ],
  ['a DestinationRule ISTIO_MUTUAL', world([cart, web], rule({trafficPolicy: {tls: {mode: 'ISTIO_MUTUAL'}}})), []],
  [
    'a headless Service with one endpoint outside',
    world([cart, web, plainPod({name: 'cart-2', ips: ['10.0.0.3']})], {
      services: read([service('cart', [[80, 8080]], {clusterIP: 'None'})]),
    }),
    ['may-break headless sidecars → cart:8080', 'may-break no-proxy Deployment shop cart'],
  ],
  [
    'an endpoint whose label was taken off',
    world([{...cart, labels: {app: 'cart', 'security.istio.io/tlsMode': 'disabled'}}, web]),
    ['may-break not-labelled sidecars → cart:8080'],
  ],
  [
    'auto mutual TLS off',
    world([cart, web], {mesh: read([mesh({enableAutoMtls: false})])}),
    ['may-break auto-mtls-off sidecars → cart:8080'],
  ],
  [
    'an ambient caller of a sidecar',
    world([cart, ambientPod({namespace: 'front', name: 'web-1', workload: {kind: 'Deployment', name: 'web'}})]),
    ['may-break ambient-to-sidecar ambient workloads → cart:8080'],
  ],
  ['a CronJob with a proxy', world([cart, {...web, workload: {kind: 'CronJob', name: 'night'}}]), ['unknown job CronJob front night']],
  [
    'a caller whose traffic may leave beside the proxy',
    world([
      cart,
      {...web, initContainers: [container('istio-init', {args: ['-m', 'REDIRECT', '-i', '10.0.0.0/8', '-b', '*', '-d', '15020']})]},
    ]),
    ['unknown past-the-proxy Deployment front web'],
  ],
  [
    'a caller that imports only some hosts',
    world([cart, web], {sidecars: read([istioObject('Sidecar', 'front', 'default', {egress: [{hosts: ['./*']}]})])}),
    ['unknown sidecar-egress Deployment front web'],
  ],
  ['the cluster’s own machinery', world([cart, {...till, namespace: 'kube-system', workload: {kind: 'Deployment', name: 'coredns'}}]), []],
  [
    'a name that only pretends to be machinery',
    world([cart, {...till, workload: {kind: 'Deployment', name: 'coredns'}}]),
    ['may-break no-proxy Deployment legacy coredns'],
  ],
  ['STRICT already', world([cart, till], {policies: read([policy('istio-system', 'default', 'STRICT')])}), []],
  ['nobody in the mesh', world([till]), []],
])('%s', (_, given, expected) => {
  expect(troubles(given)).toEqual(expected)
})

test.each<[string, Snapshot, string]>([
  ['writes at once where no port turns', world([till]), 'write at once'],
  ['watches where all callers have a proxy', world([cart, web]), 'write and watch'],
  ['stops at a live caller', world([cart, till], traffic([{}])), 'live-caller'],
  ['asks where nobody can see a caller without a proxy', world([cart, till]), 'not-observable'],
  [
    'asks where one of the logs was not read',
    world([cart, till], traffic([], {unread: [{pod: 'shop/cart-1', reason: 'no answer'}]})),
    'not-observable',
  ],
  ['goes on where it is seen not to call', world([cart, till], traffic([])), 'write and watch'],
  ['stops where a part is unread', world([cart], {services: unread('403')}), 'blind'],
  ['stops where whom the API server calls is unread', world([cart], {apiServerCalls: unread('403')}), 'blind'],
])('a guarded rollout %s', (_, given, expected) => {
  const decision = rolloutDecision(forecastOf(given, strict), given, 300_000)
  expect(decision.do === 'stop' ? decision.because : decision.watchMs > 0 ? 'write and watch' : 'write at once').toBe(expected)
})

test('the watch outlasts the drain time and the slowest probe, but never the patience', () => {
  const slow = withProbe({port: 15020, patienceSeconds: 120})
  const watch = (given: Snapshot, patience = 300_000) => rolloutDecision(forecastOf(given, strict), given, patience)
  expect(watch(world([cart]))).toMatchObject({watchMs: 55_000})
  expect(watch(world([slow]))).toMatchObject({watchMs: 130_000})
  expect(watch(world([slow]), 60_000)).toMatchObject({watchMs: 60_000})
})

test('unread parts leave nobody safe', () => {
  const {outlooks} = forecastOf(world([cart, web], {destinationRules: unread('403')}), strict)
  expect(outlooks.map(({outlook}) => outlook)).not.toContain('safe')
})

test('of manifests every STRICT port counts as turning', () => {
  const given = world([{...cart, simulated: true}], {
    asked: {...asked, manifests: true},
    policies: read([policy('istio-system', 'default', 'STRICT')]),
  })
  expect(forecastOf(given, []).turning.map(({port}) => port)).toEqual([8080, null])
})

// Whatever rules there are: where the model of Istio's clients says plain text, no row calls the client safe towards that port.
test('never says safe where the client would send plain text', () => {
  const mode = fc.constantFrom(undefined, 'DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL')
  const tls = fc.option(
    mode.map((each) => ({tls: each === undefined ? {} : {mode: each}})),
    {nil: undefined},
  )
  const rules = fc.array(
    fc.record({
      where: fc.constantFrom('shop', 'front', 'istio-system', 'bank'),
      host: fc.constantFrom('cart.shop.svc.cluster.local', '*.local', 'cart', '*'),
      trafficPolicy: tls,
      subset: tls,
      exportTo: fc.constantFrom(undefined, ['.'], ['front'], ['*']),
      selector: fc.constantFrom(undefined, {matchLabels: {app: 'web'}}),
    }),
    {maxLength: 4},
  )
  const world_ = fc.record({
    rules,
    headless: fc.boolean(),
    label: fc.constantFrom('istio', 'disabled'),
    bare: fc.boolean(),
    auto: fc.boolean(),
  })
  let plain = 0
  fc.assert(
    fc.property(world_, ({rules, headless, label, bare, auto}) => {
      const objects: IstioObject[] = rules.map(({where, host, trafficPolicy, subset, exportTo, selector}, at) =>
        istioObject('DestinationRule', where, `r${at}`, {
          host,
          ...(trafficPolicy && {trafficPolicy}),
          ...(subset && {subsets: [{name: 'v2', trafficPolicy: subset}]}),
          ...(exportTo && {exportTo}),
          ...(selector && {workloadSelector: selector}),
        }),
      )
      const server = {...cart, labels: {app: 'cart', 'security.istio.io/tlsMode': label}}
      const behind = bare ? [server, plainPod({name: 'cart-2', ips: ['10.0.0.3']})] : [server]
      const called = service('cart', [[80, 8080]], headless ? {clusterIP: 'None'} : {})
      const given = world([...behind, web], {
        services: read([called]),
        destinationRules: read(objects),
        mesh: read([mesh({enableAutoMtls: auto})]),
      })
      const after = withPolicies(given, strict)
      const index = destinationRuleIndex(objects, 'istio-system', 'default')
      const context = {
        mesh: {enableAutoMtls: auto},
        rules: index,
        policies: policyIndex(after.policies.read ? after.policies.value : [], 'istio-system'),
      }
      const subsets = ['', ...(destinationRuleFor(index, web, hostOf(called), 'shop')?.subsets ?? []).map(({name}) => name)]
      const sends = subsets.map(
        (subset) => clientTls({client: web, service: called, port: 80, subset, server, instances: behind}, context).sends,
      )
      const named = forecastOf(given, strict).outlooks.filter(
        ({caller, server: row, outlook}) =>
          row?.workload.name === 'cart' &&
          row.port === 8080 &&
          outlook !== 'safe' &&
          (caller.name === 'web' || (caller.kind === 'sidecars' && ['', 'front'].includes(caller.namespace))),
      )
      if (sends.some((each) => each !== 'mtls')) plain++
      expect(named.length > 0 || sends.every((each) => each === 'mtls')).toBe(true)
    }),
    {numRuns: 1000},
  )
  expect(plain).toBeGreaterThan(100)
})
