import type {PortChange, Report} from '../model/report.ts'
import {comparisonSentence, stateText} from './comparison-section.ts'
import {rankedFindings} from './findings.ts'
import {badge} from './html-marks.ts'
import {type Html, html, said} from './html-text.ts'
import {refText} from '../model/ref.ts'
import {plural} from './words.ts'

/** What changed against the baseline: news open, improvements below; nothing where there is no baseline. At most `limit` of a kind. */
export function comparisonPart(report: Report, limit: number): Html | null {
  const {comparison} = report
  if (comparison === null) return null
  if (comparison.misfit !== '') return html`<p>${said(comparison.misfit)}. Nothing was compared and nothing is excused.</p>`
  const found = rankedFindings(report).filter(({finding}) => finding.isNew)
  const worse = [
    ...found.map(
      ({result, finding}) =>
        html`<li>${badge(finding.severity, 'new')} <strong>${result.code}</strong> ${result.title}: <code>${refText(finding.subject)}</code></li>`,
    ),
    ...comparison.worse.map((change) => html`<li>${badge('failed', 'worse')} ${changeOf(change)}</li>`),
  ]
  const better = [
    ...comparison.gone.map(
      ({code, subject}) => html`<li>${badge('pass', 'fixed')} <strong>${code}</strong> <code>${refText(subject)}</code></li>`,
    ),
    ...comparison.better.map((change) => html`<li>${badge('pass', 'better')} ${changeOf(change)}</li>`),
  ]
  return html`<p>${said(`${comparisonSentence(report)}.`)}</p>${some(worse, limit)}${better.length === 0 ? null : html`<details><summary>${plural(better.length, 'improvement')}</summary>${some(better, limit)}</details>`}`
}

function changeOf({id, before, now}: PortChange): Html {
  return html`<code>${id.replace(/:\*$/, ' undeclared ports')}</code>: ${stateText(before, 'not there')} → ${stateText(now, 'gone')}`
}

function some(items: Html[], limit: number): Html | null {
  if (items.length === 0) return null
  return html`<ul class="notes">${items.slice(0, limit)}</ul>${items.length > limit ? html`<p class="muted">And ${items.length - limit} more, all in report.json.</p>` : null}`
}
