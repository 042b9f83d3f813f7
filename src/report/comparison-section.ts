import type {Comparison, PortChange, Report} from '../model/report.ts'
import {rankedFindings} from './findings.ts'
import {severityMark, subjectName} from './findings-section.ts'
import {type Block, code, details, heading, type Inline, list, paragraph, prose, strong, text} from './markdown.ts'
import {clipped, plural} from './words.ts'

/** What changed against the baseline, the bad news open and first; nothing where there is no baseline. At most `limit` of a kind. */
export function comparisonSection(report: Report, limit: number, level = 3): Block[] {
  const {comparison} = report
  if (comparison === null) return []
  const title = heading(level, text('What changed'))
  if (comparison.misfit !== '') return [title, paragraph(...prose(`${comparison.misfit}. Nothing was compared and nothing is excused.`))]
  const found = rankedFindings(report).filter(({finding}) => finding.isNew)
  const worse: Inline[][] = [
    ...found.map(({result, finding}) => [
      text(`${severityMark[finding.severity]} new: `),
      strong(text(result.code)),
      text(` ${result.title}: `),
      ...subjectName(finding.subject),
    ]),
    ...comparison.worse.map((change) => [text('↓ '), ...changeText(change)]),
  ]
  const better: Inline[][] = [
    ...comparison.gone.map(({code: check, subject}) => [text('✔️ fixed: '), strong(text(check)), text(' '), ...subjectName(subject)]),
    ...comparison.better.map((change) => [text('↑ '), ...changeText(change)]),
  ]
  return [
    title,
    paragraph(...prose(`${comparisonSentence(report)}.`)),
    ...some(worse, limit),
    ...(better.length === 0 ? [] : [details([text(`${plural(better.length, 'improvement')}`)], some(better, limit))]),
  ]
}

/** The numbers of a comparison that fits, in one sentence without its full stop, and what it was compared with. */
export function comparisonSentence({comparison, verdict}: Pick<Report, 'comparison' | 'verdict'>): string {
  if (comparison === null) return ''
  if (comparison.misfit !== '') return comparison.misfit
  const {worse, better, unseen, baseline, remarks} = comparison
  const counted = [
    plural(comparison.new, 'new finding'),
    `${comparison.fixed} fixed`,
    `${comparison.unchanged} unchanged`,
    ...(unseen > 0 ? [`${unseen} not judged again`] : []),
    ...(worse.length > 0 ? [`${plural(worse.length, 'port')} worse`] : []),
    ...(better.length > 0 ? [`${plural(better.length, 'port')} better`] : []),
    baseline.coverage === verdict.coverage
      ? `coverage ${verdict.coverage} % as before`
      : `coverage ${baseline.coverage} % → ${verdict.coverage} %`,
  ]
  const beside = ` Compared with ${baselineName(comparison)}${remarks.length === 0 ? '' : `. ${remarks.join(' ').replace(/\.$/, '')}`}`
  return `${counted.join(', ')}.${beside}`
}

function baselineName({baseline: {cluster, takenAt, status}}: Comparison): string {
  const where = cluster === '' ? '' : ` on \`${clipped(cluster.replaceAll('`', "'"), 120)}\``
  return `the report${where} of ${takenAt.slice(0, 16).replace('T', ' ')} UTC (${status})`
}

/** `shop/Deployment/orders:8080` with both its states. */
function changeText({id, before, now}: PortChange): Inline[] {
  return [code(id.replace(/:\*$/, ' undeclared ports')), text(`: ${stateText(before, 'not there')} → ${stateText(now, 'gone')}`)]
}

/** One state of a port, in words; the mode where the verdict alone would hide what changed. */
export function stateText(state: PortChange['now'], missing: string): string {
  if (state === null) return missing
  return state.verdict === 'violated' ? `${state.verdict} (${state.mode})` : state.verdict
}

function some(items: Inline[][], limit: number): Block[] {
  if (items.length === 0) return []
  const more = items.length - limit
  return [list(items.slice(0, limit)), ...(more > 0 ? [paragraph(text(`And ${more} more, all in report.json.`))] : [])]
}
