import {accessLogging} from './derive/access-logging.ts'
import {forecastOf} from './derive/forecast.ts'
import {type PolicyWrite, withPolicies} from './derive/planned-policies.ts'
import {type RolloutDecision, rolloutDecision} from './derive/rollout-decision.ts'
import {type Broken, brokenKey, brokenSince, healthOf, refusedSince} from './derive/rollout-verdict.ts'
import {turningPorts} from './derive/turning-ports.ts'
import type {Guard} from './enforce/enforce.ts'
import {Broke, stopped, takenBack} from './enforce/rollout-failures.ts'
import {type Stuck, stuckText, takeBack} from './enforce/take-back.ts'
import {confirm, type Trial} from './enforce/trial.ts'
import type {Io, Kube} from './io/io.ts'
import type {Forecast} from './model/forecast.ts'
import type {Outcome} from './model/report.ts'
import type {Asked, Snapshot} from './model/snapshot.ts'
import type {PlainCall} from './model/traffic.ts'
import {readTraffic} from './observe/access-logs.ts'
import {readApiServerCalls} from './observe/api-server-calls.ts'
import {observe} from './observe/observe.ts'
import {podFrom} from './observe/project-pod.ts'
import {readerOf} from './observe/reads.ts'
import {podRead} from './observe/workload-reads.ts'

/** How a rollout looks and waits; `patienceMs` is the longest watch, `deadline` in clock ticks. */
export interface RolloutOptions {
  asked: Asked
  clusterName: string
  patienceMs: number
  deadline: number
}

/** STRICT on trial: forecast before, watch after, the former policy back if a caller breaks. */
export interface GuardedRollout extends Guard {
  /** What the forecast said; null while nothing was to be written. */
  forecast(): Forecast | null
  /** Watches the trials; keeps them, or gives back what was there and throws a `Failure` that names who broke. */
  watch(trials: Trial[]): Promise<Outcome>
  /** After a cancel that came before the watch: gives back what is on trial; nothing once `watch` has begun, which settles it. */
  abandon(trials: Trial[]): Promise<void>
}

/** A guarded rollout on one cluster (interface.md, `rollout`); the decisions themselves are pure (derive/rollout-*.ts). */
export function guardedRollout(options: RolloutOptions, kube: Kube, io: Io): GuardedRollout {
  let seen: {snapshot: Snapshot; forecast: Forecast; decision: RolloutDecision & {do: 'write'}} | null = null
  let forecast: Forecast | null = null
  let isWatched = false
  const settled = (stuck: readonly Stuck[]) => {
    io.runner.saveState(trialState, JSON.stringify(stuck.map(({trial: {namespace, name}}) => `${namespace}/${name}`)))
  }
  return {
    forecast: () => forecast,
    async allow(writes) {
      const snapshot = await forecastSnapshot(writes, options, kube, io)
      forecast = forecastOf(snapshot, writes)
      const decision = rolloutDecision(forecast, snapshot, options.patienceMs)
      if (decision.do === 'stop') throw stopped(decision)
      io.log.line(`forecast: ${decision.says}`)
      seen = {snapshot, forecast, decision}
      const isTrial = decision.watchMs > 0
      if (isTrial) io.runner.saveState(trialState, JSON.stringify(writes.map(({namespace, name}) => `${namespace}/${name}`)))
      return {isTrial}
    },
    failed: settled,
    async watch(trials) {
      const began = io.clock.ticks()
      isWatched = true
      // As they are now: one that was confirmed has another version.
      const now = [...trials]
      try {
        if (seen === null) throw new Error('nothing was forecast')
        const {broken, sees} = await watchCallers(seen.snapshot, seen.decision.watchMs, options, kube, io)
        if (broken.length > 0) throw new Broke(broken)
        for (const [at, trial] of now.entries()) {
          io.changes.begin()
          now[at] = await confirm(trial, kube)
        }
        settled([])
        const says = `no caller broke within ${Math.round((io.clock.ticks() - began) / 1000)} s: ${sees}`
        return {changed: true, says, steps: [], notes: []}
      } catch (thrown) {
        const stuck = await takeBack(now, kube, io)
        settled(stuck)
        throw takenBack(thrown, trials, stuck)
      }
    },
    async abandon(trials) {
      if (isWatched) return
      io.log.line('STRICT on trial was not watched: the former policies are given back')
      const stuck = await takeBack(trials, kube, io)
      settled(stuck)
      if (stuck.length > 0) io.log.annotate('error', stuckText(stuck))
    },
  }
}

/** State that `post` reads: which policies were STRICT on trial when the process ended (install/mend.ts). */
const trialState = 'on-trial'

