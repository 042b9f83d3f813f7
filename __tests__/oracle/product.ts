import {judgedPods} from '../../src/derive/judged-pods.ts'
import {podViews} from '../../src/derive/pod-view.ts'
import {type PortMode, portMode} from '../../src/derive/port-mode.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Part} from '../../src/model/part.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import type {Modes} from './oracle.ts'
import {asked as anything} from '../helpers/fixture.ts'

/** What this action says of the asked ports of every pod, from the same objects the oracle gets; port 0 stands for the undeclared ones. */
export function productModes(objects: KubeObject[], ports: number[]): Record<string, Modes> {
  const snapshot = snapshotOf(objects)
  const viewOf = podViews(snapshot)
  return Object.fromEntries(
    contentOf(snapshot.pods).map((pod) => {
      const view = viewOf(pod)
      const answers = ports.map(
        (port) => [port, portMode(view, {port: port === 0 ? null : port, protocol: 'TCP', passthrough: false})] as const,
      )
      return [`${pod.namespace}/${pod.name}`, Object.fromEntries(answers.map(([port, mode]) => [String(port), modeText(mode)]))]
    }),
  )
}

/** A TCP row: its mode, and whether Istio builds filter chains of its own for the port. */
export interface Row {
  port: number
  mode: string
  own: boolean
}

/** The TCP rows it makes for every pod; the one of undeclared ports is port 0. */
export function productRows(objects: KubeObject[]): Record<string, Row[]> {
  return Object.fromEntries(
    judgedPods(snapshotOf(objects)).map(({view: {pod}, ports}) => [
      `${pod.namespace}/${pod.name}`,
      ports
        .filter(({protocol}) => protocol === 'TCP')
        .map(({port, mode, passthrough}) => ({port: port ?? 0, mode: modeText(mode), own: !passthrough})),
    ]),
  )
}

/** The product's snapshot of the objects, read as manifests are. */
export function snapshotOf(objects: KubeObject[], wishes: Partial<Asked> = {}): Snapshot {
  return snapshotFrom(objects, {...asked, ...wishes}, {takenAt: '2026-11-22T18:01:00Z'})
}

/** The value of a part that was read. */
export function contentOf<T>(part: Part<T>): T {
  if (!part.read) throw new Error(part.reason)
  return part.value
}

/** A doubt about configuration alone is that Istio's order is undefined. */
function modeText({mode, doubt}: PortMode): string {
  return doubt === '' ? mode : `undecided, at least ${mode}`
}

const asked: Asked = {...anything, scope: {namespaces: ['*', 'istio-system', 'mesh-root', 'shop', 'bank'], exclude: []}}
