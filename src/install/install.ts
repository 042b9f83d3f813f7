import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Outcome} from '../model/report.ts'
import {applyRelease} from './apply-release.ts'
import {type FetchedCharts, fetchCharts} from './charts.ts'
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

/** Installs or upgrades Istio as the inputs ask, waits until its webhook answers, and changes nothing where all is as wished. */
export async function install(inputs: Inputs, kube: Kube, kubeconfigPath: string, io: Io): Promise<InstallOutcome> {
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
    ({version}) => `helm ${version}, verified`,
  )
  const names = plan.releases.map(({chart}) => chart)
  const fetched = await steps.time(
    'download charts',
    () => fetchCharts(names, inputs.istioVersion, inputs.charts, helm, io),
    ({from}) => `${names.join(' and ')} ${inputs.istioVersion} from ${from}`,
  )
  fallbackMatches(fetched, plan.releases, inputs.istioVersion)

  const target = {kubeconfigPath, helmVersion: helm.version, timeoutMs: inputs.timeoutMs}
  const did: Did[] = []
  for (const release of plan.releases) {
    const chart = fetched.charts.find(({name}) => name === release.chart)
    if (chart === undefined) continue
    const {istioVersion: version, revision, hub} = inputs
    const wish = {plan: release, chart, version, revision, hub, values: valuesFor(release.chart, inputs, found.defaultRevision)}
    const done = await steps.time(release.chart, () => applyRelease(wish, helm, target, kube, io), didText)
    did.push({release, done})
  }
  await steps.time(
    'webhook',
    () => awaitWebhook(kube, inputs, io),
    ({webhook}) => `${webhook} answers`,
  )
  return {
    changed: did.some(({done}) => done !== 'unchanged'),
    says: outcomeText(did, inputs.istioVersion),
    steps: steps.all,
    notes: [...plan.notes, ...fetchedNotes(fetched, inputs.istioVersion)],
    istioVersion: inputs.istioVersion,
    helmPath: helm.path,
    chartDigests: Object.fromEntries(fetched.charts.map(({name, digest}) => [name, digest])),
  }
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
    ...charts.map(({name, digest}) => `Chart ${name} ${version} from ${from}, sha256:${digest}`),
  ]
}
