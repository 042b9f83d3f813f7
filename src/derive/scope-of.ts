import type {Mesh} from '../model/mesh.ts'
import {type Asked, isInScope} from '../model/snapshot.ts'
import {defaultMesh} from './mesh-for.ts'

/** Judges a namespace: in the asked scope, and neither a root nor a control-plane namespace unless named literally; of no mesh, Istio's default ones. */
export function scopeOf(asked: Pick<Asked, 'scope'>, meshes: readonly Mesh[]): (namespace: string) => boolean {
  const own = new Set((meshes.length > 0 ? meshes : [defaultMesh]).flatMap((mesh) => [mesh.rootNamespace, mesh.namespace]))
  return (namespace) => isInScope(asked.scope, namespace, own.has(namespace) ? namespace : '')
}
