import type {CheckResult} from '../model/check.ts'
import type {Report} from '../model/report.ts'
import {newFirst, type RankedFinding, rankedFindings} from './findings.ts'
import {languageOf} from './findings-section.ts'
import {badge} from './html-marks.ts'
import {type Html, html, lines, said} from './html-text.ts'
import {nextSteps} from './next-steps.ts'
import {plural, sentence} from './words.ts'

/**
 * What failed, a part per check, most severe first, each finding with its fix ready to copy; at most `limit` findings.
 * `anchors` gives the id of a row in the table by the row's name.
 */
export function findingsPart(
  report: Report,
  {limit, waivers}: {limit: number; waivers: boolean},
  anchors: ReadonlyMap<string, string>,
): Html | null {
  const found = newFirst(rankedFindings(report).filter(({finding}) => finding.severity !== 'info'))
  if (found.length === 0) return null
  const shown = found.slice(0, limit)
  const groups = [...Map.groupBy(shown, ({result}) => result).entries()]
  return html`${groups.map(([result, own]) => checkPart(result, own, waivers, anchors))}${found.length > shown.length ? html`<p class="muted">And ${plural(found.length - shown.length, 'more finding')}, all in report.json.</p>` : null}`
}

/** What went wrong on the way and what could not be judged: an `unknown` is explained, never passed over. */
export function questionsPart({stages, unread, results}: Report): Html | null {
  const failed = stages.filter(({status}) => status === 'failed')
  const unknown = results.filter(({status}) => status === 'unknown')
  if (failed.length + unread.length + unknown.length === 0) return null
  return html`<ul class="cards">${failed.map(
    ({name, says, cure, cluster}) =>
      html`<li class="card bad">${badge('failed')} <strong>Stage ${name}</strong>${where(cluster)}<p>${said(sentence(says))}</p>${cure === '' ? null : html`<p><strong>Fix:</strong> ${said(cure)}</p>`}</li>`,
  )}${unread.map(({part, reason, cluster}) => html`<li class="card unsure">${badge('unknown')} <strong>Not read: ${part}</strong>${where(cluster)}<p>${said(sentence(reason))}</p></li>`)}${unknown.map(
    ({code, title, reason, cluster}) =>
      html`<li class="card unsure">${badge('unknown')} <strong>${code}</strong> ${title}?${where(cluster)}<p>${said(sentence(reason))}</p></li>`,
  )}</ul>`
}

/** Of which cluster, in a merged report. */
function where(cluster: string | undefined): Html | null {
  return cluster === undefined ? null : html` in ${cluster}`
}

/** At most three things to do next, with the command to type. */
export function stepsPart(report: Report): Html | null {
  const steps = nextSteps(report)
  return steps.length === 0
    ? null
    : html`<ol class="steps">${steps.map(({says, command}) => html`<li><p>${said(says)}</p>${command === '' ? null : copyable('sh', command, says)}</li>`)}</ol>`
}

function checkPart(
  {code, title, why, docs}: CheckResult,
  own: RankedFinding[],
  waivers: boolean,
  anchors: ReadonlyMap<string, string>,
): Html {
  const parts = own.map((one) => findingPart(one, waivers, anchors))
  const [first] = own
  const severity = first?.finding.severity ?? 'error'
  const more = safeUrl.test(docs) ? html` <a href="${docs}" rel="noreferrer">About ${code}</a>` : null
  return html`<section class="check"><h3>${badge(severity)} <span class="code">${code}</span> ${title}${own.length > 1 ? html` <small>${own.length} findings</small>` : null}</h3><p class="muted">${said(why)}${more}</p>${parts.slice(0, open)}${folded(code, parts.slice(open))}</section>`
}

/** How many findings of a check stand open: the next look much the same. */
const open = 5

function folded(code: string, rest: Html[]): Html | null {
  if (rest.length === 0) return null
  return html`<details><summary>${plural(rest.length, 'more finding')} of ${code}</summary>${rest}</details>`
}

function findingPart(
  {result, finding: {severity, subject, message, hint, fix, endpoints, isNew, waiver = ''}}: RankedFinding,
  waivers: boolean,
  anchors: ReadonlyMap<string, string>,
): Html {
  const {kind, namespace, name, file, line, cluster} = subject
  const object = `${kind} ${namespace === undefined || namespace === '' ? '' : `${namespace}/`}${name}`
  return html`<article class="finding ${severity}"><h4>${isNew === undefined ? null : html`${badge(isNew ? severity : 'skipped', isNew ? 'new' : 'known')} `}${kind} <code>${namespace === undefined || namespace === '' ? null : html`${namespace}/`}${name}</code>${cluster === undefined ? null : html` in ${cluster}`}${file === undefined ? null : html` <small>${file}${line === undefined ? null : `:${line}`}</small>`}</h4><p>${said(sentence(message))}${rowLinks(endpoints, anchors)}</p>${hint === '' ? null : html`<p><strong>Fix:</strong> ${said(hint)}</p>`}${fix === '' ? null : copyable(languageOf(fix), fix, `the fix of ${result.code} for ${object}`)}${waiver === '' || !waivers ? null : html`<details><summary>Cannot be mended now? Waive it for a while</summary><p>Below <code>waivers:</code> in <code>.github/mtls-waivers.yaml</code>, with your reason, owner and last day:</p>${copyable('yaml', waiver, `the waiver of ${result.code} for ${object}`)}</details>`}</article>`
}

/** The ways to the rows a finding speaks of, as far as the page shows them. */
function rowLinks(endpoints: readonly string[], anchors: ReadonlyMap<string, string>): Html | null {
  const shown = endpoints.filter((id) => anchors.has(id)).slice(0, 6)
  if (shown.length === 0) return null
  const more = endpoints.length - shown.length
  return html` <small>See ${shown.map((id, at) => html`${at === 0 ? null : ', '}<a href="#${anchors.get(id) ?? 'ports'}">${id.replace(/:\*$/, ' undeclared ports')}</a>`)}${more > 0 ? ` and ${more} more` : null}.</small>`
}

/** Text to copy; the button appears with the script. */
function copyable(language: 'yaml' | 'sh', text: string, what: string): Html {
  return html`<div class="copy"><span class="lang" aria-hidden="true">${language === 'yaml' ? 'YAML' : 'shell'}</span><button type="button" class="do-copy" hidden aria-label="Copy ${what}">Copy</button><pre tabindex="0" role="region" aria-label="${language === 'yaml' ? 'Manifest' : 'Command'}: ${what}"><code>${lines(text)}</code></pre></div>`
}

const safeUrl = /^https:\/\/[\w.:-]+(?:\/[\w./%?=&#~+-]*)?$/
