import type {IstioObject, ObjectMeta} from '../model/policy.ts'
import type {Ref} from '../model/ref.ts'
import type {Pod} from '../model/workload.ts'

/** The ref of an object of `kind`, with its file and line where a manifest holds it. */
export function refOf(kind: string, object: Pick<ObjectMeta, 'name' | 'file' | 'line'> & {namespace?: string}): Ref {
  const {namespace, name, file, line} = object
  return {kind, ...(namespace === undefined ? {} : {namespace}), name, ...(file === undefined ? {} : {file, line})}
}

/** The ref of an Istio object, which knows its kind. */
export function istioRef(object: IstioObject): Ref {
  return refOf(object.kind, object)
}

/** The controller to change for a pod: never the pod itself, which is replaced at the next rollout. */
export function workloadRef(pod: Pod): Ref {
  return refOf(pod.workload.kind, {...pod, name: pod.workload.name})
}

/** The id of a port row in `Finding.endpoints`; `*` stands for all undeclared ports. */
export function rowId(pod: Pod, port: number | null): string {
  return `${workloadId(pod)}:${port ?? '*'}`
}

/** `namespace/Kind/name`: the same for all pods of a workload. */
export function workloadId(pod: Pod): string {
  return `${pod.namespace}/${pod.workload.kind}/${pod.workload.name}`
}

/** One pod of each workload, in order of first appearance. */
export function onePerWorkload(pods: readonly Pod[]): Pod[] {
  return [...Map.groupBy(pods, workloadId).values()].flatMap((group) => group.slice(0, 1))
}

/** `Deployment a, StatefulSet b`: the workloads of pods, each once, sorted. */
export function workloadList(pods: Pod[]): string {
  return [...new Set(pods.map((pod) => `${pod.workload.kind} ${pod.workload.name}`))].sort().join(', ')
}
