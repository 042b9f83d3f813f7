import type {IstioObject} from '../model/policy.ts'
import {isSubset, type Labels} from './label-selector.ts'
import {isOfRevision} from './policies-visible.ts'
import {oldestFirst} from './policy-index.ts'

/** A traffic policy, as far as mutual TLS cares. */
export interface TrafficPolicy {
  tls?: ClientTlsSettings
  loadBalancer?: {simple?: string}
  portLevelSettings?: {port?: {number?: number}; tls?: ClientTlsSettings; loadBalancer?: {simple?: string}}[]
}

/** `mode` absent is enum 0, DISABLE (rule 50). */
export interface ClientTlsSettings {
  mode?: string
  sni?: string
  credentialName?: string
}

export interface DestinationRuleSpec {
  host?: string
  trafficPolicy?: TrafficPolicy
  subsets?: {name?: string; trafficPolicy?: TrafficPolicy}[]
  exportTo?: string[]
  workloadSelector?: {matchLabels?: Labels}
}

/** One or several DestinationRules of a host, merged as Istio merges them; each part remembers the object it came from. */
export interface MergedRule {
  rule: IstioObject
  host: string
  exportTo: ReadonlySet<string>
  selector: Labels | null
  trafficPolicy: {value: TrafficPolicy; from: IstioObject} | null
  subsets: {name: string; trafficPolicy: TrafficPolicy | null; from: IstioObject}[]
}

/** The DestinationRules of a mesh, by namespace and host. */
export interface DestinationRuleIndex {
  rootNamespace: string
  /** All of a namespace's rules that its own clients see. */
  local: Map<string, Hosts>
  /** Those that other namespaces may see. */
  exported: Map<string, Hosts>
  /** Rules of the root namespace that are exported to itself alone. */
  rootLocal: Hosts
}

type Hosts = Map<string, MergedRule[]>

/** A client or its pod, as rules select it. */
export interface Client {
  namespace: string
  labels: Labels
}

/** Files and merges rules once (model/push_context.go:setDestinationRules, destination_rule.go:mergeDestinationRule; rule 51). */
export function destinationRuleIndex(rules: readonly IstioObject[], rootNamespace: string, revision = ''): DestinationRuleIndex {
  const index: DestinationRuleIndex = {rootNamespace, local: new Map(), exported: new Map(), rootLocal: new Map()}
  for (const rule of [...rules].filter((each) => isOfRevision(each, revision)).sort(bySelectorThenAge)) {
    const merged = mergedRuleFrom(rule)
    const {exportTo} = merged
    if (exportTo.size === 0 || ['*', '.', rule.namespace].some((to) => exportTo.has(to)))
      merge(hostsOf(index.local, rule.namespace), merged)
    if (!(exportTo.size === 1 && (exportTo.has('.') || exportTo.has(rule.namespace))))
      merge(hostsOf(index.exported, rule.namespace), merged)
    else if (rule.namespace === rootNamespace) merge(index.rootLocal, merged)
  }
  return index
}

/**
 * The rule in force for a client's calls to a host, or null: the client's namespace, then the service's, then the root one, the first
 * namespace with a match wins; a rule with a selector counts only for matching clients of its own namespace (rule 51,
 * push_context.go:destinationRule, sidecar.go:DestinationRule).
 */
export function destinationRuleFor(index: DestinationRuleIndex, client: Client, host: string, serviceNamespace: string): MergedRule | null {
  const own = client.namespace === index.rootNamespace ? index.rootLocal : index.local.get(client.namespace)
  const found =
    mostSpecific(own, host) ??
    visible(mostSpecific(index.exported.get(serviceNamespace), host), client) ??
    visible(mostSpecific(index.exported.get(index.rootNamespace), host), client) ??
    []
  const selected = found.find(
    ({rule, selector}) => rule.namespace === client.namespace && selector !== null && isSubset(selector, client.labels),
  )
  return selected ?? found.findLast(({selector}) => selector === null) ?? null
}

/** A host as Istio reads it: a name without a dot gets the rule's namespace, any other is taken as written (model/config.go:ResolveShortnameToFQDN). */
export function fullHost(host: string, namespace: string): string {
  return host === '' || host === '*' || host.includes('.') || host.includes(':') ? host : `${host}.${namespace}.svc.cluster.local`
}

function mergedRuleFrom(rule: IstioObject): MergedRule {
  const {host = '', trafficPolicy, subsets = [], exportTo = [], workloadSelector} = rule.spec as DestinationRuleSpec
  return {
    rule,
    host: fullHost(host, rule.namespace),
    // A rule with a selector never leaves its namespace.
    exportTo: new Set(workloadSelector == null ? exportTo : ['.']),
    selector: workloadSelector == null ? null : (workloadSelector.matchLabels ?? {}),
    trafficPolicy: trafficPolicy == null ? null : {value: trafficPolicy, from: rule},
    subsets: subsets.map((subset) => ({name: subset.name ?? '', trafficPolicy: subset.trafficPolicy ?? null, from: rule})),
  }
}

/** Rules of one host are merged where their exportTo and selectors agree; subsets add up, the first traffic policy stays. */
function merge(hosts: Hosts, incoming: MergedRule): void {
  const known = hosts.get(incoming.host) ?? []
  let isSeparate = true
  for (const [at, existing] of known.entries()) {
    const covers = [...existing.exportTo].every((to) => incoming.exportTo.has(to))
    const isEqual = covers && incoming.exportTo.size === existing.exportTo.size
    isSeparate = !isEqual
    if (!isEqual && !(existing.exportTo.size > 0 && covers)) continue
    const [a, b] = [existing.selector, incoming.selector]
    if (a !== null && b !== null && !(isSubset(a, b) && isSubset(b, a))) {
      isSeparate = true
      continue
    }
    if ((a === null) === (b === null)) isSeparate = false
    const names = new Set(existing.subsets.map(({name}) => name))
    const subsets = [...existing.subsets, ...incoming.subsets.filter(({name}) => !names.has(name))]
    known[at] = {...existing, subsets, trafficPolicy: existing.trafficPolicy ?? incoming.trafficPolicy}
  }
  hosts.set(incoming.host, isSeparate ? [...known, incoming] : known)
}

/** The exact host, else the longest matching wildcard, by name among equals (model/config.go:MostSpecificHostMatch). */
function mostSpecific(hosts: Hosts | undefined, host: string): MergedRule[] | undefined {
  const exact = hosts?.get(host)
  if (exact) return exact
  const wildcards = [...(hosts?.keys() ?? [])].filter((each) => each.startsWith('*') && host.endsWith(each.slice(1)))
  const [best] = wildcards.sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
  return best === undefined ? undefined : hosts?.get(best)
}

function visible(found: MergedRule[] | undefined, client: Client): MergedRule[] | undefined {
  const seen = found?.filter(({exportTo}) => exportTo.size === 0 || exportTo.has('*') || exportTo.has(client.namespace))
  return seen?.length ? seen : undefined
}

function hostsOf(namespaces: Map<string, Hosts>, namespace: string): Hosts {
  const hosts = namespaces.get(namespace) ?? new Map<string, MergedRule[]>()
  namespaces.set(namespace, hosts)
  return hosts
}

function bySelectorThenAge(a: IstioObject, b: IstioObject): number {
  const hasSelector = ({spec}: IstioObject) => Number((spec as DestinationRuleSpec).workloadSelector != null)
  return hasSelector(b) - hasSelector(a) || oldestFirst(a, b)
}
