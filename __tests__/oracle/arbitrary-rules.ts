import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'

// Before the rules: an arbitrary is built when the module loads.
const clientTls = fc.constantFrom(
  {},
  {sni: 'cart.example'},
  {mode: 'DISABLE'},
  {mode: 'ISTIO_MUTUAL'},
  {mode: 'SIMPLE'},
  {mode: 'MUTUAL', clientCertificate: '/etc/tls.crt', privateKey: '/etc/tls.key'},
  {mode: 'SIMPLE', credentialName: 'own-ca'},
)

const loadBalancer = fc.constantFrom({simple: 'ROUND_ROBIN'}, {simple: 'PASSTHROUGH'}, {consistentHash: {useSourceIp: true}})

/** DestinationRules that compete for the same hosts: namespaces, wildcards, exportTo, selectors, subsets and port entries. */
export const destinationRules: fc.Arbitrary<KubeObject[]> = fc.uniqueArray(
  fc
    .record({
      where: fc.constantFrom('shop', 'bank', 'istio-system'),
      name: fc.constantFrom('a', 'b', 'default'),
      second: fc.integer({min: 1, max: 2}),
      host: fc.constantFrom(
        'cart',
        'pay',
        'cart.shop.svc.cluster.local',
        'web.bank.svc.cluster.local',
        '*.shop.svc.cluster.local',
        '*.local',
        'vm.example',
        '*.example',
        '*',
      ),
      exportTo: fc.constantFrom(undefined, undefined, ['.'], ['*'], ['shop'], ['bank', 'shop']),
      workloadSelector: fc.constantFrom(undefined, undefined, undefined, {matchLabels: {app: 'cart'}}, {matchLabels: {version: 'v1'}}),
      trafficPolicy: fc.option(fc.oneof({weight: 4, arbitrary: policy()}, {weight: 1, arbitrary: fc.constant({})}), {nil: undefined}),
      subsets: fc.option(
        fc.option(policy(), {nil: undefined}).map((trafficPolicy) => [{name: 'v1', labels: {version: 'v1'}, trafficPolicy}]),
        {nil: undefined},
      ),
    })
    .map(({where, name, second, ...spec}) => destinationRule(where, name, second, spec)),
  {maxLength: 4, selector: ({metadata}) => `${metadata.namespace}/${metadata.name}`},
)

function policy() {
  return fc.record(
    {
      tls: clientTls,
      loadBalancer,
      portLevelSettings: fc.uniqueArray(
        fc.record({
          port: fc.record({number: fc.constantFrom(80, 8080)}),
          tls: fc.option(clientTls, {nil: undefined}),
          loadBalancer: fc.option(loadBalancer, {nil: undefined, freq: 2}),
        }),
        {minLength: 1, maxLength: 2, selector: ({port}) => port.number},
      ),
    },
    {requiredKeys: []},
  )
}

function destinationRule(where: string, name: string, second: number, spec: object): KubeObject {
  return JSON.parse(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: {name, namespace: where, creationTimestamp: `2026-11-22T18:00:0${second}Z`},
      spec,
    }),
  ) as KubeObject
}
