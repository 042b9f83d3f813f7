import {clusterTls, endpointTls, hostOf, modeOf, type WrittenTls} from '../derive/client-tls.ts'
import {type Client, type DestinationRuleSpec, destinationRuleFor, destinationRuleIndex} from '../derive/destination-rules.ts'
import {dataPlane} from '../derive/membership.ts'
import {podsBehind} from '../derive/services-of.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Pod, Service} from '../model/workload.ts'
import {podsInScope} from './in-scope.ts'
import {onePerWorkload} from './subject.ts'

/** A tls block that clients of the mesh really follow towards workloads of the mesh in scope. */
export interface ClientSetting {
  rule: IstioObject
  mode: string
  service: Service
  /** The Service's port and the subset ('' without) that it holds for. */
  port: number
  subset: string
  /** The pods behind the Service that are in the mesh. */
  servers: Pod[]
}

interface Clients {
  mesh: Mesh[]
  destinationRules: IstioObject[]
  services: Service[]
  pods: Pod[]
}

/** Every tls block in force with one of these modes, as clients of the mesh meet it (rules 50 to 52). */
export function clientSettings({mesh, destinationRules, services, pods}: Clients, asked: Asked, modes: readonly string[]): ClientSetting[] {
  const writing = destinationRules.filter((rule) => writesMode(rule, modes))
  if (writing.length === 0) return []
  const meshed = meshedServices(services, podsInScope(pods, asked, mesh))
  const found = new Map<string, ClientSetting>()
  for (const {rootNamespace, revision} of mesh) {
    const index = destinationRuleIndex(destinationRules, rootNamespace, revision)
    for (const client of clientsOf(pods, destinationRules, writing)) {
      for (const [service, servers] of meshed) {
        const merged = destinationRuleFor(index, client, hostOf(service), service.namespace)
        if (merged === null) continue
        for (const subset of ['', ...merged.subsets.map(({name}) => name)]) {
          for (const {port} of service.ports) {
            const written: WrittenTls | null = clusterTls(merged, subset, port) ?? endpointTls(merged, subset, port)
            if (written === null || !modes.includes(modeOf(written.tls))) continue
            const {from: rule, tls} = written
            const key = [rule.namespace, rule.name, service.namespace, service.name, port, subset].join(' ')
            found.set(key, {rule, mode: modeOf(tls), service, port, subset, servers})
          }
        }
      }
    }
  }
  return [...found.values()]
}

/** `port 80 of Service cart, subset v2`: where settings of one rule hold, in words. */
export function settingsText(settings: ClientSetting[]): string {
  const places = settings.map(
    ({service, port, subset}) =>
      `port ${port} of Service ${service.namespace}/${service.name}${subset === '' ? '' : ` (subset ${subset})`}`,
  )
  return [...new Set(places)].join(', ')
}

/** True when any tls block of a rule has one of these modes. */
function writesMode({spec}: IstioObject, modes: readonly string[]): boolean {
  const {trafficPolicy, subsets = []} = spec as DestinationRuleSpec
  const policies = [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)]
  return policies.some((policy) =>
    [policy, ...(policy?.portLevelSettings ?? [])].some((each) => each?.tls != null && modes.includes(modeOf(each.tls))),
  )
}

/**
 * Clients that between them meet every such rule: one of each namespace that holds one (a workload each, where it selects clients by
 * label), and one of a namespace without rules of its own, which stands for all such; without any, one of every namespace.
 */
function clientsOf(pods: Pod[], rules: IstioObject[], writing: IstioObject[]): Client[] {
  const callers = pods.filter((pod) => dataPlane(pod) === 'sidecar' || dataPlane(pod) === 'gateway')
  const namespaces = [...new Set(callers.map(({namespace}) => namespace))]
  const ruled = new Set(rules.map(({namespace}) => namespace))
  const own = new Set(writing.map(({namespace}) => namespace))
  const unruled = namespaces.find((namespace) => !ruled.has(namespace))
  const chosen = namespaces.filter((namespace) => unruled === undefined || own.has(namespace) || namespace === unruled)
  const selecting = new Set(
    writing.filter(({spec}) => (spec as DestinationRuleSpec).workloadSelector != null).map(({namespace}) => namespace),
  )
  const plain = chosen.map((namespace) => ({namespace, labels: {}}))
  return [...plain, ...onePerWorkload(callers.filter(({namespace}) => selecting.has(namespace)))]
}

/** Services with pods of the mesh behind them. */
function meshedServices(services: Service[], pods: readonly Pod[]): Map<Service, Pod[]> {
  return podsBehind(
    services,
    pods.filter((pod) => ['sidecar', 'ambient', 'proxyless'].includes(dataPlane(pod))),
  )
}
