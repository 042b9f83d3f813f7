import type {DataPlane} from '../model/endpoint.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Part} from '../model/part.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod, Service} from '../model/workload.ts'
import {oncePerAlike} from './alike-pods.ts'
import {type Capture, captureOf} from './capture.ts'
import {type DecidingPolicies, winners} from './effective-mode.ts'
import {type InboundFilters, inboundFilters} from './inbound-filters.ts'
import {dataPlane} from './membership.ts'
import {defaultMesh, meshFor} from './mesh-for.ts'
import {policiesVisible} from './policies-visible.ts'
import {type PolicyIndex, type PolicyLevels, policiesByLevel, policyIndex} from './policy-index.ts'
import {servicesOf} from './services-of.ts'
import {type IngressListener, ingressListeners, type SidecarFor, sidecarScopes} from './sidecar-scope.ts'

/** Everything of a snapshot that bears on one pod, gathered once for all its ports. */
export interface PodView {
  pod: Pod
  mesh: Mesh
  plane: DataPlane
  /** null unless a sidecar. */
  capture: Capture | null
  services: Service[]
  ingress: IngressListener[]
  levels: PolicyLevels
  deciding: DecidingPolicies
  /** EnvoyFilters that can change what the pod's inbound listeners accept. */
  filters: IstioObject[]
  /** What was not read and decides the mode, as one clause; '' when all was. */
  policiesUnread: string
  /** Why EnvoyFilters cannot be told, as one clause; '' when they were read. */
  filtersUnread: string
  /** Why Services' ports cannot be told, as one clause; '' when they were read. */
  servicesUnread: string
}

/** The parts that bear on a pod's ports. */
export type ViewParts = Pick<Snapshot, 'mesh' | 'namespaces' | 'services' | 'policies' | 'sidecars' | 'envoyFilters'>

/** Prepares a snapshot once (linear: everything is filed by namespace and label) and answers for any pod; pods that are alike share all but `pod`. */
export function podViews(snapshot: ViewParts): (pod: Pod) => PodView {
  const meshes = listOf(snapshot.mesh)
  const services = servicesOf(listOf(snapshot.services))
  const byRevision = new Map<string, RevisionView>()
  const revisionView = (mesh: Mesh) => {
    const key = `${mesh.revision} ${mesh.rootNamespace}`
    const view = byRevision.get(key) ?? revisionViewOf(snapshot, mesh)
    byRevision.set(key, view)
    return view
  }
  const filtersUnread = unreadText([['EnvoyFilters', snapshot.envoyFilters]])
  const servicesUnread = unreadText([['Services', snapshot.services]])
  const viewOf = oncePerAlike((pod): PodView => {
    const mesh = meshFor(pod, meshes)
    const view = revisionView(mesh)
    const plane = dataPlane(pod)
    const levels = policiesByLevel(view.policies, pod.namespace, pod.labels)
    return {
      pod,
      mesh,
      plane,
      capture: plane === 'sidecar' ? captureOf(pod) : null,
      services: services(pod),
      ingress: plane === 'sidecar' ? ingressListeners(view.sidecarFor(pod)) : [],
      levels,
      deciding: winners(levels),
      filters: plane === 'sidecar' ? view.filters(pod) : [],
      policiesUnread: view.policiesUnread,
      filtersUnread,
      servicesUnread,
    }
  })
  return (pod) => ({...viewOf(pod), pod})
}

interface RevisionView {
  policies: PolicyIndex
  sidecarFor: SidecarFor
  filters: InboundFilters
  policiesUnread: string
}

function revisionViewOf(snapshot: ViewParts, mesh: Mesh): RevisionView {
  const visible = policiesVisible(listOf(snapshot.policies), mesh, listOf(snapshot.namespaces))
  const deciding: [string, Part<unknown>][] = [
    ['PeerAuthentications', snapshot.policies],
    ['mesh configuration', snapshot.mesh],
  ]
  if (mesh.discoverySelectors.length > 0) deciding.push(['namespaces', snapshot.namespaces])
  return {
    policies: policyIndex(visible, mesh.rootNamespace),
    sidecarFor: sidecarScopes(listOf(snapshot.sidecars), mesh.rootNamespace),
    filters: inboundFilters(listOf(snapshot.envoyFilters), mesh.rootNamespace, mesh.revision),
    policiesUnread: unreadText(deciding),
  }
}

/** The root namespaces of a snapshot's meshes; Istio's default when none was read. */
export function rootNamespaces(snapshot: Pick<Snapshot, 'mesh'>): string[] {
  const meshes = listOf(snapshot.mesh)
  return [...new Set((meshes.length > 0 ? meshes : [defaultMesh]).map(({rootNamespace}) => rootNamespace))]
}

function listOf<T>(part: Part<T[]>): T[] {
  return part.read ? part.value : []
}

function unreadText(parts: [string, Part<unknown>][]): string {
  const unread = parts.flatMap(([name, part]) => (part.read ? [] : [`the ${name} were not read (${part.reason})`]))
  return unread.join(' and ')
}
