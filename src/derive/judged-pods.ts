import type {RunningProxy} from '../model/delivered.ts'
import {isSameJson} from '../model/same-json.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {isAlike} from './alike-pods.ts'
import {HBONE} from './captured-port.ts'
import {listenerPorts} from './delivered-mode.ts'
import {deliveriesOf} from './delivered-port.ts'
import {isFinished} from './membership.ts'
import {type PodView, podViews, type ViewParts} from './pod-view.ts'
import {type PortMode, portMode} from './port-mode.ts'
import {type PodPort, portsOf} from './ports-of.ts'
import {scopeOf} from './scope-of.ts'

/** A port with its mode: what configuration says of it on one pod. */
export interface JudgedPort extends PodPort {
  mode: PortMode
  /** Named in the deciding policy's portLevelMtls: it does not share the workload's common mode. */
  ownMode: boolean
}

/** The parts that decide which rows there are, and the mode of each. */
export type JudgedParts = ViewParts & Pick<Snapshot, 'asked' | 'takenAt' | 'pods' | 'delivered'>

/** Neighbours in the snapshot that are alike, and run the same: one judgement holds for all of them. */
export interface JudgedGroup {
  pods: Pod[]
  /** Of the first. */
  view: PodView
  ports: JudgedPort[]
}

/** Every pod of the scope that has not ended, with the mode of each of its ports: what rows are made of, and probing is planned by. */
export function judgedGroups(snapshot: JudgedParts): JudgedGroup[] {
  const deliveries = deliveriesOf(snapshot.delivered, snapshot.takenAt)
  const viewOf = podViews(snapshot)
  const groups: JudgedGroup[] = []
  let last: {group: JudgedGroup; run: number[]} | null = null
  for (const pod of podsJudged(snapshot)) {
    const run = portsRun(deliveries.running(pod))
    if (last !== null && isAlike(last.group.view.pod, pod) && isSameJson(last.run, run)) {
      last.group.pods.push(pod)
      continue
    }
    const view = viewOf(pod)
    last = {group: {pods: [pod], view, ports: judgedPorts(view, run)}, run}
    groups.push(last.group)
  }
  return groups
}

/** The same pod by pod. */
export function judgedPods(snapshot: JudgedParts): {view: PodView; ports: JudgedPort[]}[] {
  return judgedGroups(snapshot).flatMap(({pods, view, ports}) => pods.map((pod) => ({view: {...view, pod}, ports})))
}

/** The same pods without their ports. */
export function judgedViews(snapshot: Omit<JudgedParts, 'delivered'>): PodView[] {
  return podsJudged(snapshot).map(podViews(snapshot))
}

function podsJudged({asked, mesh, pods}: Pick<JudgedParts, 'asked' | 'mesh' | 'pods'>): Pod[] {
  if (!pods.read) return []
  const inScope = scopeOf(asked, mesh.read ? mesh.value : [])
  return pods.value.filter((pod) => !isFinished(pod) && inScope(pod.namespace))
}

/** Every port of one pod with its mode, by number, the row of undeclared ports last. */
export function judgedPorts(view: PodView, listenerPorts: readonly number[] = []): JudgedPort[] {
  const policyPorts = policyPortsOf(view)
  const ports = portsOf(view.pod, {
    services: view.services,
    policyPorts,
    ingressPorts: view.ingress.map(({port}) => port),
    capture: view.capture,
    listenerPorts,
  })
  return ports.map((port) => ({...port, mode: portMode(view, port), ownMode: policyPorts.includes(port.port ?? Number.NaN)}))
}

function portsRun(running: RunningProxy | null): number[] {
  return running === null ? [] : listenerPorts(running)
}

/** Where no PeerAuthentication is in force its port keys name nothing; a waypoint's one port is never declared. */
function policyPortsOf({plane, deciding}: PodView): number[] {
  if (plane === 'waypoint') return [HBONE]
  if (plane === 'none' || plane === 'gateway') return []
  return Object.keys(deciding.workload?.ports ?? {}).map(Number)
}
