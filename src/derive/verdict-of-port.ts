import type {Exemption, PortVerdict} from '../model/endpoint.ts'
import type {Evidence, PortProbe} from '../model/evidence.ts'
import type {Asked} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import type {PortMode} from './port-mode.ts'
import {demandsMutualTls, type Sightings, sawPlainText, sightingText, sightingTime} from './sightings.ts'

/** What stands for one port of one pod in a row. */
export interface RowMember {
  pod: Pod
  /** This port's own probes; for the row of undeclared ports, those of the port that stood for them. */
  probes: readonly PortProbe[]
  /** Addresses at which another port proved the same listener's mode: only for undeclared ports, see `provesUndeclared`. */
  vouched: ReadonlySet<string>
}

export interface RowVerdict {
  verdict: PortVerdict
  because: Exemption | null
  reason: string
  evidence: Evidence[]
}

/** The verdict of one row, exactly as interface.md and live-evidence.md say: violated beats all, only a live proof on every pod and address proves. */
export function verdictOfPort(
  row: {mode: PortMode; port: number | null; canBeProbed: boolean; members: readonly RowMember[]},
  asked: Asked,
  sightings: Sightings,
  takenAt: string,
): RowVerdict {
  const {mode, members} = row
  const evidence = [{kind: 'configured' as const, says: mode.says, at: takenAt}, ...probeEvidence(members, row.port)]
  const answer = (verdict: PortVerdict, reason: string, because: Exemption | null = null) => ({
    verdict,
    because,
    reason: sentence(reason),
    evidence,
  })

  if (mode.exempt !== null) return answer('exempt', mode.says, mode.exempt)
  if (mode.doubt !== '') return answer('unproven', mode.doubt)
  if (mode.mode === 'PERMISSIVE' && asked.mtlsMode === 'PERMISSIVE')
    return answer('exempt', 'permissive while migrating, as asked', 'migration')
  if (mode.mode !== 'STRICT')
    return answer(
      'violated',
      `${mode.mode === 'NONE' ? 'plain text reaches the port' : 'plain text is accepted'}: ${mode.says}${leaving(members)}`,
    )

  const caught = row.canBeProbed ? members.filter(({probes}) => probes.some(sawPlainText)) : []
  if (caught.length > 0) return answer('violated', `${podsText(caught)} answered in plain text, although the mode is ${mode.says}`)
  if (!asked.probes)
    return mode.unsure === '' ? answer('configured', `${mode.says}; no live proof was asked for`) : answer('unproven', mode.unsure)
  if (!row.canBeProbed) return answer('unproven', 'no live probe can tell for this kind of workload')
  if (sightings.void !== '') return answer('unproven', sightings.void)
  if (row.port === null && mode.unsure !== '') return answer('unproven', mode.unsure)
  const open = members.filter(({pod}) => isServing(pod)).length === 0 ? members : members.filter(({pod}) => isServing(pod))
  for (const member of open) {
    const missing = unprovenText(member, row.port)
    if (missing !== '') return answer('unproven', missing)
  }
  return answer('proven', row.port === null ? provenUndeclared : 'every pod demanded a client certificate and closed plain connections')
}

/** True for a pod that callers can reach: it has an address and is not on its way out. */
export function isServing(pod: Pick<Pod, 'ips' | 'terminating' | 'simulated'>): boolean {
  return pod.ips.length > 0 && !pod.terminating && !pod.simulated
}

/** Why one pod's port is not proven on every address; '' when it is. */
function unprovenText({pod, probes, vouched}: RowMember, port: number | null): string {
  if (pod.simulated) return `pod \`${pod.name}\` does not run yet`
  if (pod.ips.length === 0) return `pod \`${pod.name}\` has no address yet${pod.reason === '' ? '' : ` (${pod.reason})`}`
  for (const address of pod.ips) {
    const seen = probes.filter((probe) => probe.address === address)
    if (seen.length === 0) return `pod \`${pod.name}\` was not probed at ${address}`
    const contrary = seen.find((probe) => !demandsMutualTls(probe) && !(port === null && isVouched(probe, vouched)))
    if (contrary) return `pod \`${pod.name}\`: ${sightingText(contrary)}`
  }
  return ''
}

/** Behind an undeclared port nothing listens, so the proxy may hang up before it asks: then the same listener's other chain vouches. */
function isVouched({address, tls, plain}: PortProbe, vouched: ReadonlySet<string>): boolean {
  return plain?.saw === 'closed' && tls?.saw === 'closed' && vouched.has(address)
}

function probeEvidence(members: readonly RowMember[], port: number | null): Evidence[] {
  const bySight = Map.groupBy(
    members.flatMap(({pod, probes}) => probes.map((probe) => ({pod, probe}))),
    ({probe}) => (port === null ? `at undeclared port ${probe.port} ${sightingText(probe)}` : sightingText(probe)),
  )
  return [...bySight].map(([text, seen]) => ({
    kind: 'probe' as const,
    says: `${podsText(seen)}: ${text}`,
    at:
      seen
        .map(({probe}) => sightingTime(probe))
        .sort()
        .at(-1) ?? '',
  }))
}

function podsText(members: readonly {pod: Pod}[]): string {
  const names = [...new Set(members.map(({pod}) => pod.name))]
  return names.length === 1 ? `pod \`${names[0]}\`` : `${names.length} pods, \`${names[0]}\` among them,`
}

function leaving(members: readonly RowMember[]): string {
  return members.every(({pod}) => pod.terminating) ? ' (until its terminating pods are gone)' : ''
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const provenUndeclared =
  'an undeclared port of every pod was taken by the proxy and closed plain connections, and the same listener demanded a client certificate'
