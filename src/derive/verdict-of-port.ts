import type {DataPlane, Exemption, PortVerdict} from '../model/endpoint.ts'
import type {Evidence} from '../model/evidence.ts'
import type {Asked} from '../model/snapshot.ts'
import {ambientText, isJudgeOfAmbient} from './ambient-proof.ts'
import type {PortMode} from './port-mode.ts'
import {evidenceOf, podsText} from './row-evidence.ts'
import {isServing, openText, proofOf, type RowMember} from './row-member.ts'
import type {Sightings} from './sightings.ts'

export interface RowVerdict {
  verdict: PortVerdict
  because: Exemption | null
  reason: string
  evidence: Evidence[]
}

/** What a run could prove with: its probes, and why its proxies were not read ('' when they were to be). */
export interface ProofSources {
  sightings: Sightings
  withheld: string
}

/**
 * The verdict of one row, exactly as interface.md and live-evidence.md say: violated beats all; proven is what every pod's own listener shows (B), or the wire on
 * every address (C), and nothing contradicts.
 */
export function verdictOfPort(
  row: {mode: PortMode; port: number | null; plane: DataPlane; members: readonly RowMember[]},
  asked: Asked,
  {sightings, withheld}: ProofSources,
  takenAt: string,
): RowVerdict {
  const {mode, port, members} = row
  const evidence = [{kind: 'configured' as const, says: mode.says, at: takenAt}, ...evidenceOf(members, port, takenAt)]
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

  const canBeProbed = row.plane === 'sidecar' || row.plane === 'waypoint'
  const canBeCaught = canBeProbed || (row.plane === 'ambient' && isJudgeOfAmbient(sightings.by))
  const caught = canBeCaught ? members.filter((member) => openText(member) !== '') : []
  const [first] = caught
  if (first !== undefined) return answer('violated', `${podsText(caught)} ${openText(first)}, although the mode is ${mode.says}`)
  const isRead = members.some(({delivered}) => delivered !== null)
  if (!asked.probes && !isRead) {
    if (mode.unsure !== '') return answer('unproven', mode.unsure)
    const why = asked.require === 'proven' && withheld !== '' ? `, and ${withheld}` : ''
    return answer('configured', `${mode.says}; no live proof was asked for${why}`)
  }
  if (!canBeProbed)
    return answer('unproven', row.plane === 'ambient' ? ambientText(sightings) : 'no live probe can tell for this kind of workload')
  const unsure = port === null ? mode.unsure : ''
  const open = members.filter(({pod}) => isServing(pod))
  const proofs = (open.length === 0 ? members : open).map((member) => proofOf(member, port, {probes: asked.probes, sightings, unsure}))
  const missing = proofs.find((proof) => 'missing' in proof)
  if (missing !== undefined) return answer('unproven', missing.missing)
  if (proofs.every((proof) => 'by' in proof && proof.by === 'listener')) return answer('proven', provenByListener)
  return answer('proven', port === null ? provenUndeclared : 'every pod demanded a client certificate and closed plain connections')
}

function leaving(members: readonly RowMember[]): string {
  return members.every(({pod}) => pod.terminating) ? ' (until its terminating pods are gone)' : ''
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const provenByListener = "every pod's own proxy runs a listener that takes mutual TLS alone, and nothing seen contradicts it"
const provenUndeclared =
  'an undeclared port of every pod was taken by the proxy and closed plain connections, and the same listener demanded a client certificate'
