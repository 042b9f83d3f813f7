import type {CallerOutlook, Forecast} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {dataPlane, isFinished} from './membership.ts'

/** What a guarded rollout does: `write` the policy and watch for so long (0: there is nothing to watch), or leave all as found. */
export type RolloutDecision =
  | {do: 'write'; watchMs: number; says: string}
  | {do: 'stop'; because: 'live-caller' | 'blind' | 'not-observable'; says: string; guilty: CallerOutlook[]}

/**
 * Decides before the change, from the forecast alone: a caller that is known to call and would be refused stops it; so do callers that
 * would be refused where nobody can see whether they call. Callers that all have a proxy stop nothing: there is nobody to break.
 */
export function rolloutDecision(forecast: Forecast, snapshot: Snapshot, patienceMs: number): RolloutDecision {
  const {turning, outlooks, blind, observed} = forecast
  const [unread] = blind
  if (unread !== undefined) return {do: 'stop', because: 'blind', says: `who would break cannot be told: ${unread}`, guilty: []}
  if (turning.length === 0) return {do: 'write', watchMs: 0, says: 'no port turns STRICT, so no caller can break'}
  const breaking = outlooks.filter(({outlook}) => outlook === 'breaks')
  if (breaking.length > 0) return {do: 'stop', because: 'live-caller', says: 'STRICT would break callers', guilty: breaking}
  const doubtful = outlooks.filter(({outlook}) => outlook === 'may-break')
  if (doubtful.length > 0 && !observed.callers) return {do: 'stop', because: 'not-observable', says: observed.says, guilty: doubtful}
  const watchMs = Math.min(watchMsFor(snapshot), patienceMs)
  return {
    do: 'write',
    watchMs,
    says: doubtful.length === 0 ? 'every possible caller has a proxy' : `no pod is seen calling in plain text by ${observed.says}`,
  }
}

/**
 * How long STRICT must be watched before its callers have shown themselves: until old connections are drained, or the slowest probe of a
 * pod has failed, and a margin for the policy's way to the proxies (live-evidence.md, section 3).
 */
function watchMsFor({mesh, pods}: Snapshot): number {
  const drains = mesh.read ? mesh.value.map(({drainDurationSeconds}) => drainDurationSeconds) : []
  const running = pods.read
    ? pods.value.filter((pod) => !isFinished(pod) && pod.ready && (dataPlane(pod) !== 'none' || !pod.hostNetwork))
    : []
  const probes = running.flatMap(({containers}) =>
    containers.flatMap(({probes}) => probes.map(({patienceSeconds = 30}) => patienceSeconds)),
  )
  const slowest = [...drains, ...probes].reduce((most, each) => Math.max(most, each), 0)
  return (slowest + marginSeconds) * 1000
}

/** istiod waits up to 10 s for further changes before it tells the proxies. */
const marginSeconds = 10
