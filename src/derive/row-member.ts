import type {MeshCall, PortProbe, ProbeAnswer} from '../model/evidence.ts'
import type {Pod} from '../model/workload.ts'
import type {DeliveredPort} from './delivered-port.ts'
import {demandsMutualTls, type Sightings, sawPlainText, sightingText} from './sightings.ts'

/** What stands for one port of one pod in a row. */
export interface RowMember {
  pod: Pod
  /** This port's own probes; for the row of undeclared ports, those of the port that stood for them. */
  probes: readonly PortProbe[]
  /** Addresses at which another port proved the same listener's mode: only for undeclared ports, see `isVouched`. */
  vouched: ReadonlySet<string>
  /** What its proxy runs there; null when nobody was to read it. */
  delivered: DeliveredPort | null
  /** What a client inside the mesh met at this port; evidence beside the proof. */
  calls: readonly MeshCall[]
}

/** What was asked for as proof besides configuration: live probes, and why what they saw counts for nothing ('' when it counts). */
export interface ProofAsked {
  probes: boolean
  sightings: Sightings
  /** Why silence of the wire alone cannot prove this row, or ''. */
  unsure: string
}

/** True for a pod that callers can reach: it has an address and is not on its way out. */
export function isServing(pod: Pick<Pod, 'ips' | 'terminating' | 'simulated'>): boolean {
  return pod.ips.length > 0 && !pod.terminating && !pod.simulated
}

/** How plain text gets in by what was seen on the wire or runs in the proxy, as one clause; '' where neither shows it. */
export function openText({probes, delivered}: RowMember): string {
  if (probes.some(sawPlainText)) return 'answered in plain text'
  return delivered?.read && (delivered.mode === 'PERMISSIVE' || delivered.mode === 'DISABLE')
    ? `runs a listener that ${delivered.says}`
    : ''
}

/** How a pod's port is proven: by its proxy's own listener, or by the wire on every address; else why not (interface.md, "The verdict, exactly"). */
export function proofOf(
  member: RowMember,
  port: number | null,
  {probes, sightings, unsure}: ProofAsked,
): {by: 'listener' | 'wire'} | {missing: string} {
  const {pod, delivered} = member
  if (pod.simulated) return {missing: `pod \`${pod.name}\` does not run yet`}
  if (pod.ips.length === 0) return {missing: `pod \`${pod.name}\` has no address yet${pod.reason === '' ? '' : ` (${pod.reason})`}`}
  const contrary = contraryText(member)
  if (contrary !== '') return {missing: `pod \`${pod.name}\`: ${contrary}`}
  if (delivered?.read && delivered.mode === 'STRICT') return {by: 'listener'}
  const seen = probes ? sightings.void || wireText(member, port) || unsure : ''
  if (probes && seen === '') return {by: 'wire'}
  const read = delivered === null ? '' : delivered.read ? `its listener ${delivered.says}` : delivered.reason
  return {missing: [seen, read].filter(Boolean).join('; ') || unsure || `the proxy of pod \`${pod.name}\` was not read`}
}

/**
 * What contradicts a proof though it is no plain text: a server without a demand for certificates, one that is not the pod's proxy (TLS of its own, or
 * another's certificate: then the listener is not in the way of what arrives), or the proxy's own count.
 */
function contraryText({probes, delivered}: RowMember): string {
  const lax = probes.find(
    ({tls, plain}) =>
      tls?.saw === 'tls' ||
      tls?.saw === 'foreign-tls' ||
      plain?.saw === 'foreign-tls' ||
      (tls?.saw === 'client-certificate' && isDoubted(tls)),
  )
  if (lax !== undefined) return sightingText(lax)
  if (!delivered?.read) return ''
  return delivered.mode === 'TLS' ? `its listener ${delivered.says}` : delivered.contradicts
}

function isDoubted({served}: ProbeAnswer): boolean {
  return served !== undefined && served.doubt !== ''
}

/** Why the wire does not prove one pod's port on every address; '' when it does. */
function wireText({pod, probes, vouched}: RowMember, port: number | null): string {
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
