import {
  clientTlsToEntry,
  entryEndpoints,
  isEntryVisible,
  type ServiceEntrySpec,
  workloadEntryTlsMode,
} from '../../src/derive/client-service-entries.ts'
import type {ClientTlsContext} from '../../src/derive/client-tls.ts'
import {destinationRuleIndex} from '../../src/derive/destination-rules.ts'
import {policyIndex} from '../../src/derive/policy-index.ts'
import type {IstioObject, PeerAuthentication} from '../../src/model/policy.ts'
import {container, istioObject, plainPod, policy, sidecarPod} from './builders.ts'

const web = {namespace: 'front', labels: {app: 'web'}}
const label = (mode: string) => ({'security.istio.io/tlsMode': mode})
const inside = {address: '192.0.2.1', serviceAccount: 'vm'}
const outside = {address: '192.0.2.2'}
const http = {number: 80, name: 'http'}

function entry(more: ServiceEntrySpec = {}): IstioObject {
  const spec = {hosts: ['vm.example'], location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [http], endpoints: [inside], ...more}
  return istioObject('ServiceEntry', 'shop', 'vm', spec)
}

describe('rule 55: what clients believe of a WorkloadEntry', () => {
  test.each([
    ['neither label nor service account', {}, 'disabled'],
    ['an empty service account', {serviceAccount: ''}, 'disabled'],
    ['a service account', {serviceAccount: 'vm'}, 'istio'],
    ['the label over the service account', {serviceAccount: 'vm', labels: label('disabled')}, 'disabled'],
    ['the label alone', {labels: label('istio')}, 'istio'],
  ])('%s', (_what, spec, expected) => {
    expect(workloadEntryTlsMode(spec)).toBe(expected)
  })
})

describe('rule 55: who answers for a ServiceEntry', () => {
  const pod = sidecarPod()
  const machine = (name: string, spec: object, labels = {}) => ({...istioObject('WorkloadEntry', 'shop', name, {...spec}), labels})
  const chosen = {workloadSelector: {labels: {app: 'cart'}}}
  const said = (more: ServiceEntrySpec, workloads = {pods: [pod], workloadEntries: [] as IstioObject[]}) =>
    entryEndpoints(entry(more), 'vm.example', 80, workloads).map(({address, tlsMode, port}) => `${address}:${port} ${tlsMode}`)

  test.each<[string, ServiceEntrySpec, string[]]>([
    ['endpoints of its own', {endpoints: [inside, outside]}, ['192.0.2.1:80 istio', '192.0.2.2:80 disabled']],
    ['the targetPort', {ports: [{...http, targetPort: 8443}]}, ['192.0.2.1:8443 istio']],
    [
      'the endpoint’s own port over the targetPort',
      {ports: [{...http, targetPort: 8443}], endpoints: [{...inside, ports: {http: 9090}}]},
      ['192.0.2.1:9090 istio'],
    ],
    ['none at all', {endpoints: []}, []],
    ['by DNS the host itself', {endpoints: [], resolution: 'DNS'}, ['vm.example:80 disabled']],
    ['by DNS its endpoints, where it has some', {resolution: 'DNS'}, ['192.0.2.1:80 istio']],
    ['one alone where DNS goes round', {endpoints: [inside, outside], resolution: 'DNS_ROUND_ROBIN'}, ['192.0.2.1:80 istio']],
    ['what it selects, not what it lists', chosen, ['10.0.0.1:8080 istio']],
    ['nothing but what it selects', {workloadSelector: {labels: {app: 'pay'}}, resolution: 'DNS'}, []],
    ['all of its namespace with an empty selector', {workloadSelector: {}}, ['10.0.0.1:8080 istio']],
  ])('%s', (_what, more, expected) => {
    expect(said(more)).toEqual(expected)
  })

  test('a pod goes by its own label, and answers at the number where no container has the name', () => {
    const bare = plainPod({containers: [container('cart')]})
    expect(said(chosen, {pods: [bare], workloadEntries: []})).toEqual(['10.0.0.1:80 disabled'])
  })

  test('pods of other namespaces are not selected', () => {
    expect(said(chosen, {pods: [sidecarPod({namespace: 'bank'})], workloadEntries: []})).toEqual([])
  })

  test('WorkloadEntries come after pods, by name, with the labels of their metadata before those of their spec', () => {
    const workloadEntries = [
      machine('b', {address: '192.0.2.4', labels: {app: 'cart', ...label('disabled')}}, label('istio')),
      machine('a', {address: '192.0.2.3'}, {app: 'cart'}),
      machine('c', {address: '192.0.2.5', labels: {app: 'pay'}}),
    ]
    expect(said(chosen, {pods: [pod], workloadEntries})).toEqual(['10.0.0.1:8080 istio', '192.0.2.3:80 disabled', '192.0.2.4:80 istio'])
  })

  test.each([
    ['STATIC', []],
    ['DNS', ['vm-1.example:80 disabled']],
  ])('a WorkloadEntry with a host name as address answers for %s: %j', (resolution, expected) => {
    const workloadEntries = [machine('a', {address: 'vm-1.example', labels: {app: 'cart'}})]
    expect(said({...chosen, resolution}, {pods: [], workloadEntries})).toEqual(expected)
  })
})

