import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import type {ValidationAnswer} from '../model/mesh.ts'
import type {Outcome} from '../model/report.ts'
import type {AgentChart} from './found.ts'
import {applyRelease, type ReleaseWish, whatIsToDo} from './apply-release.ts'
import {asCode, chartNotes, refuseOtherCharts} from './chart-digests.ts'
import {refuseUnknownPlatform} from './chart-platform.ts'
import {type Chart, type FetchedCharts, fetchCharts} from './charts.ts'
import {awaitDaemonSet} from './daemon-set.ts'
import {acquireHelm, helmWish} from './helm.ts'
import type {HelmTarget} from './helm-args.ts'
import type {HelmProgram} from './helm-child.ts'
import type {EnforceWish} from './enforce-permissions.ts'
import {type InstallPlan, isOursIn} from './plan.ts'
import type {ReleasePlan} from './release-plan.ts'
import {preflight} from './preflight.ts'
import {noteRepair} from './repair-note.ts'
import {type StepClock, stepClock} from './step-clock.ts'
import {renderTags} from './tags.ts'
import {valuesFor} from './values.ts'
import {awaitWebhook} from './webhook.ts'

/** What the install stage did; `istioVersion` '' where istiod was left alone and tells none; `chartDigests` by chart name, SHA-256. */
export interface InstallOutcome extends Outcome {
  istioVersion: string
  helmPath: string
  chartDigests: Record<string, string>
  /** What a canary upgrade goes on with; null where there is neither a tag to set nor another revision of ours. */
  canary: CanaryTools | null
}

/** A helm, the cluster it works on, the chart of CRDs, and the tags' objects not yet applied. */
export interface CanaryTools {
  helm: HelmProgram
  target: HelmTarget
  base: Chart | null
  tags: KubeObject[]
}

/**
 * Installs or upgrades Istio as the inputs ask, waits until its webhook answers, and changes nothing where all is as wished.
 * `isAlone`: the caller holds the Lease (lock.ts). `deadline` of the whole run, in clock ticks.
 */
export async function install(
  inputs: Inputs & Pick<EnforceWish, 'ownPolicies'> & {isAlone?: boolean; deadline?: number},
  kube: Kube,
  kubeconfigPath: string,
  io: Io,
): Promise<InstallOutcome> {
  const {deadline = Number.POSITIVE_INFINITY} = inputs
  const steps = stepClock(io)
  const now = io.clock.now().getTime()
  const {
    found,
    plan,
    warnings: warned,
  } = await steps.time(
    'preflight',
    () => preflight(inputs, kube, now),
    ({plan}) => planText(plan),
  )
  if (plan.do === 'leave') return left(plan, steps)
  const warnings = [...warned]

  const helm = await steps.time(
    'download helm',
    () => acquireHelm({...helmWish(inputs), timeoutMs: deadline - io.clock.ticks()}, io),
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
    () => fetchCharts(names, version, inputs.charts, helm, io).catch((thrown) => asLastTime(thrown, inputs.tags, wishes, io)),
    ({from}) => `${names.join(' and ')} ${version} from ${asCode(from)}`,
  )
  refuseOtherCharts(fetched, inputs.chartDigests, plan.releases, version)
  await refuseUnknownPlatform(inputs.platform, fetched.charts, io)

  const tags = await tagObjects(inputs, wishes, fetched, helm, io)
  const target = {kubeconfigPath, helmVersion: helm.version, timeoutMs: inputs.timeoutMs, deadline}
  const hasOthers = found.istiods.some((istiod) => istiod.revision !== (revision || 'default') && isOursIn(found)(istiod))
  const did: Did[] = []
  for (const wish of wishes) {
    const chart = fetched.charts.find(({name}) => name === wish.plan.chart) as Chart
    const done = await steps.time(wish.plan.chart, () => applyRelease({...wish, chart}, helm, target, kube, io), didText)
    did.push({release: wish.plan, done})
    const {chart: name, namespace} = wish.plan
    if (name === 'cni' || name === 'ztunnel') warnings.push(...(await agentWarnings(name, namespace, inputs.timeoutMs, kube, io)))
    // ztunnel gets its certificates from this istiod, so it must serve first.
    if (wish.plan.chart === 'istiod') await steps.time('webhook', () => awaitWebhook(kube, inputs, io), answeredText)
  }
  // Left by a repair that came to its end and whose run did not.
  if (Object.keys(found.repairs).length > 0) await noteRepair(null, kube)
  return {
    changed: did.some(({done}) => done !== 'unchanged'),
    says: outcomeText(did, version),
    steps: steps.all,
    notes: [...warnings, ...plan.notes, ...chartNotes(fetched, inputs.chartDigests, version)],
    istioVersion: version,
    helmPath: helm.path,
    chartDigests: Object.fromEntries(fetched.charts.map(({name, digest}) => [name, digest])),
    canary: hasOthers || tags.length > 0 ? {helm, target, base: fetched.charts.find(({name}) => name === 'base') ?? null, tags} : null,
  }
}

/** Also where helm had nothing to do: an agent that is missing on a node is a hole in the mesh, whoever made it. */
async function agentWarnings(chart: AgentChart, namespace: string, timeoutMs: number, kube: Kube, io: Io): Promise<string[]> {
  const {nodes} = await awaitDaemonSet(chart, namespace, timeoutMs, kube, io)
  return nodes > 0 ? [] : [`\`${chart}\` is wanted on no node of this cluster: nothing is in the ambient mesh.`]
}

function answeredText(answers: ValidationAnswer[]): string {
  return `answered by ${[...new Set(answers.map(({webhook}) => webhook))].join(' and ')}`
}

/** Rendered before any change, so that what the chart refuses stops the run in time. */
async function tagObjects(
  {tags}: Inputs,
  wishes: Omit<ReleaseWish, 'chart'>[],
  {charts}: FetchedCharts,
  helm: HelmProgram,
  io: Io,
): Promise<KubeObject[]> {
  const istiod = wishes.find(({plan}) => plan.chart === 'istiod')
  const chartPath = charts.find(({name}) => name === 'istiod')?.path ?? ''
  if (istiod === undefined || tags.length === 0) return []
  return renderTags(tags, {release: istiod.plan.name, chartPath, values: istiod.values}, helm, io)
}

/** A cluster that is as wished needs no charts: an outage of the chart server shall not turn its runs red. */
function asLastTime(thrown: unknown, tags: string[], wishes: Omit<ReleaseWish, 'chart'>[], io: Io): FetchedCharts {
  const charts = wishes.map(({plan}) => ({name: plan.chart, path: '', digest: plan.mark?.chart ?? ''}))
  const isSettled = wishes.every((wish, at) => whatIsToDo({...wish, chart: charts[at] as Chart}, io) === 'unchanged')
  // Tags are rendered from the chart, so without it nobody can say whether they are as wished.
  if (!isSettled || tags.length > 0 || !(thrown instanceof Failure) || io.cancelled.aborted) throw thrown
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
    canary: null,
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
