import type {Endpoint} from '../model/endpoint.ts'
import type {PortProbe} from '../model/evidence.ts'
import {refText} from '../model/ref.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {type Deliveries, deliveriesOf} from './delivered-port.ts'
import {type JudgedGroup, type JudgedPort, judgedGroups} from './judged-pods.ts'
import type {PodView} from './pod-view.ts'
import type {PortMode} from './port-mode.ts'
import {demandsMutualTls, type Sightings, sightingsOf} from './sightings.ts'
import {isServing, type RowMember} from './row-member.ts'
import {type ProofSources, verdictOfPort} from './verdict-of-port.ts'

/**
 * Every row of the verdict (interface.md, "Rows"): each port of each workload in scope, and one row for its undeclared ports; pods of one
 * workload that differ get rows of their own. Never throws on a well-formed snapshot; what was not read makes rows unproven.
 */
export function endpoints(snapshot: Snapshot): Endpoint[] {
  const sources = {sightings: sightingsOf(snapshot.probes), deliveries: deliveriesOf(snapshot.delivered, snapshot.takenAt)}
  const rows = new Map<string, Row>()
  for (const group of judgedGroups(snapshot)) {
    const probed = group.pods.map((pod) => ({pod, probes: sources.sightings.of(pod)}))
    for (const judged of group.ports) {
      const key = rowKey(group.view, judged)
      const row = rows.get(key) ?? {...judged, view: group.view, members: []}
      for (const each of probed) row.members.push(memberOf(each, judged, group, sources))
      rows.set(key, row)
    }
  }
  const serving = new Set([...rows.values()].filter(({members}) => members.some(({pod}) => isServing(pod))).map(workloadKey))
  const proofs = {sightings: sources.sightings, withheld: sources.deliveries.withheld}
  return [...rows.values()]
    .filter((row) => counts(row, serving))
    .map((row) => endpointOf(row, snapshot, proofs))
    .sort(byWorkloadAndPort)
}

interface Row extends JudgedPort {
  view: PodView
  members: RowMember[]
}

function rowKey({pod, plane}: PodView, {port, protocol, mode}: JudgedPort): string {
  const {kind, name} = pod.workload
  const decidedBy = mode.decidedBy === null ? '' : refText(mode.decidedBy)
  return [pod.namespace, kind, name, port, protocol, plane, mode.mode, decidedBy, mode.doubt, mode.unsure, mode.says].join('\n')
}

function workloadKey({view: {pod}}: Pick<Row, 'view'>): string {
  return [pod.namespace, pod.workload.kind, pod.workload.name].join('\n')
}

/** Pods that leave, or wait beside others that serve, need no proof; where plain text would reach them they count all the same (rule 22). */
function counts({mode, members, ...row}: Row, serving: ReadonlySet<string>): boolean {
  if (members.some(({pod}) => isServing(pod) || pod.simulated)) return true
  if (mode.mode !== 'STRICT' && mode.exempt === null) return true
  return !members.every(({pod}) => pod.terminating) && !serving.has(workloadKey(row))
}

/** What stands for a port of one pod. */
function memberOf(
  {pod, probes}: Probed,
  judged: JudgedPort,
  {view, ports}: JudgedGroup,
  {sightings, deliveries}: {sightings: Sightings; deliveries: Deliveries},
): RowMember {
  const delivered = passesProxy(judged) ? deliveries.of(pod, view.capture, judged.port) : null
  return {pod, ...evidenceFor(judged, ports, probes), delivered, calls: sightings.callsTo(pod, judged.port)}
}

interface Probed {
  pod: Pod
  probes: readonly PortProbe[]
}

/** What no listener of the proxy meets, no listener can speak for. */
function passesProxy({protocol, mode}: JudgedPort): boolean {
  return protocol === 'TCP' && mode.exempt === null && mode.mode !== 'NONE'
}

function evidenceFor(judged: JudgedPort, all: readonly JudgedPort[], probes: readonly PortProbe[]): Pick<RowMember, 'probes' | 'vouched'> {
  if (judged.protocol !== 'TCP' || probes.length === 0) return unprobed
  if (judged.port !== null) return {probes: probes.filter(({port}) => port === judged.port), vouched: none}
  const declared = new Map(all.filter(({protocol}) => protocol === 'TCP').map((each) => [each.port, each]))
  const alike = (probe: PortProbe, needs: 'sameMode' | 'sameChain') => {
    const other = declared.get(probe.port)
    if (other === undefined || other.ownMode || !isSameMode(other.mode, judged.mode)) return false
    return needs === 'sameMode' || other.passthrough
  }
  const sample = probes.filter(({port}) => !declared.has(port))
  return {
    // A declared port without a chain of its own is served by the very chain that serves undeclared ones.
    probes: sample.length > 0 ? sample : probes.filter((probe) => alike(probe, 'sameChain')),
    vouched: new Set(probes.filter((probe) => alike(probe, 'sameMode') && demandsMutualTls(probe)).map(({address}) => address)),
  }
}

const none: ReadonlySet<string> = new Set()
const unprobed: Pick<RowMember, 'probes' | 'vouched'> = {probes: [], vouched: none}

function isSameMode(a: PortMode, b: PortMode): boolean {
  return a.mode === b.mode && a.says === b.says
}

function endpointOf({view, port, protocol, mode, members}: Row, snapshot: Snapshot, sources: ProofSources): Endpoint {
  const {workload, namespace, file, line} = view.pod
  return {
    namespace,
    workload,
    pods: members.map(({pod}) => pod.name).sort(),
    port,
    protocol,
    dataPlane: view.plane,
    mode: mode.mode,
    decidedBy: mode.decidedBy,
    ...verdictOfPort({mode, port, plane: view.plane, members}, snapshot.asked, sources, snapshot.takenAt),
    ...(file === undefined ? {} : {file}),
    ...(line === undefined ? {} : {line}),
  }
}

function byWorkloadAndPort(a: Endpoint, b: Endpoint): number {
  const number = ({port}: Endpoint) => port ?? Number.POSITIVE_INFINITY
  return (
    byText(a.namespace, b.namespace) ||
    byText(a.workload.kind, b.workload.kind) ||
    byText(a.workload.name, b.workload.name) ||
    (number(a) === number(b) ? 0 : number(a) - number(b)) ||
    byText(a.protocol, b.protocol) ||
    byText(a.pods[0] ?? '', b.pods[0] ?? '')
  )
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