describe('rule 56: who sees a ServiceEntry', () => {
  test.each<[string[] | undefined, string, boolean]>([
    [undefined, 'front', true],
    [[], 'front', true],
    [['*'], 'front', true],
    [['front'], 'front', true],
    [['bank'], 'front', false],
    [['.'], 'front', false],
    [['.'], 'shop', true],
    [['~'], 'shop', false],
  ])('exportTo %j, client in %s: %s', (exportTo, namespace, expected) => {
    expect(isEntryVisible(entry(exportTo === undefined ? {} : {exportTo}), namespace)).toBe(expected)
  })
})

describe('rules 49 to 55: what a client sends to a ServiceEntry', () => {
  function sends(
    more: ServiceEntrySpec,
    {spec, policies = [], where = 'shop'}: {spec?: object; policies?: PeerAuthentication[]; where?: string} = {},
  ) {
    const rules = spec === undefined ? [] : [istioObject('DestinationRule', where, 'dr', {host: 'vm.example', trafficPolicy: spec})]
    const context: ClientTlsContext = {
      mesh: {enableAutoMtls: true},
      rules: destinationRuleIndex(rules, 'istio-system'),
      policies: policyIndex(policies, 'istio-system'),
    }
    const call = {client: web, entry: entry(more), host: 'vm.example', port: 80, subset: ''}
    const endpoints = entryEndpoints(call.entry, call.host, call.port, {pods: [], workloadEntries: []})
    const {sends, by} = clientTlsToEntry({...call, endpoint: endpoints[0] ?? null, endpoints}, context)
    return [sends, by?.name ?? null]
  }

  const disabled = [policy('shop', 'a', 'DISABLE', {selector: {app: 'vm'}})]
  test.each<[string, ServiceEntrySpec, Parameters<typeof sends>[1], [string, string | null]]>([
    ['55: inside the mesh, an endpoint with a service account', {}, {}, ['mtls', null]],
    ['55: inside the mesh, an endpoint without', {endpoints: [outside]}, {}, ['plain-text', null]],
    ['55: outside the mesh, whatever its endpoints', {location: 'MESH_EXTERNAL'}, {}, ['plain-text', null]],
    ['55: a location that nobody wrote is outside', {location: undefined as never}, {}, ['plain-text', null]],
    ['55: no endpoint', {endpoints: []}, {}, ['plain-text', null]],
    ['50: outside the mesh, a rule that demands it', {location: 'MESH_EXTERNAL'}, {spec: {tls: {mode: 'ISTIO_MUTUAL'}}}, ['mtls', 'dr']],
    ['50: outside the mesh, the user’s own TLS', {location: 'MESH_EXTERNAL'}, {spec: {tls: {mode: 'SIMPLE'}}}, ['foreign-tls', 'dr']],
    ['50: inside the mesh, DISABLE', {}, {spec: {tls: {mode: 'DISABLE'}}}, ['plain-text', 'dr']],
    ['51: a rule of the client’s namespace', {}, {spec: {tls: {mode: 'DISABLE'}}, where: 'front'}, ['plain-text', 'dr']],
    ['51: a rule of a stranger’s namespace', {}, {spec: {tls: {mode: 'DISABLE'}}, where: 'bank'}, ['mtls', null]],
    ['53: the entry’s namespace disables', {}, {policies: [policy('shop', 'a', 'DISABLE')]}, ['plain-text', 'a']],
    ['53: the endpoint’s own policy disables', {endpoints: [{...inside, labels: {app: 'vm'}}]}, {policies: disabled}, ['plain-text', 'a']],
    ['54: resolution NONE, all in the mesh', {resolution: 'NONE'}, {}, ['mtls', null]],
    ['54: resolution NONE, one outside', {resolution: 'NONE', endpoints: [inside, outside]}, {}, ['plain-text', null]],
    ['54: resolution NONE is the default, and nobody known', {resolution: undefined as never, endpoints: []}, {}, ['plain-text', null]],
    [
      '54: PASSTHROUGH goes by the weakest too',
      {endpoints: [inside, outside]},
      {spec: {loadBalancer: {simple: 'PASSTHROUGH'}}},
      ['plain-text', null],
    ],
  ])('rule %s', (_rule, more, context, expected) => {
    expect(sends(more, context)).toEqual(expected)
  })
})
