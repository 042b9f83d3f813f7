import {meshFor} from '../derive/mesh-for.ts'
import type {Delivered, RunningProxy} from '../model/delivered.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {podsInScope} from './in-scope.ts'

/** A pod in scope whose proxy was read, with the mesh it belongs to. */
export interface ReadProxy {
  pod: Pod
  mesh: Mesh
  running: RunningProxy
}

/** Every pod in scope whose proxy was read. */
export function readProxies({proxies}: Delivered, pods: Pod[], asked: Asked, meshes: Mesh[]): ReadProxy[] {
  if (!proxies.some(({running}) => running.read)) return []
  const byName = new Map(podsInScope(pods, asked, meshes).map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  return proxies.flatMap(({namespace, pod: name, running}) => {
    const pod = byName.get(`${namespace}/${name}`)
    return pod === undefined || !running.read ? [] : [{pod, mesh: meshFor(pod, meshes), running: running.value}]
  })
}
