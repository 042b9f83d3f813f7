import {createHash} from 'node:crypto'
import type {RunContext} from '../model/context.ts'
import type {Report, VerdictStatus} from '../model/report.ts'
import {fitting} from './budget.ts'
import {clustersTable} from './clusters-section.ts'
import {comparisonSection} from './comparison-section.ts'
import {rankedFindings, tally} from './findings.ts'
import {findingsSection, openQuestions} from './findings-section.ts'
import {forecastSection} from './forecast-section.ts'
import {headline} from './headline.ts'
import {type Block, comment, details, link, paragraph, render, text} from './markdown.ts'
import {nextStepsSection} from './next-steps.ts'
import {plannedLines, plannedSection} from './planned-section.ts'
import {portTables} from './ports-section.ts'
import {plural} from './words.ts'

/** GitHub refuses a body past 65,536 characters with 422; bytes are counted here, of which there are never fewer. */
export const commentLimit = 64_000

/** The hidden mark of a comment: whose it is, and what it said. Never visible text, which changes with the wording. */
export interface Marker {
  /** Of workflow, job and comment-key. */
  key: string
  verdict: VerdictStatus
  /** Of verdict, counts and findings: equal means nothing new to say. */
  hash: string
}

/** Marks this report's comment. Times, pods and wording do not count as news. */
export function markerOf(report: Report, {workflow, job}: Pick<RunContext, 'workflow' | 'job'>, commentKey: string): Marker {
  const {verdict, counts} = report
  const findings = rankedFindings(report).map(({result: {code}, finding: {severity, subject, endpoints}}) => {
    return [code, severity, subject.kind, subject.namespace ?? '', subject.name, endpoints]
  })
  return {
    key: shortHash([workflow, job, commentKey]),
    verdict: verdict.status,
    hash: shortHash([verdict.status, verdict.coverage, counts, findings, ...newsOf(report), ...planNews(report)]),
  }
}

/** What a plan says besides: its changes, and who stands in their way. */
function planNews({planned, forecast}: Report): unknown[] {
  if (planned === undefined) return []
  const troubled = forecast?.outlooks.filter(({outlook}) => outlook !== 'safe') ?? []
  return [plannedLines(planned), troubled.map(({caller, server, outlook}) => [caller, server, outlook])]
}

/** The mark at the start of a comment's body, or null: a mark further down was quoted by someone. */
export function markerFrom(body: string): Marker | null {
  const found = /^<!-- istio-mtls-action key=([0-9a-f]{16}) verdict=(pass|fail|unknown) hash=([0-9a-f]{16}) -->/.exec(body)
  return found === null ? null : {key: found[1] ?? '', verdict: found[2] as VerdictStatus, hash: found[3] ?? ''}
}

/** The comment's body: the head carries all, the rest is folded; `report` should come from `withoutAddresses`. */
export function commentBody(report: Report, marker: Marker, runUrl: string, limit = commentLimit): string {
  return fitting(renderings(report, marker, runUrl), limit, '_Cut to fit: the job summary and report.json have everything._')
}

/** A changed baseline alone is news, too: the comment begins with what changed against it. */
function newsOf({comparison}: Report): unknown[] {
  if (comparison === null) return []
  const {misfit, gone, worse, better} = comparison
  return [misfit, comparison.new, gone.length, worse, better]
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

function* renderings(report: Report, marker: Marker, runUrl: string): Generator<string> {
  for (const findings of [50, 20, 5]) yield render(page(report, marker, runUrl, findings))
}

/** A reviewer reads first what a merge would do. */
function planned(report: Report, limit: number): Block[] {
  if (report.planned === undefined) return []
  const blocks = [...plannedSection(report, limit), ...forecastSection(report, limit)]
  return [details([text('What enforcing would change, and who would break')], blocks, report.verdict.status !== 'pass')]
}

function page(report: Report, {key, verdict, hash}: Marker, runUrl: string, findings: number): Block[] {
  const {error, warning} = tally(report)
  const {violated, unproven} = report.counts
  const failed = [...openQuestions(report), ...findingsSection(report, findings), ...nextStepsSection(report)]
  const found = [...(error > 0 ? [plural(error, 'error')] : []), ...(warning > 0 ? [plural(warning, 'warning')] : [])].join(', ')
  const ports = portTables(report).bad(findings * 2)
  return [
    comment(`istio-mtls-action key=${key} verdict=${verdict} hash=${hash}`),
    ...headline(report, 3),
    ...clustersTable(report),
    ...comparisonSection(report, findings, 4),
    ...(failed.length === 0
      ? []
      : [details([text(found === '' ? 'What went wrong' : `${found}: what failed, and how to mend it`)], failed)]),
    ...planned(report, findings),
    ...(ports.length === 0 ? [] : [details([text(`${plural(violated + unproven, 'port')} with plain text or without proof`)], ports)]),
    ...(runUrl === '' ? [] : [paragraph(link(runUrl, text('Job summary with all the evidence')))]),
  ]
}
