import type {Report} from '../model/report.ts'
import {byteLength} from './budget.ts'
import {rankedFindings, tally} from './findings.ts'
import {clipped} from './words.ts'

/** What no report holds: paths of written files and of helm, and the comment's address, '' where there is none. */
export interface Delivered {
  reportJson: string
  reportMarkdown: string
  reportSarif: string
  reportJunit: string
  reportHtml: string
  snapshot: string
  helmPath: string
  commentUrl: string
}

/** The action's outputs that come from a report, by their names in action.yml. */
export function outputs(report: Report, delivered: Delivered): Record<string, string> {
  const {verdict, counts, cluster, stages, changed} = report
  const found = tally(report)
  return {
    verdict: verdict.status,
    reason: verdict.reason,
    coverage: String(verdict.coverage),
    'ports-total': String(counts.total),
    'ports-proven': String(counts.proven),
    'ports-configured': String(counts.configured),
    'ports-exempt': String(counts.exempt),
    'ports-unproven': String(counts.unproven),
    'ports-violated': String(counts.violated),
    errors: String(found.error),
    warnings: String(found.warning),
    'new-findings': report.comparison === null || report.comparison.misfit !== '' ? '' : String(report.comparison.new),
    'callers-at-risk': report.forecast === undefined ? '' : String(report.forecast.callers.breaks),
    'failed-stage': stages.find(({status}) => status === 'failed')?.name ?? '',
    findings: findingsJson(report),
    'report-json': delivered.reportJson,
    'report-markdown': delivered.reportMarkdown,
    'report-sarif': delivered.reportSarif,
    'report-junit': delivered.reportJunit,
    'report-html': delivered.reportHtml,
    snapshot: delivered.snapshot,
    'comment-url': delivered.commentUrl,
    'cluster-uid': cluster.uid,
    'istio-version': cluster.istio,
    'helm-path': delivered.helmPath,
    changed: String(changed),
  }
}

/** Findings as a JSON array, most severe first, as many as fit: outputs are limited per job, and GitHub sizes them as UTF-16. */
function findingsJson(report: Report): string {
  const whole = rankedFindings(report).map(({result, finding: {severity, subject, message, hint}}) =>
    JSON.stringify({
      code: result.code,
      severity,
      kind: clipped(subject.kind, 100),
      namespace: clipped(subject.namespace ?? '', 253),
      name: clipped(subject.name, 253),
      message: clipped(message, 500),
      hint: clipped(hint, 500),
    }),
  )
  let size = 2
  const kept = whole.filter((item) => {
    size += Math.max(2 * item.length, byteLength(item)) + 2
    return size <= findingsLimit
  })
  return `[${kept.join(',')}]`
}

const findingsLimit = 100_000
