import type {Report} from '../model/report.ts'
import {callersText, tokenText} from './authorization-words.ts'
import {type Html, html, said} from './html-text.ts'

/** Who may call each workload and which token is demanded, at most `limit` workloads. */
export function authorizationPart({authorization}: Pick<Report, 'authorization'>, limit: number): Html | null {
  if (authorization === undefined || authorization?.length === 0) return null
  if (authorization === null) return html`<p class="muted">The policies that say who may call were not read.</p>`
  const rows = authorization
    .slice(0, limit)
    .map(
      (each) =>
        html`<tr><th scope="row">${each.workload.name}<small>${each.namespace}${each.workload.kind === 'Deployment' ? '' : ` · ${each.workload.kind}`}</small></th><td>${said(callersText(each))}</td><td>${said(tokenText(each))}</td></tr>`,
    )
  const left = authorization.length - rows.length
  return html`<div class="scroll" role="region" aria-label="Table of who may call" tabindex="0"><table><thead><tr>${['Workload', 'Who may call, by identity', 'Token'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>${left > 0 ? html`<p class="muted">And ${left} more, all in report.json.</p>` : null}`
}
