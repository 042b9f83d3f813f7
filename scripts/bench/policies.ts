import {appName, namespaceOf, perNamespace, type Seed} from './objects.ts'

/**
 * The policies of a shared cluster, number `from` to `to`, spread over its namespaces: of five each one PeerAuthentication of a workload, two
 * AuthorizationPolicies, one DestinationRule and one Sidecar. Number 0 also brings the mesh's own STRICT.
 */
export function* policySeeds(range: {from: number; to: number}, workloads: number): Generator<Seed> {
  if (range.from === 0) yield istio('security', 'peerauthentications', 'istio-system', 'default', {mtls: {mode: 'STRICT'}})
  for (let index = range.from; index < range.to; index++) {
    // A prime step, so that each namespace and each kind of workload gets every kind of policy.
    const workload = (index * 37) % workloads
    const {name: namespace} = namespaceOf(Math.floor(workload / perNamespace))
    const app = appName(workload)
    const [group, resource, spec] = policyOf(index, app, namespace)
    const name = `policy-${String(index).padStart(5, '0')}`
    yield {...istio(group, resource, namespace, name, spec), shape: resource, tokens: [name, namespace, app]}
  }
}

function policyOf(index: number, app: string, namespace: string): [group: string, resource: string, spec: object] {
  const selector = {matchLabels: {app}}
  switch (index % 5) {
    case 0:
      return ['security', 'peerauthentications', {selector, mtls: {mode: 'STRICT'}, portLevelMtls: {9090: {mode: 'STRICT'}}}]
    case 1:
      return [
        'networking',
        'destinationrules',
        {host: `${app}.${namespace}.svc.cluster.local`, trafficPolicy: {tls: {mode: 'ISTIO_MUTUAL'}}},
      ]
    case 2:
      return ['networking', 'sidecars', {workloadSelector: {labels: {app}}, egress: [{hosts: ['./*', 'istio-system/*']}]}]
    default:
      return [
        'security',
        'authorizationpolicies',
        {
          selector,
          rules: [{from: [{source: {principals: [`cluster.local/ns/${namespace}/sa/${app}`]}}], to: [{operation: {ports: ['8080']}}]}],
        },
      ]
  }
}

function istio(group: string, resource: string, namespace: string, name: string, spec: object): Seed {
  return {
    collection: `/apis/${group}.istio.io/v1/namespaces/${namespace}/${resource}`,
    object: {apiVersion: `${group}.istio.io/v1`, kind: kinds[resource], metadata: {name, namespace}, spec},
  }
}

const kinds: Record<string, string> = {
  peerauthentications: 'PeerAuthentication',
  authorizationpolicies: 'AuthorizationPolicy',
  destinationrules: 'DestinationRule',
  sidecars: 'Sidecar',
}
