import {refText} from '../model/ref.ts'
import type {Report, Waiver} from '../model/report.ts'
import {rankedFindings} from './findings.ts'
import {badge, type Mark} from './html-marks.ts'
import {type Html, html, said} from './html-text.ts'
import {duration, plural, sentence} from './words.ts'
import {isRotten} from './waive.ts'

/** The run as bars on one line of time: stages, and under each its steps. */
export function timeline({stages}: Pick<Report, 'stages'>): Html | null {
  const total = stages.reduce((sum, {ms}) => sum + ms, 0)
  if (stages.length === 0) return null
  let from = 0
  const items = stages.map(({name, status, ms, changed, says, steps, cluster}) => {
    const start = from
    from += ms
    let inner = start
    const parts = steps.map((step) => {
      const at = inner
      inner += step.ms
      return html`<li class="step"><span class="what">${step.name}</span>${barOf(at, step.ms, total)}<span class="time">${duration(step.ms)}</span><p>${said(step.says)}</p></li>`
    })
    return html`<li class="stage ${status}"><span class="what">${badge(status)} <strong>${name}</strong>${cluster === undefined ? null : html` <small>${cluster}</small>`}</span>${barOf(start, ms, total)}<span class="time">${duration(ms)}</span><p>${said(says)}${changed ? html` <b class="tag">changed the cluster</b>` : null}</p>${parts.length === 0 ? null : html`<ol>${parts}</ol>`}</li>`
  })
  return html`<p class="muted">${duration(total)} in all.</p><ol class="time-line">${items}</ol>`
}

/** The ledger: every waiver, what became of it and what it covered. */
export function waiversPart({waivers}: Pick<Report, 'waivers'>): Html | null {
  if (waivers.length === 0) return null
  const worst = [...waivers].sort((left, right) => Number(isRotten(right)) - Number(isRotten(left)))
  return html`<div class="scroll" role="region" aria-label="Table of waivers" tabindex="0"><table><thead><tr>${['Status', 'Check', 'Workload', 'Port', 'Expires', 'Reason and owner', 'Covers'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${worst.map(waiverRow)}</tbody></table></div>`
}

/** Every check with its answer, so that what was not judged is as visible as what failed. */
export function checksPart({results}: Pick<Report, 'results'>): Html | null {
  if (results.length === 0) return null
  const count = (status: string) => results.filter((result) => result.status === status).length
  const says = ['fail', 'unknown', 'pass', 'skipped'].filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`)
  const order = ['fail', 'unknown', 'pass', 'skipped']
  const sorted = [...results].sort((left, right) => order.indexOf(left.status) - order.indexOf(right.status))
  return html`<details><summary>${plural(results.length, 'check')}: ${says.join(', ')}</summary><div class="scroll" role="region" aria-label="All checks" tabindex="0"><table><thead><tr>${['Answer', 'Check', 'What it says', 'Why not judged'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${sorted.map(
    ({code, status, title, reason, cluster}) =>
      html`<tr><td>${badge(status)}</td><th scope="row">${code}${cluster === undefined ? null : html`<small>${cluster}</small>`}</th><td>${title}</td><td>${said(reason)}</td></tr>`,
  )}</tbody></table></div></details>`
}

/** What judges nothing and should still be known: exclusions, remarks, and the controls that show the probes could have seen otherwise. */
export function notesPart(report: Report): Html | null {
  const infos = rankedFindings(report).filter(({finding}) => finding.severity === 'info')
  const items = [
    ...report.notes.map((note) => said(note)),
    ...infos.map(({result, finding}) => html`<strong>${result.code}</strong> ${said(sentence(finding.message))}`),
    ...report.controls.map(
      ({name, expects, passed, detail}) =>
        html`${badge(passed ? 'pass' : 'fail')} Control: ${name}, ${expects} expected${detail === '' ? null : html`: ${said(detail)}`}`,
    ),
  ]
  return items.length === 0 ? null : html`<ul class="notes">${items.map((item) => html`<li>${item}</li>`)}</ul>`
}

/** A bar of the whole width, so that starts and ends line up over all rows. */
function barOf(from: number, ms: number, total: number): Html {
  const [start, wide] = total === 0 ? [0, 0] : [(1000 * from) / total, (1000 * ms) / total]
  const shown = Math.max(wide, 4)
  return html`<svg class="gantt" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="10"/>${ms === 0 ? null : html`<rect class="run" x="${Math.min(start, 1000 - shown).toFixed(1)}" width="${shown.toFixed(1)}" height="10"/>`}</svg>`
}

const waiverMark: Record<Waiver['status'], Mark> = {
  'in-force': 'pass',
  expiring: 'warning',
  expired: 'fail',
  unused: 'fail',
  'too-broad': 'fail',
  malformed: 'fail',
  pending: 'info',
}

function waiverRow({code, namespace, workload, port, reason, owner, expires, status, covers, file, line, by, cluster}: Waiver): Html {
  return html`<tr><td>${badge(waiverMark[status], status.replace('-', ' '))}</td><th scope="row">${code}</th><td>${workload}<small>${cluster === undefined ? null : `${cluster} · `}${namespace}</small></td><td>${port ?? 'every'}</td><td>${expires}</td><td>${said(reason)}<small>${owner} · ${by === undefined ? `${file}:${line}` : `annotation of ${refText(by)}`}</small></td><td>${covers.length === 0 ? 'nothing' : covers.slice(0, 20).map((one) => html`<code>${one}</code> `)}${covers.length > 20 ? ` and ${covers.length - 20} more` : null}</td></tr>`
}
