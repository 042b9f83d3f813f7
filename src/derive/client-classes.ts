import type {Caller} from '../model/forecast.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import type {DestinationRuleSpec} from './destination-rules.ts'
import {meshFor} from './mesh-for.ts'
import type {PossibleCaller} from './possible-callers.ts'

/** Clients for whom every DestinationRule says the same: one pod speaks for all of them. */
export interface ClientClass {
  caller: Caller
  pod: Pod
  mesh: Mesh
  plane: 'sidecar' | 'ambient'
  /** Does its proxy tunnel to endpoints that know no other mutual TLS (rule 57)? */
  tunnels: boolean
}

/**
 * Groups the clients of the mesh: those of a namespace with DestinationRules by themselves (each workload where a rule selects clients by
 * label), all others together, for only rules exported to everybody reach them (rule 51).
 */
export function clientClasses(callers: readonly PossibleCaller[], rules: readonly IstioObject[], meshes: readonly Mesh[]): ClientClass[] {
  const ruled = new Set(rules.flatMap(({namespace, spec}) => [namespace, ...((spec as DestinationRuleSpec).exportTo ?? [])]))
  const selecting = new Set(
    rules.filter(({spec}) => (spec as DestinationRuleSpec).workloadSelector != null).map(({namespace}) => namespace),
  )
  const classes = new Map<string, ClientClass>()
  for (const {plane, pods, caller} of callers) {
    if (plane !== 'sidecar' && plane !== 'gateway' && plane !== 'ambient') continue
    for (const pod of pods) {
      const mesh = meshFor(pod, meshes)
      const isAmbient = plane === 'ambient'
      const tunnels = isAmbient || pod.containers.concat(pod.initContainers).some(({env}) => env['ISTIO_META_ENABLE_HBONE'] === 'true')
      const namespace = !isAmbient && (ruled.has(pod.namespace) || pod.namespace === mesh.rootNamespace) ? pod.namespace : ''
      const isOwn = namespace !== '' && selecting.has(namespace)
      const key = [
        isAmbient,
        namespace,
        isOwn ? JSON.stringify([caller, pod.labels]) : '',
        tunnels,
        mesh.revision,
        mesh.rootNamespace,
      ].join('\n')
      const group = {kind: isAmbient ? 'ambient workloads' : 'sidecars', namespace, name: ''}
      if (!classes.has(key))
        classes.set(key, {caller: isOwn ? caller : group, pod, mesh, plane: isAmbient ? 'ambient' : 'sidecar', tunnels})
    }
  }
  return [...classes.values()]
}
