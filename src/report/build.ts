import type {CheckResult} from '../model/check.ts'
import type {Endpoint} from '../model/endpoint.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Report, Stage, Terms, Waiver} from '../model/report.ts'
import {isInScope, type Parts, type Snapshot} from '../model/snapshot.ts'
import {compare} from './compare.ts'
import {countsOf} from './counts.ts'
import {uninstalledVerdict} from './uninstalled.ts'
import {deliveryNotes} from './delivery-notes.ts'
import {verdictOf} from './verdict.ts'
import {withWaivers} from './waiver-stanza.ts'

/** What a report is made from; `changed` defaults to what the stages say. */
export interface ReportParts {
  inputs: Inputs
  snapshot: Snapshot
  endpoints: Endpoint[]
  authorization?: Report['authorization']
  results: CheckResult[]
  /** What became of the ledger; none where there is no ledger. */
  waivers?: Waiver[]
  /** An earlier report to compare with; null or absent: none. */
  baseline?: Report | null
  stages: Stage[]
  notes: string[]
  changed?: boolean
  /** The fork whose code wrote the files that were judged. */
  reportedBy?: Report['reportedBy']
  forecast?: Report['forecast']
  planned?: Report['planned']
}

/** The one report that every channel renders: nothing is counted or judged after this. */
export function buildReport(parts: ReportParts): Report {
  const {inputs, snapshot, stages, notes, changed, baseline = null, waivers = [], reportedBy} = parts
  const about = {
    mode: inputs.mode,
    cluster: clusterOf(inputs, snapshot),
    scope: {namespaces: inputs.namespaces, exclude: inputs.excludeNamespaces},
    terms: termsOf(inputs),
  }
  const found = {endpoints: parts.endpoints, results: parts.results.map(withWaivers), waivers}
  const marked = baseline === null ? {...found, comparison: null} : compare({...about, ...found}, baseline)
  const counts = countsOf(marked.endpoints)
  const plan = {
    ...(parts.forecast === undefined ? {} : {forecast: parts.forecast}),
    ...(parts.planned === undefined ? {} : {planned: parts.planned}),
  }
  const isUninstall = inputs.mode === 'uninstall'
  const unread = isUninstall ? [] : unreadParts(snapshot)
  return {
    version: 1,
    verdict: isUninstall ? uninstalledVerdict(stages, inputs) : verdictOf({counts, ...marked, ...plan, stages, unread}, inputs),
    takenAt: snapshot.takenAt,
    ...about,
    counts,
    changed: changed ?? stages.some((stage) => stage.changed),
    stages,
    ...marked,
    ...plan,
    ...(parts.authorization === undefined ? {} : {authorization: parts.authorization}),
    controls: snapshot.probes.read ? snapshot.probes.value.controls : [],
    notes: isUninstall ? notes : [...notes, ...ownNotes(inputs, snapshot), ...deliveryNotes(snapshot)],
    ...(reportedBy === undefined ? {} : {reportedBy}),
    unread,
  }
}

/** The inputs that judge, as the report keeps them. */
export function termsOf({require, failOn, minCoverage, allowEmpty, mtlsMode, gate, ignore}: Inputs): Terms {
  return {require, failOn, minCoverage, allowEmpty, mtlsMode, gate, ignore}
}

/** The parts every row rests on: without one of them the rows themselves may be missing. */
const rowParts = ['mesh', 'policies', 'pods'] as const satisfies readonly (keyof Parts)[]

function unreadParts(snapshot: Snapshot): Report['unread'] {
  return rowParts.flatMap((name) => {
    const part = snapshot[name]
    return part.read ? [] : [{part: name, reason: part.reason}]
  })
}

function clusterOf(inputs: Inputs, snapshot: Snapshot): Report['cluster'] {
  const cluster = snapshot.cluster.read ? snapshot.cluster.value : {name: '', uid: '', kubernetes: ''}
  const meshes = snapshot.mesh.read ? snapshot.mesh.value : []
  const mesh = meshes.find(({revision}) => revision === inputs.revision) ?? meshes[0]
  const istiods = snapshot.controlPlane.read ? snapshot.controlPlane.value.istiods : []
  const istiod = istiods.find(({revision}) => revision === mesh?.revision) ?? istiods[0]
  return {
    /** An API server's address is no name: reports are public where the repository is. */
    name: inputs.clusterName || (cluster.name.includes('://') ? '' : cluster.name),
    uid: cluster.uid,
    kubernetes: cluster.kubernetes,
    istio: istiod?.version ?? '',
    revision: mesh?.revision ?? '',
    rootNamespace: mesh?.rootNamespace ?? '',
    trustDomain: mesh?.trustDomain ?? '',
  }
}

function ownNotes({namespaces, excludeNamespaces, ignore, insecureSkipTlsVerify}: Inputs, {mesh}: Snapshot): string[] {
  const list = (names: string[]) => names.map((name) => `\`${name.replaceAll('`', "'")}\``).join(', ')
  const scope = {namespaces, exclude: excludeNamespaces}
  const own = [...new Set((mesh.read ? mesh.value : []).flatMap(({rootNamespace, namespace}) => [rootNamespace, namespace]))]
  // Exactly those that would be judged if they were not the control plane's.
  const spared = own.filter((name) => isInScope(scope, name, '') && !isInScope(scope, name, name))
  return [
    spared.length > 0 ? `Namespaces of the control plane, judged by their own checks and not as workloads: ${list(spared)}.` : '',
    excludeNamespaces.length > 0 ? `Namespaces left out of the scope: ${list(excludeNamespaces)}.` : '',
    ignore.length > 0 ? `Checks left out by \`ignore\`: ${list(ignore)}.` : '',
    insecureSkipTlsVerify ? "The API server's certificate was not verified (`insecure-skip-tls-verify`)." : '',
  ].filter((note) => note !== '')
}
