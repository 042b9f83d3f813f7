import type {Changed, Connected} from './change.ts'
import {askedFrom, observeOptions} from './asking.ts'
import type {Bundle} from './bundle.ts'
import {collectDiagnostics} from './diagnostics/collect.ts'
import {whoMayCall} from './derive/who-may-call.ts'
import {reach} from './install/reach.ts'
import type {Io, KubeObject} from './io/io.ts'
import {judge} from './judge.ts'
import type {RunContext} from './model/context.ts'
import type {Inputs} from './model/inputs.ts'
import type {Report} from './model/report.ts'
import type {Asked, Snapshot} from './model/snapshot.ts'
import {snapshotFromManifests} from './observe/manifests.ts'
import {observe, unreachable} from './observe/observe.ts'
import {readPolicies} from './observe/policy-files.ts'
import {withPolicyPlaces} from './observe/policy-places.ts'
import type {Plan} from './plan.ts'
import {buildReport} from './report/build.ts'
import {type StageLog, stageLog} from './stages.ts'
import type {Place} from './waiver-annotations.ts'
import type {Ledgers} from './waivers.ts'

/** What a run leaves to be said; `helmPath` of the verified helm binary, '' where none was needed. */
export interface Ran {
  report: Report
  snapshot: Snapshot
  helmPath: string
}

/** Installs Istio, enforces mutual TLS, and reports what the cluster then proves. Never throws: what failed is in the report's stages. */
export async function run(
  inputs: Inputs,
  {ledger, pending, baseline = null, bundle = null}: Ledgers & {baseline?: Report | null; bundle?: Bundle | null},
  {docsUrl, reported, ...place}: Pick<RunContext, 'docsUrl' | 'reported'> & Partial<Place>,
  io: Io,
): Promise<Ran> {
  const stages = stageLog(io)
  const asked = askedFrom(inputs)
  const deadline = io.clock.ticks() + inputs.deadlineMs

  const policies = await readOwnPolicies(inputs, stages, io)
  const connected = inputs.from.length > 0 ? null : await stages.look('connect', () => connect(inputs, io, deadline), serverText)
  const changes = inputs.mode === 'enforce' || inputs.mode === 'uninstall'
  // What only some modes need is loaded by them alone: it is a quarter of the code.
  const changed =
    connected !== null && changes
      ? await (await import('./change.ts')).change(inputs, policies, connected, {asked, deadline}, stages, io)
      : untouched
  const isPlan = inputs.mode === 'plan'
  const options = {asked, clusterName: inputs.clusterName, patienceMs: inputs.timeoutMs, deadline}
  const plannedLive =
    isPlan && connected !== null
      ? await stages.look(
          'plan',
          async () => (await import('./plan.ts')).planChanges(inputs, policies, options, connected.kube, io),
          planText,
        )
      : null
  const look = async () => {
    if (plannedLive !== null) return plannedLive.after
    if (bundle !== null) return bundle.snapshot
    if (inputs.from.length > 0) return snapshotFromFiles(inputs.from, asked, io)
    if (connected === null) return unreachable(asked, inputs.clusterName, io)
    return observe(asked, observeOptions(inputs, connected.kube, changed.changedAt, deadline), connected.kube, io)
  }
  const observed = (await stages.look('observe', look, readingText)) ?? unreachable(asked, inputs.clusterName, io)
  const plan = plannedLive ?? (isPlan && inputs.from.length > 0 ? (await import('./plan.ts')).planOfManifests(observed) : null)
  const snapshot = withPolicyPlaces(plan?.after ?? observed, changed.applied)

  const judged = await judge(inputs, snapshot, {ledger, pending, bundle}, {docsUrl, ...nowhere, ...place}, io)
  // Files that a fork's run left speak for the fork; what this run read itself speaks for the cluster.
  const reportedBy = inputs.from.length > 0 && reported !== null ? {repo: reported.repo, sha: reported.sha} : undefined
  const report = buildReport({
    inputs,
    snapshot,
    ...judged,
    authorization: whoMayCall(snapshot),
    baseline,
    stages: [...(bundle?.stages ?? []), ...stages.all()],
    notes: [...changed.notes, ...judged.notes],
    reportedBy,
    forecast: plan?.forecast ?? changed.forecast ?? undefined,
    planned: plan?.planned,
  })
  const diagnostics = inputs.diagnostics
    ? await collectDiagnostics({report, snapshot, baseline, kube: connected?.kube ?? null}, `${inputs.reportDir}/diagnostics`, io)
    : undefined
  connected?.kube.close()
  return {report: diagnostics === undefined ? report : {...report, diagnostics}, snapshot, helmPath: changed.helmPath}
}

/** No event, so no proposal. */
const nowhere: Place = {eventName: '', pullRequest: null, baseSha: '', repo: ''}

const untouched: Changed = {notes: [], helmPath: '', changedAt: null, applied: [], forecast: null}

async function connect(inputs: Inputs, io: Io, deadline: number): Promise<Connected> {
  const {context, allowExec, insecureSkipTlsVerify} = inputs
  const kubeconfig = await io.kubeconfigs.read(inputs.kubeconfig, {context, allowExec, insecureSkipTlsVerify})
  const kube = await io.connect({kubeconfig, context, insecureSkipTlsVerify, deadline})
  await reach(kube, inputs.expectedCluster)
  const path = inputs.mode === 'enforce' || inputs.mode === 'uninstall' ? await io.kubeconfigs.write(kube.kubeconfig, context) : ''
  return {kube, server: inputs.clusterName || 'the API server answers', path}
}

/** Files are judged before anything is sent: a mistake in one fails a stage, and so nothing is changed. */
async function readOwnPolicies(inputs: Inputs, stages: StageLog, io: Io): Promise<KubeObject[]> {
  if (inputs.policies.length === 0 || (inputs.mode !== 'enforce' && inputs.mode !== 'plan')) return []
  const read = await stages.look(
    'read policies',
    () => readPolicies(inputs.policies, io),
    ({policies}) => `${policies.length} read`,
  )
  for (const warning of read?.warnings ?? []) io.log.annotate('warning', warning.message, warning)
  return read?.policies ?? []
}

async function snapshotFromFiles(from: string[], asked: Asked, io: Io): Promise<Snapshot> {
  const {snapshot, warnings} = await snapshotFromManifests(from, asked, io)
  for (const warning of warnings) io.log.annotate('warning', warning.message, warning)
  return snapshot
}

function serverText({server}: Connected): string {
  return server
}

function planText({planned, forecast}: Plan): string {
  const {releases, policies, restarts} = planned
  const changing = releases.filter(({does}) => does !== 'unchanged').length
  return `${changing} releases, ${policies.length} policies and ${restarts.length} restarts to come; ${forecast.turning.length} ports would turn STRICT, ${forecast.callers.breaks} callers would break`
}

function readingText(snapshot: Snapshot): string {
  const pods = snapshot.pods.read ? `${snapshot.pods.value.length} pods` : 'no pods'
  const policies = snapshot.policies.read ? `${snapshot.policies.value.length} PeerAuthentications` : 'no policies'
  const probes = snapshot.probes.read ? `, ${snapshot.probes.value.ports.length} ports probed` : ''
  const proxies = snapshot.delivered.read ? snapshot.delivered.value.proxies.filter(({running}) => running.read).length : 0
  return `${pods} and ${policies} read${proxies === 0 ? '' : `, ${proxies} proxies inspected`}${probes}`
}
