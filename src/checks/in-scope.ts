import {isFinished} from '../derive/membership.ts'
import {scopeOf} from '../derive/scope-of.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'

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
