import {accessLogging} from './derive/access-logging.ts'
import {forecastOf} from './derive/forecast.ts'
import {type PolicyWrite, withPolicies} from './derive/planned-policies.ts'
import {type RolloutDecision, rolloutDecision} from './derive/rollout-decision.ts'
import {type Broken, brokenKey, brokenSince, healthOf, refusedSince} from './derive/rollout-verdict.ts'
import {turningPorts} from './derive/turning-ports.ts'
import type {Guard} from './enforce/enforce.ts'
import {type Stuck, stuckText, takeBack} from './enforce/take-back.ts'
import {confirm, type Trial} from './enforce/trial.ts'
import type {Io, Kube} from './io/io.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Caller, CallerOutlook, Forecast} from './model/forecast.ts'
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

class Broke extends Error {
  readonly broken: Broken[]
  constructor(broken: Broken[]) {
    super(broken.map(brokenKey).join('; '))
    this.broken = broken
  }
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
  let looks = 0
  let heard = 0
  while (io.clock.ticks() < until) {
    await io.clock.sleep(Math.min(everyMs, Math.max(0, until - io.clock.ticks())), io.cancelled)
    const pods = await reader.list(podRead, (item) => podFrom(item))
    if (!pods.read) {
      io.log.detail(pods.reason)
      continue
    }
    looks++
    const refused = logging.length === 0 ? null : await refusedCalls(logging, options, kube, io)
    if (refused !== null) heard++
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
  if (looks === 0) throw new Error('the pods could not be read once while STRICT was on trial')
  if (logging.length > 0 && heard === 0) throw new Error('the access logs could not be read once while STRICT was on trial')
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

function stopped({because, says, guilty}: RolloutDecision & {do: 'stop'}): Failure {
  const named = guilty.slice(0, 5).map(outlookText).join('; ')
  const more = guilty.length > 5 ? `; and ${guilty.length - 5} more` : ''
  if (because === 'live-caller') {
    return new Failure(`STRICT would break callers that are at work: ${named}${more}. STRICT was not written.`, {
      cure: 'Bring each caller into the mesh, give its port an exception of its own, or take it away; then run again. `mode: plan` lists all of them. `rollout: immediate` goes on regardless.',
      entry: 'live-caller',
    })
  }
  if (because === 'not-observable') {
    return new Failure(
      `Nobody can see whether STRICT would break a caller (${says}), and it would refuse ${named}${more}, if they call. STRICT was not written.`,
      {
        cure: 'Turn access logging on (`access-logging: true`, or a Telemetry) and run again when the callers have called, bring them into the mesh, or set `rollout: immediate` to go on without knowing.',
        entry: 'callers-not-observable',
      },
    )
  }
  return new Failure(`Whether STRICT would break a caller cannot be told: ${says}. STRICT was not written.`, {
    cure: 'Grant the role `read` of docs/permissions.md, or set `rollout: immediate` to go on without knowing.',
    entry: 'forecast-blind',
  })
}

/** `Deployment legacy/till → shop/orders:8080 (it has no proxy …)`. */
function outlookText({caller, server, reason, seen}: CallerOutlook): string {
  const target = server === null ? 'any port' : `\`${server.namespace}/${server.workload.name}:${server.port ?? 'undeclared ports'}\``
  return `${callerText(caller)} → ${target} (${reason}${seen === '' ? '' : `; ${seen}`})`
}

function callerText({kind, namespace, name}: Caller): string {
  return name === ''
    ? `${kind}${namespace === '' ? '' : ` of namespace \`${namespace}\``}`
    : `${kind} \`${namespace === '' ? '' : `${namespace}/`}${name}\``
}

function takenBack(thrown: unknown, trials: readonly Trial[], stuck: readonly Stuck[]): Failure {
  const back = trials.filter(({namespace, name}) => !stuck.some(({trial}) => trial.namespace === namespace && trial.name === name))
  const policies = back.map(({namespace, name}) => `\`${namespace}/${name}\``).join(', ')
  const restored = [back.length === 0 ? '' : `The former state of PeerAuthentication ${policies} is back.`, stuckText(stuck)]
    .filter(Boolean)
    .join(' ')
  const did = back.length === 0 ? 'could not be taken back' : 'was taken back'
  if (thrown instanceof Broke) {
    const [first, ...more] = thrown.broken
    const says = first === undefined ? '' : `${callerText(first.caller)}: ${first.how}`
    return new Failure(`STRICT broke a caller and ${did}: ${says}${more.length === 0 ? '' : `; and ${more.length} more`}. ${restored}`, {
      cure: 'Bring that caller into the mesh, or give the port it calls an exception of its own; then run again.',
      entry: 'rollout-taken-back',
    })
  }
  return new Failure(`STRICT was not verified and ${did}: ${messageOf(thrown)}. ${restored}`, {
    cure: 'Run again; with `rollout: immediate` nothing is watched.',
    entry: 'rollout-taken-back',
    cause: thrown,
  })
}