/** The cluster as a forecast needs it: no probes, but whom the API server calls and, where ports turn, what access logs tell. */
export async function forecastSnapshot(writes: readonly PolicyWrite[], options: RolloutOptions, kube: Kube, io: Io): Promise<Snapshot> {
  const {asked, clusterName, deadline} = options
  const probes = {mode: 'off' as const, exclude: [], concurrency: 16}
  const [snapshot, apiServerCalls] = await Promise.all([
    observe(asked, {clusterName, probes, settleUntil: null, deadline, askWebhook: null}, kube, io),
    readApiServerCalls(readerOf(kube, io, deadline)),
  ])
  const pods = loggingPods(snapshot, writes)
  if (pods.length === 0) return {...snapshot, apiServerCalls}
  return {...snapshot, apiServerCalls, traffic: await readTraffic(pods, kube, io, deadline)}
}

function loggingPods(snapshot: Snapshot, writes: readonly PolicyWrite[]): {namespace: string; name: string}[] {
  const telemetries = snapshot.telemetries.read ? snapshot.telemetries.value : []
  const {all} = turningPorts(snapshot, withPolicies(snapshot, writes))
  const turning = [...new Map(all.map((each) => [`${each.pod.namespace}/${each.pod.name}`, each])).values()]
  return turning
    .filter(({pod, view}) => view.plane === 'sidecar' && !pod.simulated && accessLogging(pod, view.mesh, telemetries).on)
    .map(({pod: {namespace, name}}) => ({namespace, name}))
}

/** Looks again and again until the time is over or somebody broke; what shows in pods must last two looks, for readiness may flicker. */
export async function watchCallers(
  before: Snapshot,
  watchMs: number,
  options: RolloutOptions,
  kube: Kube,
  io: Io,
): Promise<{broken: Broken[]; sees: string}> {
  const reader = readerOf(kube, io, options.deadline)
  const healthy = healthOf(before.pods.read ? before.pods.value : [], before)
  const logs = before.traffic?.read ? before.traffic.value : null
  const logging = logs === null ? [] : logs.read.map((pod) => ({namespace: pod.split('/')[0] ?? '', name: pod.split('/')[1] ?? ''}))
  const began = io.clock.ticks()
  // Past the deadline nothing could be given back any more.
  const until = Math.min(began + watchMs, options.deadline - reserveMs)
  io.log.line(
    `STRICT is on trial for ${Math.round(watchMs / 1000)} s: watching ${healthy.size} pods${logs === null ? '' : ' and the access logs'}`,
  )
  let suspects = new Set<string>()
  // Looks since the last that saw: one at the beginning says nothing of the end, when old connections are drained.
  const missed = {pods: Infinity, logs: Infinity}
  // Whoever fell sick at the last look gets the second one, too.
  while (io.clock.ticks() < until || (suspects.size > 0 && io.clock.ticks() < until + everyMs)) {
    const left = until - io.clock.ticks()
    await io.clock.sleep(left > 0 ? Math.min(everyMs, left) : everyMs, io.cancelled)
    const pods = await reader.list(podRead, (item) => podFrom(item))
    if (!pods.read) {
      io.log.detail(pods.reason)
      missed.pods++
      continue
    }
    missed.pods = 0
    const refused = logging.length === 0 ? null : await refusedCalls(logging, options, kube, io)
    missed.logs = refused === null && logging.length > 0 ? missed.logs + 1 : 0
    const turnedAway = refusedSince(logs?.calls ?? [], refused ?? [], pods.value)
    const unwell = brokenSince(healthy, healthOf(pods.value, before))
    const lasting = unwell.filter((each) => suspects.has(brokenKey(each)))
    if (turnedAway.length > 0 || lasting.length > 0) return {broken: [...turnedAway, ...lasting], sees: ''}
    suspects = new Set(unwell.map(brokenKey))
  }
  if (until < began + watchMs)
    throw new Error(
      `\`deadline\` left ${Math.max(0, Math.round((until - began) / 1000))} s of the ${Math.round(watchMs / 1000)} s that it takes to see whether a caller breaks`,
    )
  const [what, times] = missed.pods >= 3 ? ['pods', missed.pods] : ['access logs', missed.logs]
  const since = times === Infinity ? 'once' : `the last ${times} times`
  if (times >= 3) throw new Error(`the ${what} could not be read ${since} while STRICT was on trial`)
  return {broken: [], sees: `${healthy.size} pods kept their readiness${logs === null ? '' : ', and no server refused a plain call'}`}
}

const everyMs = 2000
/** What giving back may take. */
const reserveMs = 15_000

async function refusedCalls(
  pods: {namespace: string; name: string}[],
  {deadline}: RolloutOptions,
  kube: Kube,
  io: Io,
): Promise<PlainCall[] | null> {
  const traffic = await readTraffic(pods, kube, io, deadline)
  return traffic.read && traffic.value.read.length > 0 ? traffic.value.calls : null
}
