import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {isSubset, type Labels} from './label-selector.ts'
import {isOfRevision} from './policies-visible.ts'

/** An EnvoyFilter's spec, as far as it is read here. */
export interface EnvoyFilterSpec {
  workloadSelector?: {labels?: Labels}
  targetRefs?: unknown[]
  configPatches?: {applyTo?: string; match?: {context?: string}}[]
}

/** Finds the EnvoyFilters that can change what a pod's inbound listeners accept (rule 61). */
export type InboundFilters = (pod: Pick<Pod, 'namespace' | 'labels'>) => IstioObject[]

/** Files EnvoyFilters that touch inbound listeners; those of the root namespace reach every pod (model/push_context.go:getMatchedEnvoyFilters). */
export function inboundFilters(filters: readonly IstioObject[], rootNamespace: string, revision: string): InboundFilters {
  const touching = filters.filter((filter) => isOfRevision(filter, revision) && touchesInbound(filter.spec))
  return ({namespace, labels}) =>
    touching.filter(
      (filter) =>
        (filter.namespace === rootNamespace || filter.namespace === namespace) &&
        isSubset((filter.spec as EnvoyFilterSpec).workloadSelector?.labels ?? {}, labels),
    )
}

/** True when a patch can reach the listener, its filter chains or the bootstrap of a sidecar's inbound side; filters inside a chain come after TLS. */
export function touchesInbound(spec: EnvoyFilterSpec): boolean {
  if ((spec.targetRefs ?? []).length > 0) return false
  return (spec.configPatches ?? []).some(({applyTo = '', match}) => accepting.has(applyTo) && inbound.has(match?.context ?? 'ANY'))
}

const accepting = new Set(['LISTENER', 'FILTER_CHAIN', 'LISTENER_FILTER', 'BOOTSTRAP'])
const inbound = new Set(['ANY', 'SIDECAR_INBOUND'])
