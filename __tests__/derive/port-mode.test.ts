import {endpoints} from '../../src/derive/endpoints.ts'
import {portsOf} from '../../src/derive/ports-of.ts'
import {resolveTargetPort} from '../../src/derive/target-port.ts'
import {read} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {Pod} from '../../src/model/workload.ts'
import {
  ambientPod,
  asked,
  container,
  initArgs,
  istioObject,
  plainPod,
  policy,
  probed,
  probes,
  service,
  sidecarPod,
  snapshot,
} from './builders.ts'

const strict = read([policy('istio-system', 'default', 'STRICT')])

function modes(pod: Pod, more: Partial<Snapshot> = {}): string[] {
  return endpoints(snapshot({pods: read([pod]), policies: strict, ...more})).map(({port, mode, verdict}) => `${port} ${mode} ${verdict}`)
}

describe('rule 14: named target ports', () => {
  const pod = plainPod({
    containers: [
      container('a', {ports: [{name: 'dns', port: 53, protocol: 'UDP'}]}),
      container('b', {
        ports: [
          {name: 'http', port: 8080, protocol: 'TCP'},
          {name: 'dns', port: 5353, protocol: 'TCP'},
        ],
      }),
    ],
    initContainers: [
      container('native', {restartPolicy: 'Always', ports: [{name: 'side', port: 7000, protocol: 'TCP'}]}),
      container('once', {ports: [{name: 'gone', port: 6000, protocol: 'TCP'}]}),
    ],
  })
  test.each([
    ['http', 'TCP', 8080],
    ['dns', 'TCP', 5353],
    ['dns', 'UDP', 53],
    ['side', 'TCP', 7000],
    ['gone', 'TCP', null],
    ['absent', 'TCP', null],
    [1234, 'TCP', 1234],
  ] as const)('%s/%s is %s', (targetPort, protocol, expected) => {
    expect(resolveTargetPort(pod, {targetPort, protocol})).toBe(expected)
  })

  test('a Service’s UDP port makes a UDP row', () => {
    const udp = {
      ...service('dns', [[53, 53]]),
      ports: [{name: '', port: 53, targetPort: 53, protocol: 'UDP' as const, appProtocol: '', nodePort: 0}],
    }
    expect(endpoints(snapshot({pods: read([sidecarPod()]), policies: strict, services: read([udp])}))[0]).toMatchObject({
      port: 53,
      protocol: 'UDP',
      because: 'not-tcp',
    })
  })
})

test('rule 15: which ports share the chain of undeclared ones', () => {
  const sources = {services: [service('cart', [[80, 9090]])], policyPorts: [7070], ingressPorts: [] as number[], capture: null}
  const shared = (more: Partial<typeof sources>) =>
    portsOf(plainPod(), {...sources, ...more}).flatMap(({port, passthrough}) => (passthrough ? [port] : []))
  expect(shared({})).toEqual([8080, null])
  expect(shared({ingressPorts: [8080]})).toEqual([9090, null])
})

test('rule 36: without interception only ports that an ingress listener binds in the open are the proxy’s', () => {
  const none = sidecarPod({containers: [container('istio-proxy', {env: {ISTIO_META_INTERCEPTION_MODE: 'NONE'}})]})
  const ingress = (bind?: string) =>
    read([istioObject('Sidecar', 'shop', 's', {ingress: [{port: {number: 8080}, ...(bind === undefined ? {} : {bind})}]})])
  expect(modes(none, {sidecars: ingress()})).toEqual(['8080 STRICT configured', '15090 NONE exempt', 'null NONE violated'])
  expect(modes(none, {sidecars: ingress('127.0.0.1')})).toEqual(['8080 NONE violated', '15090 NONE exempt', 'null NONE violated'])
})

test('rule 17: a Sidecar with a fitting selector comes before the namespace’s, and that before the root’s', () => {
  const sidecar = (where: string, name: string, number: number, labels?: Record<string, string>) =>
    istioObject('Sidecar', where, name, {ingress: [{port: {number}}], ...(labels && {workloadSelector: {labels}})})
  const first = (...sidecars: ReturnType<typeof sidecar>[]) => modes(sidecarPod(), {sidecars: read(sidecars)})[0]
  const [root, own] = [sidecar('istio-system', 'r', 1), sidecar('shop', 'n', 2)]
  expect(first(root)).toContain('1 ')
  expect(first(root, own)).toContain('2 ')
  expect(first(root, own, sidecar('shop', 'w', 3, {app: 'cart'}))).toContain('3 ')
  expect(first(own, sidecar('shop', 'w', 3, {app: 'web'}))).toContain('2 ')
})

test.each<[string, Snapshot['policies'], Record<string, string>, string]>([
  ['STRICT', strict, {}, '8080 STRICT unproven'],
  ['PERMISSIVE, labelled', read([]), {'security.istio.io/tlsMode': 'istio'}, '8080 STRICT unproven'],
  ['PERMISSIVE, not labelled', read([]), {}, '8080 DISABLE violated'],
])('rule 27: a proxyless server under %s', (_what, policies, labels, expected) => {
  const proxy = container('istio-proxy', {args: ['proxy', 'sidecar'], env: {ISTIO_META_GENERATOR: 'grpc'}})
  const pod = plainPod({
    labels: {app: 'cart', ...labels},
    annotations: {'sidecar.istio.io/status': '{}'},
    containers: [...plainPod().containers, proxy],
  })
  expect(modes(pod, {policies, services: read([service('cart', [[80, 'http']])])})).toEqual([expected, 'null NONE violated'])
})

