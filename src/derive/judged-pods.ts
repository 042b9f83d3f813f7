import type {RunningProxy} from '../model/delivered.ts'
import type {Snapshot} from '../model/snapshot.ts'
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

/** Every pod of the scope that has not ended, with the mode of each of its ports: what rows are made of, and probing is planned by. */
export function judgedPods(snapshot: JudgedParts): {view: PodView; ports: JudgedPort[]}[] {
  const deliveries = deliveriesOf(snapshot.delivered, snapshot.takenAt)
  return judgedViews(snapshot).map((view) => ({view, ports: judgedPorts(view, portsRun(deliveries.running(view.pod)))}))
}

/** The same pods without their ports. */
export function judgedViews(snapshot: Omit<JudgedParts, 'delivered'>): PodView[] {
  if (!snapshot.pods.read) return []
  const inScope = scopeOf(snapshot.asked, snapshot.mesh.read ? snapshot.mesh.value : [])
  return snapshot.pods.value.filter((pod) => !isFinished(pod) && inScope(pod.namespace)).map(podViews(snapshot))
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
