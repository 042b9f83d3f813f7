import type {Mesh} from '../model/mesh.ts'
import {type Asked, isInScope} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'

/** Judges a namespace: in the asked scope, and neither a root nor a control-plane namespace unless named literally. */
export function scopeOf(asked: Asked, meshes: Mesh[]): (namespace: string) => boolean {
  const own = new Set(meshes.flatMap((mesh) => [mesh.rootNamespace, mesh.namespace]))
  return (namespace) => isInScope(asked.scope, namespace, own.has(namespace) ? namespace : '')
}

/** Namespaces in scope that are not being deleted. */
export function namespacesInScope(namespaces: Namespace[], asked: Asked, meshes: Mesh[]): Namespace[] {
  const inScope = scopeOf(asked, meshes)
  return namespaces.filter((namespace) => namespace.phase !== 'Terminating' && inScope(namespace.name))
}

/** Pods in scope that serve or will: not finished, not being deleted (rule 22). */
export function podsInScope(pods: Pod[], asked: Asked, meshes: Mesh[]): Pod[] {
  const inScope = scopeOf(asked, meshes)
  return pods.filter((pod) => !pod.terminating && pod.phase !== 'Succeeded' && pod.phase !== 'Failed' && inScope(pod.namespace))
}
