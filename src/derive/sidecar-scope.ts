import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {isSubset, type Labels} from './label-selector.ts'
import {oldestFirst} from './policy-index.ts'

/** A Sidecar's ingress listener as far as mutual TLS cares (rules 17, 36). */
export interface IngressListener {
  port: number
  bind: string
  captureMode: string
  hasTls: boolean
}

/** A Sidecar's spec, as far as it is read here. */
export interface SidecarSpec {
  workloadSelector?: {labels?: Labels}
  ingress?: {port?: {number?: number}; bind?: string; captureMode?: string; tls?: object}[]
}

/** Finds the Sidecar in force for a pod. */
export type SidecarFor = (pod: Pick<Pod, 'namespace' | 'labels'>) => IstioObject | null

/**
 * The Sidecar in force: of the pod's namespace, those with a matching selector first, oldest first; else the root namespace's without
 * a selector (model/push_context.go:doGetSidecarScope, sidecar.go:sortSidecarsByCreationTime).
 */
export function sidecarScopes(sidecars: readonly IstioObject[], rootNamespace: string): SidecarFor {
  const sorted = [...sidecars].sort((a, b) => Number(hasSelector(b)) - Number(hasSelector(a)) || oldestFirst(a, b))
  const byNamespace = Map.groupBy(sorted, ({namespace}) => namespace)
  const root = byNamespace.get(rootNamespace)?.find((sidecar) => !hasSelector(sidecar)) ?? null
  return ({namespace, labels}) => byNamespace.get(namespace)?.find((sidecar) => isSubset(selectorOf(sidecar), labels)) ?? root
}

/** The ingress listeners a Sidecar writes; [] means the Services decide. */
export function ingressListeners(sidecar: IstioObject | null): IngressListener[] {
  return ((sidecar?.spec as SidecarSpec | undefined)?.ingress ?? []).flatMap(({port, bind = '', captureMode = 'DEFAULT', tls}) =>
    port?.number === undefined ? [] : [{port: port.number, bind, captureMode, hasTls: tls !== undefined}],
  )
}

function hasSelector(sidecar: IstioObject): boolean {
  return (sidecar.spec as SidecarSpec).workloadSelector != null
}

function selectorOf(sidecar: IstioObject): Labels {
  return (sidecar.spec as SidecarSpec).workloadSelector?.labels ?? {}
}
