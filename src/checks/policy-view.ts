import {kept} from '../derive/kept.ts'
import {dataPlane} from '../derive/membership.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {policiesVisible} from '../derive/policies-visible.ts'
import {type PolicyIndex, policyIndex} from '../derive/policy-index.ts'
import type {Mesh} from '../model/mesh.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {distinctPodsInScope} from './in-scope.ts'

/** What one control plane sees: its mesh configuration and the policies it reads (rules 1 to 5). */
export interface PolicyView {
  mesh: Mesh
  index: PolicyIndex
}

interface Policied {
  mesh: Mesh[]
  namespaces: Namespace[]
  policies: PeerAuthentication[]
}

/** One view a mesh configuration. */
export function policyViews({mesh, namespaces, policies}: Policied): PolicyView[] {
  return mesh.map((one) => viewOf(one, namespaces, policies))
}

/** Finds the view of the control plane that a pod's proxy connects to (rule 3). */
export function viewFinder({mesh, namespaces, policies}: Policied): (pod: Pod) => PolicyView {
  const known = new Map<string, PolicyView>()
  return (pod) => {
    const own = meshFor(pod, mesh)
    const view = known.get(own.revision) ?? viewOf(own, namespaces, policies)
    known.set(own.revision, view)
    return view
  }
}

/** Pods in scope that a PeerAuthentication governs: sidecars, ambient and proxyless ones (rules 21, 22, 25, 26); of pods that are alike, one. */
export function governedPods(pods: Pod[], asked: Asked, meshes: Mesh[]): Pod[] {
  return distinctPodsInScope(pods, asked, meshes).filter((pod) => governed.has(dataPlane(pod)))
}

const governed = new Set(['sidecar', 'ambient', 'proxyless'])

/** True for a mode that lets plain text in, where a migration does not ask for it. */
export function isDowngrade(mode: string, asked: Asked): boolean {
  return mode === 'DISABLE' || (mode === 'PERMISSIVE' && asked.mtlsMode === 'STRICT')
}

const viewOf = kept(
  (mesh: Mesh, namespaces: Namespace[], policies: PeerAuthentication[]): PolicyView => ({
    mesh,
    index: policyIndex(policiesVisible(policies, mesh, namespaces), mesh.rootNamespace),
  }),
)
