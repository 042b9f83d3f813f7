import type {TurningRow} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {judgedPorts} from './judged-pods.ts'
import {isFinished} from './membership.ts'
import {type PodView, podViews} from './pod-view.ts'
import {proxyPorts} from './ports-of.ts'

/** A port of one pod that takes plain text now and will refuse it. */
export interface TurningPort {
  pod: Pod
  view: PodView
  port: number | null
}

/** The ports that turn STRICT, found by pod. */
export interface TurningPorts {
  all: TurningPort[]
  /** The turning port that answers for a number on a pod: its own, else the one for undeclared ports; null where nothing turns. */
  at(pod: Pick<Pod, 'namespace' | 'name'>, port: number): TurningPort | null
}

/**
 * Compares each port of each pod in the mesh, scope or not (a mesh-wide policy reaches beyond the scope), before and after; `before` null:
 * nothing is known of it (manifests), so every port that is STRICT afterwards counts.
 */
export function turningPorts(before: Snapshot | null, after: Snapshot): TurningPorts {
  const pods = after.pods.read ? after.pods.value.filter((pod) => !isFinished(pod) && !pod.terminating) : []
  const viewBefore = before === null ? null : podViews(before)
  const viewAfter = podViews(after)
  const byPod = new Map<string, Map<number | null, TurningPort>>()
  const declared = new Set<string>()
  const all: TurningPort[] = []
  for (const pod of pods) {
    const view = viewAfter(pod)
    if (!enforcing.has(view.plane)) continue
    const was =
      viewBefore === null ? null : new Map(judgedPorts(viewBefore(pod)).map((each) => [`${each.port}/${each.protocol}`, each.mode]))
    for (const {port, protocol, mode} of judgedPorts(view)) {
      if (protocol !== 'TCP') continue
      declared.add(`${podKey(pod)}:${port}`)
      if (!(mode.mode === 'STRICT' || mode.doubt !== '') || was?.get(`${port}/TCP`)?.mode === 'STRICT') continue
      // HBONE's own port demands a certificate whatever the policies say.
      if (was === null && mode.decidedBy === null) continue
      const turning = {pod, view, port}
      all.push(turning)
      const ports = byPod.get(podKey(pod)) ?? new Map<number | null, TurningPort>()
      byPod.set(podKey(pod), ports.set(port, turning))
    }
  }
  return {
    all,
    at(pod, port) {
      const ports = byPod.get(podKey(pod))
      const own = ports?.get(port)
      if (own !== undefined || declared.has(`${podKey(pod)}:${port}`)) return own ?? null
      const others = ports?.get(null) ?? null
      return others === null || proxyPorts(others.pod, others.view.services).has(port) ? null : others
    },
  }
}

/** The row of a report that a turning port belongs to. */
export function rowOf({pod, port}: TurningPort): TurningRow {
  return {namespace: pod.namespace, workload: pod.workload, port}
}

/** One string for each row. */
export function rowKey({namespace, workload, port}: TurningRow): string {
  return `${namespace}/${workload.kind}/${workload.name}:${port ?? '*'}`
}

/** Only these hold a PeerAuthentication (rules 21 to 27, 40). */
const enforcing: ReadonlySet<string> = new Set(['sidecar', 'ambient', 'proxyless'])

function podKey({namespace, name}: Pick<Pod, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}
