import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Ref} from '../model/ref.ts'
import type {Pod, Service} from '../model/workload.ts'
import {
  type Client,
  type ClientTlsSettings,
  type DestinationRuleIndex,
  destinationRuleFor,
  type MergedRule,
  type TrafficPolicy,
} from './destination-rules.ts'
import {decidingPolicies, effectiveMode, modeOfLevels} from './effective-mode.ts'
import type {Labels} from './label-selector.ts'
import {type PolicyIndex, policyRef} from './policy-index.ts'
import {resolveTargetPort} from './target-port.ts'

/** What a sidecar sends to one endpoint: Istio's mutual TLS, TLS of the user's own, or plain text; and who decided. */
export interface ClientTls {
  sends: 'mtls' | 'foreign-tls' | 'plain-text'
  /** The DestinationRule or PeerAuthentication that decided; null: auto mutual TLS, its absence, or the endpoint's own label. */
  by: Ref | null
  /** One clause: why. */
  reason: string
}

/** What a client's decision hangs on besides the call. */
export interface ClientTlsContext {
  mesh: Pick<Mesh, 'enableAutoMtls'>
  rules: DestinationRuleIndex
  policies: PolicyIndex
}

/** One call: from a sidecar, through a Service's port and a subset ('' without), to one of its pods. */
export interface Call {
  client: Client
  service: Service
  /** The Service's port, never the container's (rule 52). */
  port: number
  subset: string
  server: Pod
  /** All pods of the Service: a headless one goes by its weakest (rule 54). */
  instances: readonly Pod[]
}

/** A host as clients know it, whether a Service or a ServiceEntry declares it (model/service.go:Service). */
export interface Destination {
  host: string
  namespace: string
  /** Why it is outside the mesh, so that there is no auto mutual TLS towards it; null: it is inside (rule 55). */
  external: string | null
  /** Dialled by the caller's own address: a headless Service, or resolution NONE. */
  isPassthrough: boolean
}

/** One endpoint of a host's port (model/service.go:IstioEndpoint). */
export interface DestinationEndpoint {
  namespace: string
  labels: Labels
  /** `istio` for one that is believed to be in the mesh (rules 24, 55). */
  tlsMode: string
  /** The endpoint's own port, for which its policies speak. */
  port: number
}

/** One call to a host, to one endpoint of its port; null: to an address that no endpoint has. */
export interface DestinationCall {
  client: Client
  destination: Destination
  port: number
  subset: string
  endpoint: DestinationEndpoint | null
  /** All endpoints of the port (rule 54). */
  endpoints: readonly DestinationEndpoint[]
}

/** What the client's sidecar sends to a Service's pod (rules 49 to 55). */
export function clientTls({client, service, port, subset, server, instances}: Call, context: ClientTlsContext): ClientTls {
  const {namespace} = service
  const external = service.type === 'ExternalName' ? 'an ExternalName Service is outside the mesh' : null
  const destination = {host: hostOf(service), namespace, external, isPassthrough: service.clusterIP === 'None'}
  const target = service.ports.find((each) => each.port === port)
  const resolve = (pod: Pod) => (target === undefined ? port : resolveTargetPort(pod, target))
  const endpointOf = (pod: Pod, at: number) => ({namespace: pod.namespace, labels: pod.labels, tlsMode: tlsLabel(pod), port: at})
  // A pod on which a named port does not resolve is no endpoint of that port.
  const endpoints = instances.flatMap((pod) => {
    const at = resolve(pod)
    return at === null ? [] : [endpointOf(pod, at)]
  })
  return clientTlsTo({client, destination, port, subset, endpoint: endpointOf(server, resolve(server) ?? port), endpoints}, context)
}

