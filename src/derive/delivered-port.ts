import type {Counters, Delivered, ProxyState, RunningProxy} from '../model/delivered.ts'
import type {Part} from '../model/part.ts'
import type {Pod} from '../model/workload.ts'
import {byPod} from './by-pod.ts'
import type {Capture} from './capture.ts'
import {type DeliveredMode, deliveredMode} from './delivered-mode.ts'

/** Evidence B of one port of one pod: what its proxy runs there, or why that could not be read. */
export type DeliveredPort =
  | ({read: true; counted: string; contradicts: string; serves: string} & DeliveredMode)
  | {read: false; reason: string}

/** The delivered evidence of a run, found by pod. */
export interface Deliveries {
  /** Why no proxy was read at all, as one clause; '' when proxies were to be read. */
  withheld: string
  running(pod: Pick<Pod, 'namespace' | 'name'>): RunningProxy | null
  /** null when nobody was to read it. */
  of(pod: Pick<Pod, 'namespace' | 'name'>, capture: Capture | null, port: number | null): DeliveredPort | null
}

/** Files what the proxies showed by pod; `takenAt` is the snapshot's moment. */
export function deliveriesOf(delivered: Part<Delivered>, takenAt: string): Deliveries {
  if (!delivered.read) return {withheld: delivered.reason, running: () => null, of: () => null}
  const {withheld, proxies} = delivered.value
  // Where the role is granted nowhere, thousands of proxies say the same.
  const proxiesOf = byPod(withheld.inspect === '' ? proxies : proxies.filter(({running}) => running.read))
  const find = (pod: Pick<Pod, 'namespace' | 'name'>): ProxyState | null => proxiesOf(pod).at(-1) ?? null
  return {
    withheld: withheld.inspect,
    running(pod) {
      const proxy = find(pod)
      return proxy?.running.read ? proxy.running.value : null
    },
    of(pod, capture, port) {
      const proxy = withheld.inspect === '' ? find(pod) : null
      if (proxy === null) return null
      if (!proxy.running.read) return {read: false, reason: proxy.running.reason}
      const {value} = proxy.running
      const mode = deliveredMode(value, capture, port)
      const counted = countedText(value.counters, port)
      return {read: true, ...mode, counted, contradicts: contradiction(value.counters, mode, port, takenAt), serves: servesText(value)}
    },
  }
}

function countedText({traffic, windowMs}: Counters, port: number | null): string {
  const own = traffic.find((each) => each.port === port && port !== null)
  return own === undefined ? '' : `counted ${own.mutual} connections over TLS and ${own.plain} in plain text in ${spanText(windowMs)}`
}

/** Counters contradict only where all that they counted met the listener that runs now (live-evidence.md, section 5: they never prove). */
function contradiction({traffic, windowMs}: Counters, {mode, updatedAt}: DeliveredMode, port: number | null, takenAt: string): string {
  const plain = port === null ? 0 : (traffic.find((each) => each.port === port)?.plain ?? 0)
  if (plain === 0 || mode !== 'STRICT' || !coversAll(updatedAt, windowMs, takenAt)) return ''
  return `its proxy counted ${plain} connections in plain text in ${spanText(windowMs)}, under the listener that runs now`
}

/** True unless a listener became active within the time that the counters speak of, but for the proxy's start; a moment that cannot be read excuses nothing. */
export function coversAll(updatedAt: string, windowMs: number, takenAt: string): boolean {
  return !(Date.parse(updatedAt) > Date.parse(takenAt) - windowMs + startMs)
}

/** A proxy has its first listeners a moment after it starts, and no caller before that. */
const startMs = 5000

/** A span for people: `40 s`, `12 min`, `7 h`, `3 days`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

function servesText({certificate}: RunningProxy): string {
  return certificate === null ? '' : `serves \`${certificate.uris.join(', ')}\` until ${certificate.notAfter}`
}