test('rule 26: a waypoint’s one port is always STRICT and can be proven', () => {
  const pod = plainPod({containers: [container('istio-proxy', {args: ['proxy', 'waypoint']})]})
  const seen = probes([probed(15008, 'client-certificate', 'closed')])
  expect(modes(pod, {policies: read([]), asked: {...asked, probes: true}, probes: seen})).toEqual([
    '15008 STRICT proven',
    'null GATEWAY exempt',
  ])
})

describe('rule 25: only what the proxy itself can hold is exempt in a gateway’s pod', () => {
  const listed = (...numbers: number[]) => numbers.map((port) => ({name: '', port, protocol: 'TCP' as const}))
  const proxy = (role: string, ...numbers: number[]) => container('istio-proxy', {args: ['proxy', role], ports: listed(...numbers)})
  const app = container('app', {ports: listed(8080)})

  test('the proxy alone: its ports, its Services’ ports and all undeclared ones', () => {
    const pod = plainPod({containers: [proxy('router', 15443)]})
    const services = read([service('cart', [[443, 8443]])])
    expect(modes(pod, {services})).toEqual(['8443 GATEWAY exempt', '15443 GATEWAY exempt', 'null GATEWAY exempt'])
  })

  test('beside another container: that one’s ports are open, whose the others are nobody knows', () => {
    const pod = plainPod({containers: [app, proxy('router', 15443)]})
    const services = read([service('cart', [[443, 8443]])])
    expect(modes(pod, {services})).toEqual(['8080 NONE violated', '8443 GATEWAY unproven', '15443 GATEWAY exempt', 'null GATEWAY unproven'])
    const [row] = endpoints(snapshot({pods: read([pod]), policies: strict}))
    expect(row?.reason).toContain("container `app` beside the gateway's proxy serves it, and nothing intercepts")
  })

  test('a native sidecar counts, a container that ends does not', () => {
    const beside = (restartPolicy: string) =>
      plainPod({containers: [proxy('router')], initContainers: [container('app', {restartPolicy, ports: listed(8080)})]})
    expect(modes(beside('Always'))).toEqual(['8080 NONE violated', 'null GATEWAY unproven'])
    expect(modes(beside(''))).toEqual(['null GATEWAY exempt'])
  })

  test('beside a waypoint likewise, its own port included', () => {
    expect(modes(plainPod({containers: [app, proxy('waypoint')]}))).toEqual([
      '8080 NONE violated',
      '15008 STRICT configured',
      'null GATEWAY unproven',
    ])
    const onTunnel = container('app', {ports: listed(15008)})
    expect(modes(plainPod({containers: [onTunnel, proxy('waypoint')]}))[0]).toBe('15008 NONE violated')
  })
})

test('rule 26: a sidecar with a tunnel holds 15008, without one it is free', () => {
  const ports = [{name: '', port: 15008, protocol: 'TCP' as const}]
  const pod = (labels: Record<string, string>) => sidecarPod({labels: {app: 'cart', ...labels}, containers: [container('cart', {ports})]})
  expect(modes(pod({'networking.istio.io/tunnel': 'http'}), {policies: read([])})[0]).toBe('15008 STRICT configured')
  expect(modes(pod({}))[0]).toBe('15008 NONE violated')
})

test('rules 42 and 46: ambient by translation, unproven where undefined, free where bypassed', () => {
  expect(modes(ambientPod())).toEqual(['8080 STRICT configured', 'null STRICT configured'])
  const tied = read([policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'PERMISSIVE')])
  expect(modes(ambientPod(), {policies: tied})).toEqual(['8080 PERMISSIVE unproven', 'null PERMISSIVE unproven'])
  const bypass = (value: string) => ambientPod({annotations: {'ambient.istio.io/bypass-inbound-capture': value}})
  expect(modes(bypass('true'))).toEqual(['8080 NONE violated', 'null NONE violated'])
  expect(modes(bypass('1'))[0]).toBe('8080 NONE violated')
  expect(modes(bypass('yes'))[0]).toBe('8080 STRICT configured')
})

test('rule 44: a port that a sidecar would protect is open in ambient', () => {
  const policies = read([
    policy('istio-system', 'm', 'STRICT'),
    policy('shop', 'w', 'PERMISSIVE', {selector: {app: 'cart'}, ports: {8080: 'STRICT'}}),
  ])
  expect(modes(ambientPod(), {policies})[0]).toBe('8080 PERMISSIVE violated')
  expect(modes(sidecarPod(), {policies})[0]).toBe('8080 STRICT configured')
})

test('rule 43: ambient rows under a parent that came later are unproven, and say why; a sidecar’s are not', () => {
  const policies = read([
    policy('shop', 'w', 'UNSET', {selector: {app: 'cart'}, ports: {9090: 'PERMISSIVE'}}),
    policy('shop', 'n', 'STRICT', {at: 1}),
  ])
  expect(modes(ambientPod(), {policies})).toEqual(['8080 PERMISSIVE unproven', '9090 PERMISSIVE violated', 'null PERMISSIVE unproven'])
  expect(modes(sidecarPod(), {policies})).toEqual([
    '8080 STRICT configured',
    '9090 PERMISSIVE violated',
    '15090 NONE exempt',
    'null STRICT configured',
  ])
  const [row] = endpoints(snapshot({pods: read([ambientPod()]), policies}))
  expect(row?.reason).toMatch(
    /^Istiod does not translate PeerAuthentication shop\/w for ztunnel again when PeerAuthentication shop\/n changes/,
  )
})

test('rule 70: an IPv6 address behind an IPv4 one is open without dual stack', () => {
  const ips = ['10.0.0.1', 'fd00::1']
  expect(modes(sidecarPod({ips}))[0]).toBe('8080 NONE violated')
  expect(modes(sidecarPod({ips}, [...initArgs, '--dual-stack']))[0]).toBe('8080 STRICT configured')
})
