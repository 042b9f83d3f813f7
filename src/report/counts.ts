import type {Endpoint} from '../model/endpoint.ts'
import type {Counts} from '../model/report.ts'

/** Rows counted by verdict. */
export function countsOf(endpoints: Endpoint[]): Counts {
  const counts: Counts = {total: endpoints.length, proven: 0, configured: 0, exempt: 0, unproven: 0, violated: 0}
  for (const {verdict} of endpoints) counts[verdict]++
  return counts
}

/** Rows that count: all but the exempt ones. */
export function judged(counts: Counts): number {
  return counts.total - counts.exempt
}

/** Rows that have the evidence `require` asks for; `unproven` never has: its proof was asked for and missed. */
export function covered(counts: Counts, require: 'proven' | 'configured'): number {
  return require === 'proven' ? counts.proven : counts.proven + counts.configured
}

/** Percent of the judged rows that are covered, unrounded; 100 when there is nothing to cover (interface.md, "The verdict, exactly"). */
export function coverage(counts: Counts, require: 'proven' | 'configured'): number {
  return judged(counts) === 0 ? 100 : (100 * covered(counts, require)) / judged(counts)
}

/** Percent with one decimal, rounded down: 999 of 1,000 is never shown as 100, nor 9,999 of 10,000. */
export function shownPercent(percent: number): number {
  return Math.floor(percent * 10 + 1e-9) / 10
}
