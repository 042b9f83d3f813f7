import type {CheckResult, Finding, Severity} from '../model/check.ts'
import type {Report} from '../model/report.ts'

/** A finding with the check that made it. */
export interface RankedFinding {
  result: CheckResult
  finding: Finding
}

/** All findings, most severe first, then by code: the one order of every channel. */
export function rankedFindings({results}: Pick<Report, 'results'>): RankedFinding[] {
  const all = results.flatMap((result) => findingsOf(result).map((finding) => ({result, finding})))
  return all.sort(
    (left, right) => rank(left.finding.severity) - rank(right.finding.severity) || compare(left.result.code, right.result.code),
  )
}

/** The same order, what a baseline does not hold before what it does. */
export function newFirst(found: RankedFinding[]): RankedFinding[] {
  const age = ({finding}: RankedFinding) => (finding.isNew === false ? 1 : 0)
  return [...found].sort((left, right) => rank(left.finding.severity) - rank(right.finding.severity) || age(left) - age(right))
}

/** Findings counted by severity. */
export function tally(report: Pick<Report, 'results'>): Record<Severity, number> {
  const count: Record<Severity, number> = {error: 0, warning: 0, info: 0}
  for (const {finding} of rankedFindings(report)) count[finding.severity]++
  return count
}

/** Is `severity` at or above the severity `failOn`? `never` judges as `error` does: it changes the step, not the truth. */
export function weighs(severity: Severity, failOn: 'warning' | 'error' | 'never'): boolean {
  return rank(severity) <= rank(failOn === 'never' ? 'error' : failOn)
}

/** A failed check without a finding still fails the run: it speaks for itself. */
function findingsOf(result: CheckResult): Finding[] {
  if (result.status !== 'fail' || result.findings.length > 0) return result.findings
  const {code, severity, title, why} = result
  return [{subject: {kind: 'Check', name: code}, message: title, hint: why, fix: '', severity, endpoints: []}]
}

const order: readonly Severity[] = ['error', 'warning', 'info']

function rank(severity: Severity): number {
  return order.indexOf(severity)
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
