import {isSameJson} from '../model/same-json.ts'
import type {Pod} from '../model/workload.ts'

/**
 * True for pods that configuration cannot tell apart, such as most of a workload: what decides which ports they have and the mode of each is
 * the same. Names, nodes, states and addresses of the same families may differ.
 */
export function isAlike(a: Pod, b: Pod): boolean {
  return (
    a.namespace === b.namespace &&
    a.hostNetwork === b.hostNetwork &&
    isSameJson(a.workload, b.workload) &&
    isSameJson(a.labels, b.labels) &&
    isSameJson(a.annotations, b.annotations) &&
    isSameJson(a.containers, b.containers) &&
    isSameJson(a.initContainers, b.initContainers) &&
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
