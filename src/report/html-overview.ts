import type {Report} from '../model/report.ts'
import {judged} from './counts.ts'
import {tally} from './findings.ts'
import {mark, portVerdicts, tone, verdictMeaning} from './html-marks.ts'
import {type Html, html, said} from './html-text.ts'
import {plural} from './words.ts'

/** The top of the page: verdict, its sentence, the numbers, and where and when this was seen. */
export function overview(report: Report): Html {
  const {status, reason} = report.verdict
  return html`<header class="top ${tone[status]}"><div class="w">
<h1><span class="eyebrow">Mutual TLS${report.cluster.name === '' ? (report.clusters === undefined ? null : html` on ${plural(report.clusters.length, 'cluster')}`) : html` on ${report.cluster.name}`}:</span> <span class="word">${mark(status)}${status}</span></h1>
<p class="lead">${said(`${reason}.`)}</p>
<div class="numbers">${ring(report)}<div class="grow">${bar(report)}${legend(report)}</div></div>
${facts(report)}</div></header>`
}

/** Coverage as a ring around its number; nothing where there is nothing to cover. */
function ring({verdict, counts}: Report): Html | null {
  if (judged(counts) === 0) return null
  const {coverage, status} = verdict
  return html`<div class="ring ${tone[status]}"><svg viewBox="0 0 120 120" aria-hidden="true"><circle class="track" cx="60" cy="60" r="52"/><circle class="arc" cx="60" cy="60" r="52" pathLength="100" stroke-dasharray="${Math.min(100, Math.max(0, coverage))} 100" transform="rotate(-90 60 60)"/></svg><p><b>${coverage} %</b><span>coverage</span></p></div>`
}

/** All rows as one bar, parts by verdict. */
function bar({counts}: Report): Html | null {
  if (counts.total === 0) return null
  let from = 0
  const parts = portVerdicts.map((verdict) => {
    const width = (1000 * counts[verdict]) / counts.total
    const part =
      width === 0
        ? null
        : html`<rect class="${tone[verdict]}" x="${from.toFixed(1)}" width="${Math.max(width, 4).toFixed(1)}" height="10"/>`
    from += width
    return part
  })
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`
}

function legend(report: Report): Html {
  const {counts, unread} = report
  const found = tally(report)
  if (counts.total === 0)
    return html`<p class="big">${unread.length > 0 ? 'No workload port could be read.' : 'No workload ports in scope.'} ${plural(found.error, 'error')}, ${plural(found.warning, 'warning')}.</p>`
  const shown = portVerdicts.filter((verdict) => counts[verdict] > 0 || verdict === 'violated' || verdict === 'proven')
  return html`<dl class="counts">${shown.map(
    (verdict) =>
      html`<div${counts[verdict] === 0 ? html` class="zero"` : null}><dt>${mark(verdict)}${verdict}</dt><dd><b class="${counts[verdict] > 0 ? tone[verdict] : 'aside'}">${counts[verdict]}</b><small>${verdictMeaning[verdict]}</small></dd></div>`,
  )}<div><dt>findings</dt><dd><b class="${found.error > 0 ? 'bad' : found.warning > 0 ? 'unsure' : 'aside'}">${found.error + found.warning}</b><small>${plural(found.error, 'error')}, ${plural(found.warning, 'warning')}</small></dd></div></dl>`
}

function facts({cluster, mode, takenAt, changed, scope, stages}: Report): Html {
  const unchanged = stages.some(({status}) => status === 'failed') ? 'no finished stage changed it' : 'not changed by this run'
  const all: [string, string][] = [
    ['Seen', takenAt.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC')],
    ['Mode', mode],
    [
      'Istio',
      [cluster.istio, cluster.revision === 'default' || cluster.revision === '' ? '' : `revision ${cluster.revision}`]
        .filter(Boolean)
        .join(', '),
    ],
    ['Kubernetes', cluster.kubernetes],
    ['Trust domain', cluster.trustDomain],
    ['Scope', scope.namespaces.length === 1 && scope.namespaces[0] === '*' ? 'whole mesh' : scope.namespaces.join(', ')],
    ['Cluster', changed ? 'changed by this run' : unchanged],
    ['Cluster UID', cluster.uid],
  ]
  return html`<dl class="facts">${all.filter(([, value]) => value !== '').map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
