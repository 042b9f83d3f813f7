import {type ClientTlsContext, clientTls} from '../../src/derive/client-tls.ts'
import {
  type Client,
  type DestinationRuleSpec,
  destinationRuleFor,
  destinationRuleIndex,
  fullHost,
} from '../../src/derive/destination-rules.ts'
import {policyIndex} from '../../src/derive/policy-index.ts'
import type {IstioObject, PeerAuthentication} from '../../src/model/policy.ts'
import {istioObject, plainPod, policy, service, sidecarPod} from './builders.ts'

const cart = 'cart.shop.svc.cluster.local'
const web = {namespace: 'front', labels: {app: 'web'}}

function rule(where: string, name: string, spec: Partial<DestinationRuleSpec>, at = 0): IstioObject {
  const createdAt = new Date(Date.UTC(2026, 10, 22, 18, 0, at)).toISOString()
  return {...istioObject('DestinationRule', where, name, {host: cart, ...spec}), createdAt}
}

const tls = (mode?: string, more = {}) => ({trafficPolicy: {tls: {...(mode === undefined ? {} : {mode}), ...more}}})

describe('rule 51: which DestinationRule', () => {
  const named = (rules: IstioObject[], client: Client = web, host = cart) => {
    const found = destinationRuleFor(destinationRuleIndex(rules, 'istio-system'), client, host, 'shop')
    return found && `${found.rule.namespace}/${found.rule.name}`
  }

  test.each<[string, IstioObject[], string | null]>([
    ['none', [], null],
    ['the client’s namespace first', [rule('front', 'a', {}), rule('shop', 'b', {}), rule('istio-system', 'c', {})], 'front/a'],
    ['then the Service’s', [rule('shop', 'b', {}), rule('istio-system', 'c', {})], 'shop/b'],
    ['then the root', [rule('istio-system', 'c', {host: '*.local'})], 'istio-system/c'],
    ['a stranger’s namespace never', [rule('bank', 'a', {})], null],
    ['a wildcard of the client beats the Service’s exact host', [rule('front', 'a', {host: '*'}), rule('shop', 'b', {})], 'front/a'],
    ['the exact host within a namespace', [rule('shop', 'a', {host: '*.shop.svc.cluster.local'}), rule('shop', 'b', {})], 'shop/b'],
    ['the longest wildcard', [rule('shop', 'a', {host: '*.local'}), rule('shop', 'b', {host: '*.shop.svc.cluster.local'})], 'shop/b'],
    ['a short name in its own namespace', [rule('shop', 'a', {host: 'cart'})], 'shop/a'],
    ['a short name elsewhere is another host', [rule('front', 'a', {host: 'cart'})], null],
    ['half a name is taken as written', [rule('shop', 'a', {host: 'cart.shop'})], null],
    ['not exported to the client', [rule('shop', 'a', {exportTo: ['.']})], null],
    ['exported to the client', [rule('shop', 'a', {exportTo: ['front']})], 'shop/a'],
    ['exported to others', [rule('shop', 'a', {exportTo: ['bank']}), rule('istio-system', 'b', {})], 'istio-system/b'],
    ['exported to none', [rule('shop', 'a', {exportTo: ['~']})], null],
    ['with a selector that fits', [rule('front', 'a', {}), rule('front', 'b', {workloadSelector: {matchLabels: {app: 'web'}}})], 'front/b'],
    [
      'with a selector that does not',
      [rule('front', 'a', {}), rule('front', 'b', {workloadSelector: {matchLabels: {app: 'api'}}})],
      'front/a',
    ],
    ['a selector of another namespace', [rule('shop', 'b', {workloadSelector: {matchLabels: {app: 'web'}}})], null],
  ])('%s', (_what, rules, expected) => {
    expect(named(rules)).toBe(expected)
    expect(named([...rules].reverse())).toBe(expected)
  })

  test('a client of the root namespace skips its own, unless exported to itself alone', () => {
    const root = {namespace: 'istio-system', labels: {}}
    expect(named([rule('istio-system', 'a', {}), rule('shop', 'b', {})], root)).toBe('shop/b')
    expect(named([rule('istio-system', 'a', {exportTo: ['.']}), rule('shop', 'b', {})], root)).toBe('istio-system/a')
  })

  test('rules of one host and reach are merged: subsets add up, the older policy stays', () => {
    const rules = [
      rule('shop', 'b', {...tls('DISABLE'), subsets: [{name: 'v2'}]}, 1),
      rule('shop', 'a', {subsets: [{name: 'v1'}]}),
      rule('shop', 'c', tls('SIMPLE'), 2),
    ]
    const found = destinationRuleFor(destinationRuleIndex(rules, 'istio-system'), web, cart, 'shop')
    expect(found?.subsets.map(({name, from}) => [name, from.name])).toEqual([
      ['v1', 'a'],
      ['v2', 'b'],
    ])
    expect(found?.trafficPolicy?.from.name).toBe('b')
  })

  test('rules of different reach stay apart, and the youngest without a selector wins', () => {
    expect(named([rule('front', 'a', {}), rule('front', 'b', {exportTo: ['.']}, 1)])).toBe('front/b')
  })

  test.each([
    ['cart', 'cart.shop.svc.cluster.local'],
    ['cart.shop', 'cart.shop'],
    ['*', '*'],
    ['fd00::1', 'fd00::1'],
  ])('host %s is read as %s', (host, expected) => {
    expect(fullHost(host, 'shop')).toBe(expected)
  })
})

