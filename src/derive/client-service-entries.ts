import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {type ClientTls, type ClientTlsContext, clientTlsTo, type Destination, type DestinationEndpoint, tlsLabel} from './client-tls.ts'
import type {Client} from './destination-rules.ts'
import {isSubset, type Labels} from './label-selector.ts'
import {resolveTargetPort} from './target-port.ts'

/** A ServiceEntry's spec, as far as mutual TLS cares; `location` absent is enum 0, MESH_EXTERNAL (rule 55). */
export interface ServiceEntrySpec {
  hosts?: string[]
  location?: string
  resolution?: string
  exportTo?: string[]
  ports?: {number?: number; name?: string; targetPort?: number}[]
  endpoints?: WorkloadEntrySpec[]
  workloadSelector?: {labels?: Labels} | null
}

/** A WorkloadEntry's spec, also inline in a ServiceEntry. */
export interface WorkloadEntrySpec {
  address?: string
  labels?: Labels
  serviceAccount?: string
  ports?: Record<string, number>
}

/** An endpoint of a ServiceEntry; `address` as written, the host itself where nobody wrote one; `pod`: the one that was selected, or null. */
export interface EntryEndpoint extends DestinationEndpoint {
  address: string
  pod: Pod | null
}

/** What a ServiceEntry may select. */
export interface Workloads {
  pods: readonly Pod[]
  workloadEntries: readonly IstioObject[]
}

/** One call: from a sidecar, to a port of a ServiceEntry's host; `endpoint` null: to an address that no endpoint has. */
export interface EntryCall {
  client: Client
  entry: IstioObject
  host: string
  port: number
  subset: string
  endpoint: EntryEndpoint | null
  endpoints: readonly EntryEndpoint[]
}

/** What the client's sidecar sends to an endpoint of a ServiceEntry (rules 49 to 55, serviceentry/conversion.go:convertServices). */
export function clientTlsToEntry({entry, host, ...call}: EntryCall, context: ClientTlsContext): ClientTls {
  return clientTlsTo({...call, destination: entryDestination(entry, host)}, context)
}

/** A host of a ServiceEntry as clients know it: its namespace is the entry's (serviceentry/conversion.go:convertServices). */
export function entryDestination(entry: IstioObject, host: string): Destination {
  const {location, resolution = 'NONE'} = specOf(entry)
  const external = location === 'MESH_INTERNAL' ? null : 'a ServiceEntry with location MESH_EXTERNAL is outside the mesh'
  return {host, namespace: entry.namespace, external, isPassthrough: resolution === 'NONE'}
}

/** True when clients of a namespace see a ServiceEntry's hosts at all; else they call past it (rule 56, model/push_context.go:IsServiceVisible). */
export function isEntryVisible(entry: IstioObject, namespace: string): boolean {
  const {exportTo = []} = specOf(entry)
  return exportTo.length === 0 || exportTo.some((to) => to === '*' || to === namespace || (to === '.' && namespace === entry.namespace))
}

/** Who answers at a port of a ServiceEntry's host: what it selects, else what it lists, else by DNS the host itself (serviceentry/conversion.go:services). */
export function entryEndpoints(entry: IstioObject, host: string, port: number, workloads: Workloads): EntryEndpoint[] {
  const spec = specOf(entry)
  const declared = spec.ports?.find(({number}) => number === port)
  const name = declared?.name ?? ''
  const portOf = (named: number | null | undefined) => named || declared?.targetPort || port
  const inline = spec.endpoints ?? []
  const found =
    spec.workloadSelector != null
      ? selected(entry, spec.workloadSelector.labels ?? {}, workloads, (workload) => portOf(portNamed(name, workload)))
      : inline.length === 0 && isByDns(spec)
        ? [{namespace: entry.namespace, labels: {}, tlsMode: 'disabled', port: portOf(null), address: host, pod: null}]
        : inline.map((workload) => endpointOf(workload, entry.namespace, portOf(portNamed(name, workload))))
  // One endpoint a port is all that such a cluster takes (mergeServicesInstancesByNamespaceHost).
  return spec.resolution === 'DNS_ROUND_ROBIN' ? found.slice(0, 1) : found
}

/** What clients believe of a WorkloadEntry: its label, else whether it has a service account (serviceentry/conversion.go:getTLSModeFromWorkloadEntry, rule 55). */
export function workloadEntryTlsMode({labels, serviceAccount}: WorkloadEntrySpec): string {
  return labels?.['security.istio.io/tlsMode'] ?? ((serviceAccount ?? '') === '' ? 'disabled' : 'istio')
}

/** Pods first, then WorkloadEntries, by name; labels of the object's metadata win over those of its spec (ConvertWorkloadEntry). */
function selected(
  entry: IstioObject,
  selector: Labels,
  {pods, workloadEntries}: Workloads,
  portOf: (workload: Pod | WorkloadEntrySpec) => number,
): EntryEndpoint[] {
  const matches = (namespace: string, labels: Labels) => namespace === entry.namespace && isSubset(selector, labels)
  const ofPods = pods
    .filter(({namespace, labels}) => matches(namespace, labels))
    .sort(byName)
    .map((pod) => ({
      namespace: pod.namespace,
      labels: pod.labels,
      tlsMode: tlsLabel(pod),
      port: portOf(pod),
      address: pod.ips[0] ?? '',
      pod,
    }))
  const ofEntries = [...workloadEntries].sort(byName).flatMap(({namespace, labels, spec}) => {
    const written = spec as WorkloadEntrySpec
    const workload = {...written, labels: {...written.labels, ...labels}}
    if (!matches(namespace, workload.labels) || (!isByDns(specOf(entry)) && !isIp(written.address ?? ''))) return []
    return [endpointOf(workload, namespace, portOf(workload))]
  })
  return [...ofPods, ...ofEntries]
}

/** The port that a workload itself gives a name: a pod's container, a WorkloadEntry's map (kube/controller/pod.go:getPortMap). */
function portNamed(name: string, workload: Pod | WorkloadEntrySpec): number | null | undefined {
  if ('containers' in workload) return name === '' ? null : resolveTargetPort(workload, {targetPort: name, protocol: 'TCP'})
  return workload.ports?.[name]
}

function endpointOf(workload: WorkloadEntrySpec, namespace: string, port: number): EntryEndpoint {
  const {address = '', labels = {}} = workload
  return {namespace, labels, tlsMode: workloadEntryTlsMode(workload), port, address, pod: null}
}

function isByDns({resolution}: ServiceEntrySpec): boolean {
  return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
}

/** Host names and sockets are for DNS alone; no address at all is let through (convertWorkloadEntryToWorkloadInstance). */
function isIp(address: string): boolean {
  return address === '' || (!address.startsWith('unix://') && (address.includes(':') || /^[\d.]+$/.test(address)))
}

function byName(a: {name: string}, b: {name: string}): number {
  return a.name < b.name ? -1 : Number(a.name > b.name)
}

function specOf({spec}: IstioObject): ServiceEntrySpec {
  return spec as ServiceEntrySpec
}
