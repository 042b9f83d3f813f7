import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Outcome} from '../model/report.ts'
import {applyRelease, type ReleaseWish, whatIsToDo} from './apply-release.ts'
import {type Chart, type FetchedCharts, fetchCharts} from './charts.ts'
import {acquireHelm} from './helm.ts'
import {sameDigest} from './mark.ts'
import type {InstallPlan, ReleasePlan} from './plan.ts'
import {preflight} from './preflight.ts'
import {type StepClock, stepClock} from './step-clock.ts'
import {valuesFor} from './values.ts'
import {awaitWebhook} from './webhook.ts'

/** What the install stage did; `istioVersion` '' where istiod was left alone and tells none; `chartDigests` by chart name, SHA-256. */
export interface InstallOutcome extends Outcome {
  istioVersion: string
  helmPath: string
  chartDigests: Record<string, string>
}

/**
 * Installs or upgrades Istio as the inputs ask, waits until its webhook answers, and changes nothing where all is as wished.
 * `isAlone`: the caller holds the Lease (lock.ts).
 */
export async function install(inputs: Inputs & {isAlone?: boolean}, kube: Kube, kubeconfigPath: string, io: Io): Promise<InstallOutcome> {
  const steps = stepClock(io)
  const now = io.clock.now().getTime()
  const {found, plan} = await steps.time(
    'preflight',
    () => preflight(inputs, kube, now),
    ({plan}) => planText(plan),
  )
  if (plan.do === 'leave') return left(plan, steps)

  const helm = await steps.time(
    'download helm',
    () => acquireHelm({version: inputs.helmVersion, checksum: inputs.helmChecksum, mirror: inputs.helmMirror}, io),
    ({version, source}) => `helm ${version}, verified${source === 'cache' ? ', from the tool cache' : ''}`,
  )
  const names = plan.releases.map(({chart}) => chart)
  const {istioVersion: version, revision, hub} = inputs
  const wishes = plan.releases.map((release) => ({
    plan: release,
    version,
    revision,
    hub,
    values: valuesFor(release.chart, inputs, found.defaultRevision),
  }))
  const fetched = await steps.time(
    'download charts',
    () => fetchCharts(names, version, inputs.charts, helm, io).catch((thrown) => asLastTime(thrown, wishes, io)),
    ({from}) => `${names.join(' and ')} ${version} from ${asCode(from)}`,
  )
  fallbackMatches(fetched, plan.releases, version)

  const target = {kubeconfigPath, helmVersion: helm.version, timeoutMs: inputs.timeoutMs}
  const did: Did[] = []
  for (const wish of wishes) {
    const chart = fetched.charts.find(({name}) => name === wish.plan.chart) as Chart
    const done = await steps.time(wish.plan.chart, () => applyRelease({...wish, chart}, helm, target, kube, io), didText)
    did.push({release: wish.plan, done})
  }
  await steps.time(
    'webhook',
    () => awaitWebhook(kube, inputs, io),
    (answers) => `answered by ${[...new Set(answers.map(({webhook}) => webhook))].join(' and ')}`,
  )
  return {
    changed: did.some(({done}) => done !== 'unchanged'),
    says: outcomeText(did, version),
    steps: steps.all,
    notes: [...plan.notes, ...fetchedNotes(fetched, version)],
    istioVersion: version,
    helmPath: helm.path,
    chartDigests: Object.fromEntries(fetched.charts.map(({name, digest}) => [name, digest])),
  }
}

/** A cluster that is as wished needs no charts: an outage of the chart server shall not turn its runs red. */
function asLastTime(thrown: unknown, wishes: Omit<ReleaseWish, 'chart'>[], io: Io): FetchedCharts {
  const charts = wishes.map(({plan}) => ({name: plan.chart, path: '', digest: plan.mark?.chart ?? ''}))
  const isSettled = wishes.every((wish, at) => whatIsToDo({...wish, chart: charts[at] as Chart}, io) === 'unchanged')
  if (!isSettled || !(thrown instanceof Failure) || io.cancelled.aborted) throw thrown
  return {charts, from: 'the last run, for no entry of `charts` answers', isFallback: false, skipped: []}
}

interface Did {
  release: ReleasePlan
  done: 'install' | 'upgrade' | 'unchanged'
}

function left(plan: Extract<InstallPlan, {do: 'leave'}>, steps: StepClock): InstallOutcome {
  return {
    changed: false,
    says: plan.says,
    steps: steps.all,
    notes: [],
    istioVersion: plan.istiod?.version ?? '',
    helmPath: '',
    chartDigests: {},
  }
}

/** The first entry of `charts` is the user's own choice; a later one stepped in by itself and must not slip in another chart. */
function fallbackMatches({charts, from, isFallback}: FetchedCharts, releases: ReleasePlan[], version: string): void {
  if (!isFallback) return
  for (const {name, digest} of charts) {
    const known = releases.find(({chart}) => chart === name)?.mark
    if (!known || known.version !== version || sameDigest(known.chart, digest)) continue
    throw new Failure(
      `Chart \`${name}\` ${version} from \`${from}\` is not the one installed before: SHA-256 begins ${digest.slice(0, 12)}, was ${known.chart.slice(0, 12)}`,
      {
        cure: `Find out which of the two is Istio's, then put the trusted entry first in \`charts\`. Nothing was changed.`,
        entry: 'chart-digest',
      },
    )
  }
}

function planText(plan: InstallPlan): string {
  if (plan.do === 'leave') return plan.says
  return `nothing forbids ${plan.releases.map(({name}) => name).join(' and ')}`
}

function didText(done: Did['done']): string {
  return {install: 'installed', upgrade: 'upgraded', unchanged: 'unchanged'}[done]
}

function outcomeText(did: Did[], version: string): string {
  const changed = did.filter(({done}) => done !== 'unchanged')
  if (changed.length === 0) return `Istio ${version} is installed already, nothing changed`
  return `Istio ${version}: ${changed.map(({release, done}) => `${release.name} ${didText(done)}`).join(', ')}`
}

function fetchedNotes({charts, from, skipped}: FetchedCharts, version: string): string[] {
  return [
    ...skipped.map((reason) => `No charts from ${reason}`),
    ...charts.map(({name, digest}) => `Chart \`${name}\` ${version} from ${asCode(from)}, \`sha256:${digest}\``),
  ]
}

/** An entry of `charts` in backticks, so that it can be copied; what is a clause already stays one. */
function asCode(from: string): string {
  return /[\s`]/.test(from) ? from : `\`${from}\``
}
