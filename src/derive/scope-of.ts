import type {Mesh} from '../model/mesh.ts'
import {type Asked, isInScope} from '../model/snapshot.ts'
import {defaultMesh} from './mesh-for.ts'

/** Judges a namespace: in the asked scope, and neither a root nor a control-plane namespace unless named literally; of no mesh, Istio's default ones. */
export function scopeOf(asked: Pick<Asked, 'scope'>, meshes: readonly Mesh[]): (namespace: string) => boolean {
  const own = new Set((meshes.length > 0 ? meshes : [defaultMesh]).flatMap((mesh) => [mesh.rootNamespace, mesh.namespace]))
  // Asked for every pod: ten thousand of them live in a few namespaces.
  const judged = new Map<string, boolean>()
  return (namespace) => {
    const known = judged.get(namespace)
    if (known !== undefined) return known
    const answer = isInScope(asked.scope, namespace, own.has(namespace) ? namespace : '')
    judged.set(namespace, answer)
    return answer
  }
}
