import {proxyPorts} from '../derive/ports-of.ts'
import type {PortProbe, Probes} from '../model/evidence.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {podsInScope} from './in-scope.ts'

/** The probes of pods in scope, each with its pod; the proxy's own plain ports are left out (rule 35). */
export function probedRows(probes: Probes, pods: Pod[], asked: Asked, meshes: Mesh[]): {pod: Pod; probe: PortProbe}[] {
  const byName = new Map(podsInScope(pods, asked, meshes).map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  return probes.ports.flatMap((probe) => {
    const pod = byName.get(`${probe.namespace}/${probe.pod}`)
    return pod === undefined || proxyPorts(pod).has(probe.port) ? [] : [{pod, probe}]
  })
}
