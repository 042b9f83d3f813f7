import {entryEndpoints, isEntryVisible, type ServiceEntrySpec} from '../derive/client-service-entries.ts'
import {clusterTls, endpointTls, modeOf} from '../derive/client-tls.ts'
import {type DestinationRuleIndex, destinationRuleFor, destinationRuleIndex} from '../derive/destination-rules.ts'
import {dataPlane} from '../derive/membership.ts'
import {isOfRevision} from '../derive/policies-visible.ts'
import {scopeOf} from '../derive/scope-of.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {podsInScope} from './in-scope.ts'
import {onePerWorkload} from './subject.ts'

/** A tls block that clients of the mesh really follow towards a ServiceEntry behind which workloads of the mesh in scope answer. */
export interface EntrySetting {
  rule: IstioObject
  /** `port 80 of ServiceEntry shop/vm (cart.internal, subset v1)`. */
  place: string
  /** The pods among those workloads; a machine outside the cluster is none. */
  servers: Pod[]
}

interface EntryClients {
  mesh: Mesh[]
  destinationRules: IstioObject[]
  serviceEntries: IstioObject[]
  workloadEntries: IstioObject[]
  pods: Pod[]
}

/** A port of a ServiceEntry's host with workloads of the mesh behind it. */
interface MeshedPort {
  entry: IstioObject
  host: string
  port: number
  servers: Pod[]
}

/** Every tls block in force with one of these modes towards ServiceEntries, wherever they are located: it holds in and outside the mesh alike (rules 50 to 52, 55). */
export function entrySettings(parts: EntryClients, asked: Asked, modes: readonly string[]): EntrySetting[] {
  const {mesh, destinationRules, pods} = parts
  const meshed = meshedPorts(parts, asked)
  if (meshed.length === 0 || destinationRules.length === 0) return []
  const callers = onePerWorkload(pods.filter((pod) => dataPlane(pod) === 'sidecar' || dataPlane(pod) === 'gateway'))
  const found = new Map<string, EntrySetting>()
  for (const {rootNamespace, revision} of mesh) {
    const index = destinationRuleIndex(destinationRules, rootNamespace, revision)
    for (const port of meshed.filter(({entry}) => isOfRevision(entry, revision))) {
      for (const client of callers.filter(({namespace}) => isEntryVisible(port.entry, namespace))) {
        for (const setting of settingsOf(index, client, port, modes))
          found.set(`${setting.rule.namespace}/${setting.rule.name} ${setting.place}`, setting)
      }
    }
  }
  return [...found.values()]
}

function settingsOf(
  index: DestinationRuleIndex,
  client: Pod,
  {entry, host, port, servers}: MeshedPort,
  modes: readonly string[],
): EntrySetting[] {
  const merged = destinationRuleFor(index, client, host, entry.namespace)
  if (merged === null) return []
  return ['', ...merged.subsets.map(({name}) => name)].flatMap((subset) => {
    const written = clusterTls(merged, subset, port) ?? endpointTls(merged, subset, port)
    if (written === null || !modes.includes(modeOf(written.tls))) return []
    const place = `port ${port} of ServiceEntry ${entry.namespace}/${entry.name} (${host}${subset === '' ? '' : `, subset ${subset}`})`
    return [{rule: written.from, place, servers}]
  })
}

/** Behind an entry answer pods by selector or by address, and machines that clients believe to be in the mesh (rule 55). */
function meshedPorts({mesh, serviceEntries, workloadEntries, pods}: EntryClients, asked: Asked): MeshedPort[] {
  const inScope = scopeOf(asked, mesh)
  const meshed = podsInScope(pods, asked, mesh).filter((pod) => ['sidecar', 'ambient', 'proxyless'].includes(dataPlane(pod)))
  return serviceEntries.flatMap((entry) => {
    const {hosts = [], ports = []} = entry.spec as ServiceEntrySpec
    return hosts.flatMap((host) =>
      ports.flatMap(({number: port = 0}) => {
        const endpoints = entryEndpoints(entry, host, port, {pods: meshed, workloadEntries})
        const servers = meshed.filter((one) => endpoints.some(({pod, address}) => pod === one || one.ips.includes(address)))
        const isMachine = endpoints.some(({pod, tlsMode, namespace}) => pod === null && tlsMode === 'istio' && inScope(namespace))
        return servers.length > 0 || isMachine ? [{entry, host, port, servers}] : []
      }),
    )
  })
}
