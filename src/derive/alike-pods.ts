import {isSameJson} from '../model/same-json.ts'
import type {Pod} from '../model/workload.ts'

/**
 * True for pods that configuration cannot tell apart, such as most of a workload: they are the same in all but their names, ages, nodes and
 * states, and in the addresses themselves where the families are the same.
 */
export function isAlike(a: Pod, b: Pod): boolean {
  return (
    a.namespace === b.namespace &&
    a.serviceAccount === b.serviceAccount &&
    a.hostNetwork === b.hostNetwork &&
    a.simulated === b.simulated &&
    isSameJson(a.workload, b.workload) &&
    isSameJson(a.labels, b.labels) &&
    isSameJson(a.annotations, b.annotations) &&
    isSameJson(a.containers, b.containers) &&
    isSameJson(a.initContainers, b.initContainers) &&
    isSameJson(a.securityContext, b.securityContext) &&
    hasSameFamilies(a.ips, b.ips)
  )
}

/** Rule 33: capture rules are written for the family of the first address. */
function hasSameFamilies(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((address, at) => address.includes(':') === b[at]?.includes(':'))
}

/** Asks once for neighbours that are alike: in a list the pods of one workload stand together. */
export function oncePerAlike<T>(answer: (pod: Pod) => T): (pod: Pod) => T {
  let last: {pod: Pod; value: T} | null = null
  return (pod) => {
    if (last === null || !isAlike(last.pod, pod)) last = {pod, value: answer(pod)}
    return last.value
  }
}

/** The first of each run of neighbours that are alike. */
export function distinctPods(pods: readonly Pod[]): Pod[] {
  let last: Pod | null = null
  return pods.filter((pod) => {
    if (last !== null && isAlike(last, pod)) return false
    last = pod
    return true
  })
}
