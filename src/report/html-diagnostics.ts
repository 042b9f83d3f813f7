import type {Report} from '../model/report.ts'
import {type Html, html, said} from './html-text.ts'
import {sentence} from './words.ts'

/** Which file of the bundle to open first, what else is in it and what is not; nothing where no bundle was made. */
export function diagnosticsPart({diagnostics}: Pick<Report, 'diagnostics'>): Html | null {
  if (diagnostics === undefined) return null
  const {folder, first, files, withheld} = diagnostics
  return html`<p>Look first at <code>${folder}/${first.file}</code>: ${said(sentence(first.why))}</p><ul class="notes">${files.map(({name, says}) => html`<li><code>${name}</code> ${said(says)}</li>`)}${withheld.map((each) => html`<li>Left out: ${said(each)}</li>`)}</ul>`
}
