import type {DataPlane} from '../model/endpoint.ts'
import type {Caller} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {machineryOf} from './machinery.ts'
import {dataPlane, isFinished} from './membership.ts'
import {simulatedPod} from './simulated-pod.ts'

/** Pods of one workload that call alike; `asleep`: none runs now, its template may start one at any time. */
export interface PossibleCaller {
  caller: Caller
  plane: DataPlane
  pod: Pod
  pods: Pod[]
  asleep: boolean
}

/** Every workload that may call another, by data plane, and the pods that are the cluster's own machinery and do not. */
export function possibleCallers(snapshot: Snapshot): {callers: PossibleCaller[]; machinery: Pod[]} {
  const pods = snapshot.pods.read ? snapshot.pods.value.filter((pod) => !isFinished(pod)) : []
  const isMachinery = machineryOf(snapshot)
  const outside = (pod: Pod) => dataPlane(pod) === 'none' && isMachinery(pod)
  const groups = Map.groupBy([...pods.filter((pod) => !outside(pod)), ...asleep(snapshot, pods)], (pod) =>
    [pod.namespace, pod.workload.kind, pod.workload.name, dataPlane(pod), pod.hostNetwork].join('\n'),
  )
  return {
    callers: [...groups.values()].flatMap((group) => {
      const [pod] = group
      if (pod === undefined) return []
      const caller = {...pod.workload, namespace: pod.namespace}
      return [{caller, plane: dataPlane(pod), pod, pods: group, asleep: group.every(({simulated}) => simulated)}]
    }),
    machinery: pods.filter(outside),
  }
}

/** A CronJob between its runs, and what is scaled to nothing: as the pod that Istio would make of the template. A Job that ended runs no more. */
function asleep({templates, namespaces, controlPlane, asked}: Snapshot, pods: readonly Pod[]): Pod[] {
  if (!templates.read || asked.manifests === true) return []
  const live = new Set(pods.map(({namespace, workload}) => `${namespace}/${workload.kind}/${workload.name}`))
  const byName = new Map((namespaces.read ? namespaces.value : []).map((namespace) => [namespace.name, namespace]))
  const webhooks = controlPlane.read ? controlPlane.value.webhooks : []
  return templates.value
    .filter(({namespace, kind, name}) => kind !== 'Job' && kind !== 'DaemonSet' && !live.has(`${namespace}/${kind}/${name}`))
    .map((template) => simulatedPod(template, byName.get(template.namespace) ?? {name: template.namespace, labels: {}}, webhooks))
}
