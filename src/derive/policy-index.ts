import type {PeerAuthentication} from '../model/policy.ts'
import type {Ref} from '../model/ref.ts'
import {type LabelIndex, labelIndex} from './label-index.ts'
import type {Labels} from './label-selector.ts'

/** The visible PeerAuthentications by level, each list oldest first: the head of a list hides the rest (rules 9, 11). */
export interface PolicyIndex {
  rootNamespace: string
  mesh: PeerAuthentication[]
  namespaces: Map<string, NamespacePolicies>
}

/** One namespace's policies; a selector in the root namespace has no level and is nowhere (rule 9). */
export interface NamespacePolicies {
  namespace: PeerAuthentication[]
  workload: LabelIndex<PeerAuthentication>
}

/** The policies that could apply to one workload, oldest first in each level. */
export interface PolicyLevels {
  mesh: PeerAuthentication[]
  namespace: PeerAuthentication[]
  workload: PeerAuthentication[]
}

/** Sorts and files policies once, so that each workload meets only its own; give it what `policiesVisible` returns. */
export function policyIndex(visible: readonly PeerAuthentication[], rootNamespace: string): PolicyIndex {
  const sorted = [...visible].sort(oldestFirst)
  const byNamespace = Map.groupBy(sorted, (policy) => policy.namespace)
  const namespaces = new Map<string, NamespacePolicies>()
  for (const [namespace, policies] of byNamespace) {
    if (namespace === rootNamespace) continue
    const workload = policies.filter(isWorkloadLevel)
    namespaces.set(namespace, {
      namespace: policies.filter((policy) => !isWorkloadLevel(policy)),
      workload: labelIndex(workload, (policy) => policy.selector ?? {}),
    })
  }
  const mesh = (byNamespace.get(rootNamespace) ?? []).filter((policy) => !isWorkloadLevel(policy))
  return {rootNamespace, mesh, namespaces}
}

/** Every policy of each level that reaches a workload, winner first: those behind the first are shadowed (rules 9 to 11). */
export function policiesByLevel(index: PolicyIndex, namespace: string, labels: Labels): PolicyLevels {
  const own = index.namespaces.get(namespace)
  return {mesh: index.mesh, namespace: own?.namespace ?? [], workload: own?.workload.matching(labels) ?? []}
}

/** True when a policy has a selector with at least one label; `selector: {}` widens to the whole namespace or mesh (rules 8, 9). */
export function isWorkloadLevel(policy: Pick<PeerAuthentication, 'selector'>): boolean {
  return policy.selector !== null && Object.keys(policy.selector).length > 0
}

/**
 * Istio's order: oldest, then bytewise smallest name, then namespace (rule 11, model/config.go:configCompareByCreationTime).
 * An object without a creation time is only being written: it comes after all that exist.
 */
export function oldestFirst(a: Pick<PeerAuthentication, Ordered>, b: Pick<PeerAuthentication, Ordered>): number {
  return compare(createdSecond(a), createdSecond(b)) || compare(a.name, b.name) || compare(a.namespace, b.namespace)
}

/** Seconds since the epoch at which the API server created an object; infinite when unknown. */
export function createdSecond({createdAt}: Pick<PeerAuthentication, 'createdAt'>): number {
  const moment = Date.parse(createdAt)
  return Number.isNaN(moment) ? Number.POSITIVE_INFINITY : Math.floor(moment / 1000)
}

/** Names a policy in findings and rows. */
export function policyRef({namespace, name, file, line}: PeerAuthentication): Ref {
  return {kind: 'PeerAuthentication', namespace, name, ...(file === undefined ? {} : {file}), ...(line === undefined ? {} : {line})}
}

type Ordered = 'createdAt' | 'name' | 'namespace'

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
