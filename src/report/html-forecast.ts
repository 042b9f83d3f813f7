import type {Report} from '../model/report.ts'
import {countsText} from './forecast-section.ts'
import {callerText, outlookWords, serverText} from './forecast-text.ts'
import {type Html, html, said} from './html-text.ts'
import {plannedLines} from './planned-section.ts'
import {plural, sentence} from './words.ts'

/** Who would break under STRICT, worst first; at most `limit` rows. */
export function forecastPart({forecast}: Pick<Report, 'forecast'>, limit: number): Html | null {
  if (forecast === undefined || forecast.turning.length === 0) return null
  const shown = forecast.outlooks.slice(0, limit)
  const left = forecast.outlooks.length - shown.length
  const head = ['Outlook', 'Caller', 'Calls', 'Why'].map((title) => html`<th scope="col">${title}</th>`)
  const rows = shown.map(({caller, server, outlook, reason, seen}) => {
    const {mark, word, means} = outlookWords[outlook]
    return html`<tr><td><span aria-hidden="true">${mark}</span> ${word}<small>${means}</small></td><th scope="row">${said(callerText(caller))}</th><td>${said(serverText(server))}</td><td>${said(sentence(reason))}${seen === '' ? null : html`<small>${said(sentence(seen))}</small>`}</td></tr>`
  })
  const unknown = [...forecast.blind, ...forecast.notRead]
  return html`<p>${countsText(forecast)}, of ${plural(forecast.turning.length, 'port')} that would turn STRICT. Seen by: ${said(forecast.observed.says)}.</p><div class="scroll" role="region" aria-label="Table of callers" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>${left > 0 ? html`<p class="muted">And ${plural(left, 'more row')}, all in report.json.</p>` : null}${unknown.length === 0 ? null : html`<p class="muted">What this forecast does not know:</p><ul>${unknown.map((each) => html`<li>${said(sentence(each))}</li>`)}</ul>`}`
}

/** What `enforce` would change; null for a report that is no plan. */
export function plannedPart({planned}: Pick<Report, 'planned'>, limit: number): Html | null {
  if (planned === undefined) return null
  const lines = plannedLines(planned)
  const problems = planned.problems.map(({says, cure}) => html`<li>${said(`${sentence(says)} ${cure}`)}</li>`)
  const changes = lines.slice(0, limit).map((line) => html`<li>${said(line)}</li>`)
  const more =
    lines.length > limit ? html`<p class="muted">And ${plural(lines.length - limit, 'more change')}, all in report.json.</p>` : null
  return html`${problems.length === 0 ? null : html`<p>Nothing, for it would stop before any change:</p><ul>${problems}</ul>`}${changes.length === 0 ? html`<p>Nothing.</p>` : html`<ul>${changes}</ul>`}${more}${planned.notes.length === 0 ? null : html`<p class="muted">What would stay, or could not be decided:</p><ul>${planned.notes.slice(0, 100).map((note) => html`<li>${said(sentence(note))}</li>`)}</ul>`}`
}