/** What the client's sidecar sends to an endpoint of any host (rules 49 to 55; core/cluster_tls.go:buildUpstreamTLSSettings, xds/endpoints/mtls_checker.go). */
export function clientTlsTo(call: DestinationCall, {mesh, rules, policies}: ClientTlsContext): ClientTls {
  const {client, destination, endpoint, endpoints, port, subset} = call
  const rule = destinationRuleFor(rules, client, destination.host, destination.namespace)
  const written = rule === null ? null : clusterTls(rule, subset, port)
  if (written !== null) return asWritten(written, rule)
  if (destination.external !== null) return plain(null, destination.external)
  if (!mesh.enableAutoMtls) return plain(null, 'auto mutual TLS is off and no DestinationRule asks for it')
  if (goesByWeakest(destination, rule, subset) && (endpoints.length === 0 || endpoints.some(({tlsMode}) => tlsMode === 'disabled')))
    return plain(null, 'a headless or PASSTHROUGH host with an endpoint outside the mesh gets plain text everywhere')
  const inferred = inferredMode(policies, destination.namespace)
  if (inferred.mode === 'DISABLE')
    return plain(inferred.by && policyRef(inferred.by), 'the namespace or mesh disables mutual TLS, workload policies aside')
  if (isOriginalDestination(destination, rule, subset, port))
    return {sends: 'mtls', by: null, reason: 'auto mutual TLS, to whatever address the caller dialled'}
  // Endpoints inherit what clusters do not: a port entry without tls ends in the rule's own mode here.
  const inherited = rule === null ? null : endpointTls(rule, subset, port)
  if (inherited !== null && modeOf(inherited.tls) !== 'ISTIO_MUTUAL')
    return plain(refOf(inherited.from), "the port entry has no tls of its own, and endpoints inherit the rule's")
  // Whatever was inherited: an endpoint without the label gets no mark to match (networking/util:AppendLbEndpointMetadata).
  if (endpoint?.tlsMode !== 'istio') return plain(null, 'the endpoint is not labelled as part of the mesh')
  const served = effectiveMode(decidingPolicies(policies, endpoint.namespace, endpoint.labels), endpoint.port)
  if (inherited === null && served.mode === 'DISABLE')
    return plain(served.by && policyRef(served.by), "the endpoint's own policy disables mutual TLS")
  return {sends: 'mtls', by: null, reason: 'auto mutual TLS'}
}

/** The host name by which Istio knows a Service. */
export function hostOf({name, namespace}: Pick<Service, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc.cluster.local`
}

/** A tls block and the rule that wrote it. */
export interface WrittenTls {
  tls: ClientTlsSettings
  from: IstioObject
}

/** The tls block that a cluster gets: subset port, subset, rule port, rule; a port entry replaces all of its level (networking/util:MergeSubsetTrafficPolicy, rule 52). */
export function clusterTls(rule: MergedRule, subset: string, port: number): WrittenTls | null {
  const chosen = subset === '' ? undefined : rule.subsets.find(({name}) => name === subset)
  const own = portTls(chosen?.trafficPolicy, port)
  // A port entry of the subset stands even without tls: the levels above are then out of the game.
  if (chosen && (own.tls || own.isPortLevel)) return own.tls ? {tls: own.tls, from: chosen.from} : null
  const whole = portTls(rule.trafficPolicy?.value, port)
  return whole.tls && rule.trafficPolicy ? {tls: whole.tls, from: rule.trafficPolicy.from} : null
}

/** The tls block by which endpoints are marked: there a port entry without tls inherits (xds/endpoints/mtls_checker.go:tlsModeForDestinationRule). */
export function endpointTls(rule: MergedRule, subset: string, port: number): WrittenTls | null {
  const chosen = subset === '' ? undefined : rule.subsets.find(({name}) => name === subset)
  if (subset !== '' && chosen === undefined) return null
  const own = inheritingTls(chosen?.trafficPolicy, port)
  if (chosen && own) return {tls: own, from: chosen.from}
  const whole = inheritingTls(rule.trafficPolicy?.value, port)
  return whole && rule.trafficPolicy ? {tls: whole, from: rule.trafficPolicy.from} : null
}

/** Enum 0 is DISABLE: a tls block without a mode sends plain text (rule 50). */
export function modeOf({mode}: ClientTlsSettings): string {
  return mode ?? 'DISABLE'
}

function asWritten({tls, from}: WrittenTls, rule: MergedRule | null): ClientTls {
  const by = refOf(from)
  const mode = modeOf(tls)
  if (mode === 'ISTIO_MUTUAL') return {sends: 'mtls', by, reason: 'the rule demands ISTIO_MUTUAL'}
  if (mode === 'DISABLE')
    return plain(by, tls.mode === undefined ? 'a tls block without a mode means DISABLE' : "the rule's mode is DISABLE")
  // Secrets are withheld from sidecars unless the rule selects its workloads, and then no TLS is left at all.
  const credential = tls.credentialName ?? ''
  if (credential !== '' && !credential.startsWith('configmap://') && rule?.selector === null)
    return plain(by, `mode ${mode} with a credentialName has no effect in sidecars without a workloadSelector`)
  return {sends: 'foreign-tls', by, reason: `the rule's mode ${mode} uses certificates of its own`}
}

