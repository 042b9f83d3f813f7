import type {Inputs} from '../model/inputs.ts'
import type {Report, Verdict} from '../model/report.ts'
import {coverage, judged, shownPercent} from './counts.ts'
import {rankedFindings, weighs} from './findings.ts'
import {reasonFor} from './reason.ts'
import {isRotten} from './waive.ts'

/** The inputs that judge. */
export type Gate = Pick<Inputs, 'failOn' | 'require' | 'minCoverage' | 'allowEmpty' | 'mtlsMode'>

/** What the verdict is made from. */
export type Judged = Pick<Report, 'counts' | 'endpoints' | 'results' | 'stages' | 'unread' | 'waivers'>

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
  const {counts} = report
  const forgiven = {...report, counts: {...counts, total: counts.total - counts.violated, violated: 0}}
  return isUnsure(report, gate) || fallsShort(forgiven, gate)
}

/** A row accepts plain text, a finding weighs enough, or the ledger of waivers is not true any more. */
function isBad(report: Judged, gate: Gate): boolean {
  return (
    report.counts.violated > 0 ||
    rankedFindings(report).some(({finding}) => weighs(finding.severity, gate.failOn)) ||
    (gate.failOn !== 'never' && report.waivers.some(isRotten))
  )
}

/** Something that counts failed, was not read, or is not there. */
function isUnsure({stages, unread, results, counts}: Judged, gate: Gate): boolean {
  return (
    stages.some((stage) => stage.status === 'failed') ||
    unread.length > 0 ||
    results.some((result) => result.status === 'unknown' && weighs(result.severity, gate.failOn)) ||
    (counts.total === 0 && !gate.allowEmpty)
  )
}

function fallsShort({counts}: Judged, gate: Gate): boolean {
  return judged(counts) > 0 && coverage(counts, gate.require) < gate.minCoverage
}
