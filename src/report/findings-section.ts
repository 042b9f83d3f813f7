import type {CheckResult, Finding, Severity} from '../model/check.ts'
import type {Ref} from '../model/ref.ts'
import type {Report} from '../model/report.ts'
import {troubleshootingUrl} from './docs-url.ts'
import {newFirst, type RankedFinding, rankedFindings} from './findings.ts'
import {type Block, code, details, fence, heading, type Inline, link, list, paragraph, prose, strong, text} from './markdown.ts'
import {plural, sentence} from './words.ts'

/** A severity as a mark beside its word. */
export const severityMark: Record<Severity, string> = {error: '❌', warning: '⚠️', info: 'ℹ️'}

/** What failed, most severe first and of those what is new, each finding with its exact fix and on wish its waiver; at most `limit`, the first three errors open. */
export function findingsSection(report: Report, limit: number, withWaivers = false): Block[] {
  const found = newFirst(rankedFindings(report).filter(({finding}) => finding.severity !== 'info'))
  const shown = found.slice(0, limit)
  return [
    ...shown.map((one, at) =>
      findingBlock(one, at < opened && one.finding.severity === 'error' && one.finding.isNew !== false, withWaivers),
    ),
    ...(found.length > shown.length
      ? [paragraph(text(`And ${plural(found.length - shown.length, 'more finding')}, all in report.json.`))]
      : []),
  ]
}

/** What could not be judged, and what failed on the way: the reasons of an `unknown`. */
export function openQuestions({stages, unread, results}: Report): Block[] {
  const failed = stages.filter(({status}) => status === 'failed')
  const unknown = results.filter(({status}) => status === 'unknown')
  const items: Inline[][] = [
    ...failed.map((stage) => [
      ...[strong(text(`Stage ${stage.name} failed${where(stage.cluster)}`)), text(': '), ...prose(sentence(stage.says))],
      ...more(troubleshootingUrl({results}, stage.entry)),
    ]),
    ...unread.map(({part, reason, cluster}) => [text('Not read: '), code(part), text(`${where(cluster)}, `), ...prose(reason)]),
    ...unknown
      .slice(0, 30)
      .map((result) => [strong(text(result.code)), text(` ${result.title}${where(result.cluster)}? Unknown: `), ...prose(result.reason)]),
  ]
  if (items.length === 0) return []
  return [heading(3, text(failed.length > 0 ? 'What went wrong' : 'What could not be judged')), list(items)]
}

/** Of which cluster, in a merged report. */
function where(cluster: string | undefined): string {
  return cluster === undefined ? '' : ` in ${cluster}`
}

/** Notes that judge nothing: findings of severity info. */
export function infos(report: Report): Inline[][] {
  return rankedFindings(report)
    .filter(({finding}) => finding.severity === 'info')
    .map(({result, finding}) => [strong(text(result.code)), text(' '), ...prose(finding.message)])
}

const opened = 3

/** The way out for what cannot be mended at once, in the form the ledger takes. */
function waiverOffer(waiver: string): Block[] {
  return [
    details(
      [text('Cannot be mended now? Waive it for a while')],
      [
        paragraph(
          text('Below '),
          code('waivers:'),
          text(' in '),
          code('.github/mtls-waivers.yaml'),
          text(', with your reason, owner and last day:'),
        ),
        fence('yaml', waiver),
      ],
    ),
  ]
}

function findingBlock({result, finding}: RankedFinding, open: boolean, isOffered: boolean): Block {
  const {severity, subject, message, hint, fix, isNew, waiver = ''} = finding
  const summary = [
    text(`${severityMark[severity]} ${isNew === undefined ? '' : isNew ? 'new · ' : 'known · '}`),
    strong(text(result.code)),
    text(` ${result.title}: `),
    ...subjectName(subject),
  ]
  return details(
    summary,
    [
      paragraph(...prose(sentence(message))),
      ...(hint === '' ? [] : [paragraph(strong(text('Fix: ')), text(' '), ...prose(hint))]),
      ...(fix === '' ? [] : [fence(languageOf(fix), fix)]),
      ...(waiver === '' || !isOffered ? [] : waiverOffer(waiver)),
      ...reference(result, finding),
    ],
    open,
  )
}

/** An object as findings name it. */
export function subjectName({kind, namespace, name, cluster}: Ref): Inline[] {
  const where = cluster === undefined ? [] : [text(' in '), code(cluster)]
  return [text(`${kind} `), code(namespace === undefined || namespace === '' ? name : `${namespace}/${name}`), ...where]
}

function reference({docs, why}: CheckResult, {subject: {file, line}}: Finding): Block[] {
  const where = file === undefined ? [] : [text('In '), code(line === undefined ? file : `${file}:${line}`), text('. ')]
  const said = [...where, ...prose(why), ...more(docs)]
  return said.length === 0 ? [] : [paragraph(...said)]
}

function more(url: string): Inline[] {
  return url.startsWith('https://') ? [text(' '), link(url, text('More'))] : []
}

/** A fix is a manifest or something to type. */
export function languageOf(fix: string): 'yaml' | 'sh' {
  return /^\s*(?:kubectl|helm|istioctl)\b/.test(fix) || !/^\s*(?:- )?[\w./-]+:(?:\s|$)/m.test(fix) ? 'sh' : 'yaml'
}