function portTls(policy: TrafficPolicy | null | undefined, port: number): {tls: ClientTlsSettings | null; isPortLevel: boolean} {
  const entry = policy?.portLevelSettings?.find((each) => each.port?.number === port)
  return {tls: (entry ?? policy)?.tls ?? null, isPortLevel: entry !== undefined}
}

function inheritingTls(policy: TrafficPolicy | null | undefined, port: number): ClientTlsSettings | null {
  const entry = policy?.portLevelSettings?.find((each) => each.port?.number === port && each.tls != null)
  return entry?.tls ?? policy?.tls ?? null
}

/** Only these ask all endpoints first: port entries and what a subset inherits are not looked at (push_context.go:BestEffortInferServiceMTLSMode, rule 54). */
function goesByWeakest({isPassthrough: always}: Destination, rule: MergedRule | null, subset: string): boolean {
  const policy = subset === '' ? rule?.trafficPolicy?.value : subsetPolicy(rule, subset)
  return always || isPassthrough(policy)
}

/** Such a cluster knows no endpoints, so none is told apart by its label (core/cluster_builder.go:buildSubsetCluster, cluster_traffic_policy.go:applyLoadBalancer). */
function isOriginalDestination({isPassthrough: always}: Destination, rule: MergedRule | null, subset: string, port: number): boolean {
  const whole = portPolicy(rule?.trafficPolicy?.value, port)
  if (always || isPassthrough(whole)) return true
  const policy = subsetPolicy(rule, subset)
  // The subset's own setting counts even beside a port entry that replaces it.
  return isPassthrough(policy) || isPassthrough(portPolicy(policy, port))
}

function isPassthrough(policy: Pick<TrafficPolicy, 'loadBalancer'> | null | undefined): boolean {
  return policy?.loadBalancer?.simple === 'PASSTHROUGH'
}

function portPolicy(policy: TrafficPolicy | null | undefined, port: number): Pick<TrafficPolicy, 'loadBalancer'> | null | undefined {
  return policy?.portLevelSettings?.find((each) => each.port?.number === port) ?? policy
}

function subsetPolicy(rule: MergedRule | null, subset: string): TrafficPolicy | null | undefined {
  return subset === '' ? null : rule?.subsets.find(({name}) => name === subset)?.trafficPolicy
}

/** Mesh and namespace policies alone, without any: PERMISSIVE (push_context.go:BestEffortInferServiceMTLSMode, rule 53). */
function inferredMode(policies: PolicyIndex, namespace: string): ReturnType<typeof modeOfLevels> {
  return modeOfLevels([policies.mesh[0] ?? null, policies.namespaces.get(namespace)?.namespace[0] ?? null])
}

/** What clients believe of an endpoint (model/service.go:GetTLSModeFromEndpointLabels, rule 24). */
export function tlsLabel({labels}: Pick<Pod, 'labels'>): string {
  return labels['security.istio.io/tlsMode'] ?? 'disabled'
}

function refOf({kind, namespace, name, file, line}: IstioObject): Ref {
  return {kind, namespace, name, ...(file === undefined ? {} : {file}), ...(line === undefined ? {} : {line})}
}

function plain(by: Ref | null, reason: string): ClientTls {
  return {sends: 'plain-text', by, reason}
}
