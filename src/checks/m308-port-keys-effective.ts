import {isSubset} from '../derive/label-selector.ts'
import {isWorkloadLevel, policyRef} from '../derive/policy-index.ts'
import {servicesOf} from '../derive/services-of.ts'
import {listeningContainers, resolveTargetPort} from '../derive/target-port.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import type {Pod, Service} from '../model/workload.ts'
import {merge} from './fix.ts'
import {governedPods} from './policy-view.ts'
import {rowId} from './subject.ts'

/** No key of portLevelMtls is the port of a Service whose container port is another (rule 14, istio issue 49098). */
export const portKeysEffective = check({
  code: 'M308',
  slug: 'm308-port-keys-effective',
  severity: 'error',
  needs: ['mesh', 'policies', 'pods', 'services'],
  title: 'Port policies name container ports',
  failure: 'A port policy names a Service port',
  why: "Istio reads the keys of `portLevelMtls` as container ports: a Service's port number there says nothing about the port that was meant.",
  hint: "Write the container port (the Service's `targetPort`) as the key in `spec.portLevelMtls`.",
  run({mesh, policies, pods, services}, {asked}) {
    const selecting = servicesOf(services)
    const byNamespace = Map.groupBy(governedPods(pods, asked, mesh), (pod) => pod.namespace)
    return policies.filter(isWorkloadLevel).flatMap((policy) => {
      const selected = (byNamespace.get(policy.namespace) ?? []).filter((pod) => isSubset(policy.selector ?? {}, pod.labels))
      return selected.length === 0 ? [] : Object.keys(policy.ports).flatMap((key) => misread(policy, Number(key), selected, selecting))
    })
  },
})

function misread(policy: PeerAuthentication, key: number, pods: Pod[], selecting: (pod: Pod) => Service[]): PartialFinding[] {
  const meant: {pod: Pod; service: Service; target: number}[] = []
  for (const pod of pods) {
    const routes = selecting(pod).flatMap((service) =>
      service.ports.flatMap((port) => {
        const target = resolveTargetPort(pod, port)
        return target === null ? [] : [{pod, service, port: port.port, target}]
      }),
    )
    const isReal =
      routes.some(({target}) => target === key) || listeningContainers(pod).some(({ports}) => ports.some(({port}) => port === key))
    if (isReal) return []
    meant.push(...routes.filter(({port}) => port === key))
  }
  const [first] = meant
  if (first === undefined) return []
  const mode = policy.ports[String(key)]
  return [
    finding(
      policyRef(policy),
      `key ${key} is a port of Service \`${first.service.name}\`; the container listens on ${first.target}, which keeps the mode of the workload instead of ${mode}`,
      {
        fix: merge('peerauthentication', policy.namespace, policy.name, {spec: {portLevelMtls: {[key]: null, [first.target]: {mode}}}}),
        endpoints: [...new Set(meant.map(({pod, target}) => rowId(pod, target)))].sort(),
      },
    ),
  ]
}
