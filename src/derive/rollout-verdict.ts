import type {Caller} from '../model/forecast.ts'
import type {PlainCall} from '../model/traffic.ts'
import type {Container, Pod} from '../model/workload.ts'
import {machineryOf} from './machinery.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {isFinished} from './membership.ts'

/** A caller that STRICT broke, and how that showed, as one clause. */
export interface Broken {
  caller: Caller
  how: string
}

/** How the pods of a cluster are, as far as a broken caller shows in them. */
export type Health = ReadonlyMap<string, {caller: Caller; ready: boolean; restarts: number}>

/** The health of every pod that may suffer, by uid; the cluster's own machinery calls no workload, and what ended does so on its own. */
export function healthOf(pods: readonly Pod[], known: Pick<Snapshot, 'controlPlane'>): Health {
  const isMachinery = machineryOf(known)
  return new Map(
    pods
      .filter((pod) => !isFinished(pod) && !pod.terminating && !isMachinery(pod))
      .map((pod) => [
        pod.uid || `${pod.namespace}/${pod.name}`,
        {caller: {...pod.workload, namespace: pod.namespace}, ready: pod.ready, restarts: restartsOf(pod)},
      ]),
  )
}

/** Who lost its readiness or was started anew since; a pod that came or went meanwhile says nothing. */
export function brokenSince(before: Health, now: Health): Broken[] {
  return [...now].flatMap(([uid, {caller, ready, restarts}]) => {
    const was = before.get(uid)
    if (was === undefined) return []
    if (was.ready && !ready) return [{caller, how: 'a pod of it lost its readiness'}]
    return restarts > was.restarts ? [{caller, how: 'a container of it was started anew'}] : []
  })
}

/** Whose plain calls the servers refused: lines of their access logs that were not there before the change. */
export function refusedSince(before: readonly PlainCall[], now: readonly PlainCall[], pods: readonly Pod[]): Broken[] {
  const known = new Map(before.filter(({refused}) => refused).map((call) => [callKey(call), call.last]))
  return now
    .filter((call) => call.refused && call.last > (known.get(callKey(call)) ?? ''))
    .map(({namespace, pod, port, address}) => {
      const caller = pods.find(({ips, hostNetwork}) => !hostNetwork && ips.includes(address))
      return {
        caller: caller === undefined ? {kind: 'address', namespace: '', name: address} : {...caller.workload, namespace: caller.namespace},
        how: `\`${namespace}/${pod}\` refused its plain call to port ${port}`,
      }
    })
}

/** One string for each broken caller: to tell what lasts from what passes. */
export function brokenKey({caller, how}: Broken): string {
  return `${caller.kind} ${caller.namespace}/${caller.name}: ${how}`
}

function callKey({namespace, pod, port, address}: PlainCall): string {
  return `${namespace}/${pod}:${port} ${address}`
}

function restartsOf({containers, initContainers}: Pod): number {
  return [...containers, ...initContainers].reduce((sum, {restarts = 0}: Container) => sum + restarts, 0)
}
