import type {Endpoint} from '../model/endpoint.ts'
import type {Terms, Waiver} from '../model/report.ts'
import {endpointId} from './waive.ts'

/**
 * A row that was read from a file, as far as it can be believed: one that contradicts itself counts as what it must be, one that a waiver
 * excused is open again where no waiver in force covers it (any more). The worse reading wins.
 */
export function believable(row: Endpoint, waivers: Waiver[], {mtlsMode}: Terms): Endpoint {
  const isOpen = row.mode === 'PERMISSIVE' || row.mode === 'DISABLE' || row.mode === 'NONE'
  const open = (reason: string): Endpoint => ({...row, verdict: 'violated', because: null, reason})
  const unproven = (reason: string): Endpoint => ({...row, verdict: 'unproven', because: null, reason})
  switch (row.verdict) {
    case 'proven':
    case 'configured':
      if (isOpen) return open(`its mode is ${row.mode}, whatever the report says of it`)
      return row.mode === 'STRICT' && (row.verdict === 'configured' || isSeen(row))
        ? row
        : unproven(`${row.verdict}, and nothing in the report shows it`)
    case 'exempt':
      if (row.because === 'waiver' && !isWaived(row, waivers)) return open('no waiver in force covers it')
      if (row.because === 'migration' && mtlsMode !== 'PERMISSIVE') return open('no migration was asked for')
      return isExempt(row) ? row : unproven('exempt without a reason')
    default:
      return row
  }
}

/** Was it seen, on the wire or in the proxy? Configuration alone proves nothing. */
function isSeen({evidence}: Endpoint): boolean {
  return evidence.some(({kind}) => kind === 'probe' || kind === 'listener')
}

/** Is there what such an exemption rests on? */
function isExempt({because, mode, protocol, dataPlane}: Endpoint): boolean {
  if (because === 'gateway') return mode === 'GATEWAY'
  if (because === 'not-tcp') return protocol !== 'TCP'
  if (because === 'mesh-port') return mode !== 'PERMISSIVE' && mode !== 'DISABLE' && dataPlane !== 'none' && dataPlane !== 'ambient'
  return because !== null
}

function isWaived(row: Endpoint, waivers: Waiver[]): boolean {
  const id = endpointId(row)
  return waivers.some(({status, covers}) => (status === 'in-force' || status === 'expiring') && covers.includes(id))
}
