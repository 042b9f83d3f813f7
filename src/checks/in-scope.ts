import {distinctPods} from '../derive/alike-pods.ts'
import {kept} from '../derive/kept.ts'
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
export const podsInScope = kept((pods: Pod[], asked: Asked, meshes: Mesh[]): readonly Pod[] => {
  const inScope = scopeOf(asked, meshes)
  return pods.filter((pod) => !isFinished(pod) && inScope(pod.namespace))
})

/** The same without those that are like the one before (derive/alike-pods.ts): enough for whatever is said of workloads. */
export const distinctPodsInScope = kept((pods: Pod[], asked: Asked, meshes: Mesh[]): readonly Pod[] =>
  distinctPods(podsInScope(pods, asked, meshes)),
)
