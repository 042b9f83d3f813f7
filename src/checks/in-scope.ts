import {isFinished} from '../derive/membership.ts'
import type {Mesh} from '../model/mesh.ts'
import {type Asked, isInScope} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'

/** Judges a namespace: in the asked scope, and neither a root nor a control-plane namespace unless named literally. */
export function scopeOf(asked: Asked, meshes: Mesh[]): (namespace: string) => boolean {
  const own = new Set(meshes.flatMap((mesh) => [mesh.rootNamespace, mesh.namespace]))
  return (namespace) => isInScope(asked.scope, namespace, own.has(namespace) ? namespace : '')
}

/** Namespaces in scope, those being deleted included: until they are gone their pods answer. */
export function namespacesInScope(namespaces: Namespace[], asked: Asked, meshes: Mesh[]): Namespace[] {
  const inScope = scopeOf(asked, meshes)
  return namespaces.filter(({name}) => inScope(name))
}

/** Pods in scope that have not ended (rule 22); those that are leaving still answer, as in the rows of the verdict. */
export function podsInScope(pods: Pod[], asked: Asked, meshes: Mesh[]): Pod[] {
  const inScope = scopeOf(asked, meshes)
  return pods.filter((pod) => !isFinished(pod) && inScope(pod.namespace))
}
