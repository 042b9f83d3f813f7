import type {Report, Verdict} from '../model/report.ts'
import {countsOf, coverage, judged, shownPercent} from './counts.ts'
import {rankedFindings, weighs} from './findings.ts'
import {type Gate, isCounted, type Judged} from './gate.ts'
import {breaksCallers, isBlind, isForbidden} from './plan-verdict.ts'
import {reasonFor} from './reason.ts'
import {isRotten} from './waive.ts'

/** interface.md, "The verdict, exactly": fail, else unknown, else pass, with its one sentence. */
export function verdictOf(report: Judged, gate: Gate): Verdict {
  const status = isBad(report, gate) ? 'fail' : isUnsure(report, gate) || fallsShort(report, gate) ? 'unknown' : 'pass'
  const percent = coverage(report.counts, gate.require)
  return {status, reason: reasonFor(status, report, gate), coverage: shownPercent(percent)}
}

/** Must the step fail? Exactly when the verdict is not `pass`; `fail-on: never` forgives findings and violated rows, and nothing else. */
export function stepFails(report: Judged & Pick<Report, 'verdict'>, gate: Gate): boolean {
  if (report.verdict.status === 'pass') return false
  if (gate.failOn !== 'never') return true
  const forgiven = report.endpoints.filter(({verdict}) => verdict !== 'violated')
  if (isForbidden(report)) return true
  return isUnsure(report, gate) || fallsShort({...report, endpoints: forgiven}, gate)
}

/** A row accepts plain text, a finding weighs enough, or the ledger of waivers is not true any more. */
function isBad(report: Judged, gate: Gate): boolean {
  return (
    breaksCallers(report) ||
    isForbidden(report) ||
    report.endpoints.some((row) => row.verdict === 'violated' && isCounted(row, gate)) ||
    rankedFindings(report).some(({finding}) => weighs(finding.severity, gate.failOn) && isCounted(finding, gate)) ||
    (gate.failOn !== 'never' && report.waivers.some((waiver) => isRotten(waiver) && isCounted(waiver, gate)))
  )
}

/** Something that counts failed, was not read, or is not there. */
function isUnsure(report: Judged, gate: Gate): boolean {
  const {stages, unread, results, counts, comparison} = report
  return (
    isBlind(report) ||
    (gate.gate === 'new' && (comparison === null || comparison.misfit !== '')) ||
    stages.some((stage) => stage.status === 'failed') ||
    unread.length > 0 ||
    results.some((result) => result.status === 'unknown' && weighs(result.severity, gate.failOn)) ||
    (counts.total === 0 && !gate.allowEmpty)
  )
}

/** An open port that is known is excused, not covered: it drops out of both sides of the percentage. */
function fallsShort({endpoints}: Judged, gate: Gate): boolean {
  const asked = countsOf(endpoints.filter((row) => row.verdict !== 'violated' || isCounted(row, gate)))
  return judged(asked) > 0 && coverage(asked, gate.require) < gate.minCoverage
}
