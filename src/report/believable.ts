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
  switch (row.verdict) {
    case 'proven':
    case 'configured':
      return isOpen ? open(`its mode is ${row.mode}, whatever the report says of it`) : row
    case 'exempt':
      if (row.because === 'waiver' && !isWaived(row, waivers)) return open('no waiver in force covers it')
      if (row.because === 'migration' && mtlsMode !== 'PERMISSIVE') return open('no migration was asked for')
      return row.because === null ? {...row, verdict: 'unproven', reason: 'exempt without a reason'} : row
    default:
      return row
  }
}

function isWaived(row: Endpoint, waivers: Waiver[]): boolean {
  const id = endpointId(row)
  return waivers.some(({status, covers}) => (status === 'in-force' || status === 'expiring') && covers.includes(id))
}