describe('rules 49 to 55: what a client sends', () => {
  const normal = service('cart', [[80, 8080]])
  const headless = {...normal, clusterIP: 'None'}
  const server = sidecarPod()

  function sends(
    rules: IstioObject[],
    more: {
      policies?: PeerAuthentication[]
      service?: typeof normal
      server?: typeof server
      instances?: (typeof server)[]
      subset?: string
      autoMtls?: boolean
    } = {},
  ) {
    const context: ClientTlsContext = {
      mesh: {enableAutoMtls: more.autoMtls ?? true},
      rules: destinationRuleIndex(rules, 'istio-system'),
      policies: policyIndex(more.policies ?? [], 'istio-system'),
    }
    const pod = more.server ?? server
    const call = {
      client: web,
      service: more.service ?? normal,
      port: 80,
      subset: more.subset ?? '',
      server: pod,
      instances: more.instances ?? [pod],
    }
    const {sends, by} = clientTls(call, context)
    return [sends, by?.name ?? null]
  }

  const entry = (number: number, mode?: string) => ({port: {number}, ...(mode === undefined ? {} : {tls: {mode}})})
  const ports = (whole: string | null, ...portLevelSettings: ReturnType<typeof entry>[]) => ({
    trafficPolicy: {...(whole === null ? {} : {tls: {mode: whole}}), portLevelSettings},
  })

  test.each<[string, Partial<DestinationRuleSpec>, string, string | null]>([
    ['49: a rule without tls leaves auto mutual TLS', {trafficPolicy: {}}, 'mtls', null],
    ['50: ISTIO_MUTUAL', tls('ISTIO_MUTUAL'), 'mtls', 'dr'],
    ['50: DISABLE', tls('DISABLE'), 'plain-text', 'dr'],
    ['50: a tls block without a mode is DISABLE', tls(undefined, {sni: 'x'}), 'plain-text', 'dr'],
    ['50: SIMPLE is foreign', tls('SIMPLE'), 'foreign-tls', 'dr'],
    ['50: MUTUAL is foreign', tls('MUTUAL'), 'foreign-tls', 'dr'],
    ['50: SIMPLE with a Secret no sidecar may read', tls('SIMPLE', {credentialName: 'ca'}), 'plain-text', 'dr'],
    ['52: a port entry', ports('ISTIO_MUTUAL', entry(80, 'DISABLE')), 'plain-text', 'dr'],
    ['52: a port entry for the container port means nothing', ports('ISTIO_MUTUAL', entry(8080, 'DISABLE')), 'mtls', 'dr'],
    ['52: a port entry without tls falls back to auto mutual TLS', ports(null, entry(80)), 'mtls', null],
    ['52: but endpoints inherit DISABLE', ports('DISABLE', entry(80)), 'plain-text', 'dr'],
  ])('rule %s', (_rule, spec, expected, by) => {
    expect(sends([rule('shop', 'dr', spec)])).toEqual([expected, by])
  })

  test('rule 52: a port entry hides the rule’s ISTIO_MUTUAL, and the namespace then decides', () => {
    const rules = [rule('shop', 'dr', ports('ISTIO_MUTUAL', entry(80)))]
    expect(sends(rules, {policies: [policy('shop', 'a', 'DISABLE')]})).toEqual(['plain-text', 'a'])
  })

  test('rule 52: endpoints inherit ISTIO_MUTUAL too, but one outside the mesh has no mark to match', () => {
    const rules = [rule('shop', 'dr', ports('ISTIO_MUTUAL', entry(80)))]
    expect(sends(rules)).toEqual(['mtls', null])
    expect(sends(rules, {server: plainPod()})).toEqual(['plain-text', null])
    expect(sends(rules, {server: sidecarPod({labels: {app: 'cart', 'security.istio.io/tlsMode': 'other'}})})).toEqual(['plain-text', null])
  })

  const through = {loadBalancer: {simple: 'PASSTHROUGH'}}
  const evenly = {loadBalancer: {simple: 'ROUND_ROBIN'}}
  const at80 = (settings = {}) => ({portLevelSettings: [{port: {number: 80}, ...settings}]})
  // Beside a pod outside: `plain-text` for the meshed one means that the weakest decided, `mtls` for the other that nobody asked it.
  test.each<[string, Partial<DestinationRuleSpec>, string, [string, string]]>([
    ['the rule', {trafficPolicy: through}, '', ['plain-text', 'plain-text']],
    ['the rule, seen from a subset', {trafficPolicy: through, subsets: [{name: 'v1'}]}, 'v1', ['mtls', 'mtls']],
    ['a subset', {subsets: [{name: 'v1', trafficPolicy: through}]}, 'v1', ['plain-text', 'plain-text']],
    ['a subset beside a port entry', {subsets: [{name: 'v1', trafficPolicy: {...through, ...at80()}}]}, 'v1', ['plain-text', 'plain-text']],
    ['a subset, seen from outside of it', {subsets: [{name: 'v1', trafficPolicy: through}]}, '', ['mtls', 'plain-text']],
    ['the rule, replaced by a port entry', {trafficPolicy: {...through, ...at80(evenly)}}, '', ['plain-text', 'plain-text']],
    ['a port entry', {trafficPolicy: at80(through)}, '', ['mtls', 'mtls']],
    ['a port entry of a subset', {subsets: [{name: 'v1', trafficPolicy: at80(through)}]}, 'v1', ['mtls', 'mtls']],
    [
      'the rule, where the subset balances',
      {trafficPolicy: through, subsets: [{name: 'v1', trafficPolicy: evenly}]},
      'v1',
      ['mtls', 'mtls'],
    ],
  ])('rule 54: PASSTHROUGH of %s', (_where, spec, subset, expected) => {
    const outside = plainPod()
    const to = (pod: typeof server) => sends([rule('shop', 'dr', spec)], {subset, server: pod, instances: [server, outside]})[0]
    expect([to(server), to(outside)]).toEqual(expected)
  })

  test('rule 54: where all are in the mesh, a port entry that balances still goes by each endpoint’s own policy', () => {
    const rules = [rule('shop', 'dr', {trafficPolicy: {...through, ...at80(evenly)}})]
    const policies = [policy('shop', 'b', 'DISABLE', {selector: {app: 'cart'}})]
    expect(sends(rules, {policies})).toEqual(['plain-text', 'b'])
    expect(sends([rule('shop', 'dr', {trafficPolicy: through})], {policies})).toEqual(['mtls', null])
  })

  test.each<[string, Partial<DestinationRuleSpec>, string]>([
    ['subset port over subset', {subsets: [{name: 'v1', ...ports('DISABLE', entry(80, 'ISTIO_MUTUAL'))}]}, 'mtls'],
    ['subset over rule', {...tls('ISTIO_MUTUAL'), subsets: [{name: 'v1', ...tls('DISABLE')}]}, 'plain-text'],
    ['rule port where the subset says nothing', {...ports('ISTIO_MUTUAL', entry(80, 'DISABLE')), subsets: [{name: 'v1'}]}, 'plain-text'],
    ['another subset', {subsets: [{name: 'v2', ...tls('DISABLE')}]}, 'mtls'],
  ])('rule 52: %s', (_rule, spec, expected) => {
    expect(sends([rule('shop', 'dr', spec)], {subset: 'v1'})[0]).toBe(expected)
  })

  test.each<[string, Parameters<typeof sends>[1], string]>([
    ['53: a meshed endpoint', {}, 'mtls'],
    ['49: auto mutual TLS off', {autoMtls: false}, 'plain-text'],
    ['53: an endpoint without the label', {server: plainPod()}, 'plain-text'],
    ['53: a label of the user’s own', {server: sidecarPod({labels: {app: 'cart', 'security.istio.io/tlsMode': 'disabled'}})}, 'plain-text'],
    ['53: the namespace disables', {policies: [policy('shop', 'a', 'DISABLE')]}, 'plain-text'],
    [
      '53: the namespace disables, the workload demands: clients fail',
      {policies: [policy('shop', 'a', 'DISABLE'), policy('shop', 'b', 'STRICT', {selector: {app: 'cart'}})]},
      'plain-text',
    ],
    ['53: the workload disables', {policies: [policy('shop', 'b', 'DISABLE', {selector: {app: 'cart'}})]}, 'plain-text'],
    [
      '53: the container port disables',
      {policies: [policy('shop', 'b', 'STRICT', {selector: {app: 'cart'}, ports: {8080: 'DISABLE'}})]},
      'plain-text',
    ],
    [
      '53: the Service port’s number means nothing',
      {policies: [policy('shop', 'b', 'STRICT', {selector: {app: 'cart'}, ports: {80: 'DISABLE'}})]},
      'mtls',
    ],
    ['54: headless, all in the mesh', {service: headless}, 'mtls'],
    ['54: headless, one outside', {service: headless, instances: [server, plainPod()]}, 'plain-text'],
    ['54: headless, none at all', {service: headless, instances: []}, 'plain-text'],
    [
      '54: headless, one outside that does not declare the named port',
      {service: {...service('cart', [[80, 'http']]), clusterIP: 'None'}, instances: [server, plainPod({containers: []})]},
      'mtls',
    ],
    ['54: headless, a named port that nobody declares', {service: {...service('cart', [[80, 'absent']]), clusterIP: 'None'}}, 'plain-text'],
    ['55: ExternalName', {service: {...normal, type: 'ExternalName'}}, 'plain-text'],
  ])('rule %s', (_rule, more, expected) => {
    expect(sends([], more)[0]).toBe(expected)
  })
})
