import type {Report} from '../model/report.ts'
import {byteLength} from './budget.ts'
import {type Place, plain, type SarifResult, sarifResults} from './sarif-results.ts'
import {type SarifRule, sarifRules} from './sarif-rules.ts'
import {plural} from './words.ts'

/** GitHub refuses a file past 10 MB once gzipped, which is never larger than before by more than a few bytes. */
export const sarifLimit = 9_500_000

/**
 * The report as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0) in the subset that GitHub reads, ending in a newline: at most `limit`
 * bytes and 25,000 results, most severe first, because GitHub shows 5,000 of them. A verdict other than `pass` always has a result.
 */
export function sarif(report: Report, place: Place, limit = sarifLimit): string {
  const results = sarifResults(report, place)
  const rules = sarifRules(report)
  const kept: SarifResult[] = []
  let size = byteLength(JSON.stringify(logOf(report, rules, [], results.length))) + 1
  for (const result of results.slice(0, 25_000)) {
    size += byteLength(JSON.stringify(result)) + 1
    if (size > limit) break
    kept.push(result)
  }
  return `${JSON.stringify(logOf(report, rules, kept, results.length - kept.length))}\n`
}

/** Without `automationDetails`: an id here would override the `category` by which upload-sarif tells jobs and matrix cells apart. */
function logOf(report: Report, rules: SarifRule[], results: SarifResult[], left: number): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {driver: {name: 'istio-mtls-action', rules}},
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: report.unread.length === 0 && report.stages.every(({status}) => status !== 'failed'),
            toolExecutionNotifications: notifications(report, left),
          },
        ],
        properties: {
          verdict: report.verdict.status,
          reason: plain(report.verdict.reason),
          coverage: report.verdict.coverage,
          counts: report.counts,
        },
        results,
      },
    ],
  }
}

/** What failed or was not read, and what did not fit: GitHub shows it on the tool's status page. */
function notifications({stages, unread}: Report, left: number): object[] {
  const failed = stages.filter(({status}) => status === 'failed')
  return [
    ...failed.map(({name, says, cure}) => ({level: 'error', message: {text: plain(`Stage ${name} failed: ${says} ${cure}`)}})),
    ...unread.map(({part, reason}) => ({level: 'error', message: {text: plain(`Not read: ${part}, ${reason}`)}})),
    ...(left > 0 ? [{level: 'warning', message: {text: `${plural(left, 'more result')} did not fit: report.json has all`}}] : []),
  ]
}
