import {createHash} from 'node:crypto'
import type {Endpoint} from '../model/endpoint.ts'
import type {Report} from '../model/report.ts'
import {byteLength} from './budget.ts'
import {authorizationPart} from './html-authorization.ts'
import {clustersPart} from './html-clusters.ts'
import {comparisonPart} from './html-comparison.ts'
import {diagnosticsPart} from './html-diagnostics.ts'
import {findingsPart, questionsPart, stepsPart} from './html-findings.ts'
import {forecastPart, plannedPart} from './html-forecast.ts'
import {meshMap} from './html-map.ts'
import {symbols} from './html-marks.ts'
import {overview} from './html-overview.ts'
import {checksPart, notesPart, timeline, waiversPart} from './html-run.ts'
import {script} from './html-script.ts'
import {style} from './html-style.ts'
import {endpointsTable, tableOrder} from './html-table.ts'
import {type Html, html, raw} from './html-text.ts'
import {endpointId} from './waive.ts'

/** Past this size a page shows less, in steps; a page of a thousand workloads with a few ports each fits whole. */
export const pageLimit = 1_500_000

/** The report as one page that needs no network and allows none: everything from the cluster is text. At most `limit` bytes if showing less can do it. */
export function htmlPage(report: Report, limit = pageLimit): string {
  let page = ''
  const partsIn = partsOf(report)
  const hopeless = (rows: number) => Math.min(rows, report.endpoints.length) * leastRow > limit
  for (const amount of amounts.filter(({rows}, at) => at === amounts.length - 1 || !hopeless(rows))) {
    page = wholePage(report, partsIn(amount))
    if (byteLength(page) <= limit) return page
  }
  return page
}

/** Bytes of a row's own markup, whatever it says: pages that cannot fit are not tried. */
const leastRow = 200

interface Amount {
  findings: number
  /** Whether each finding offers its waiver. */
  waivers?: true
  rows: number
}

/** From everything to next to nothing; rows are kept worst first. */
const amounts: readonly Amount[] = [
  {findings: Number.POSITIVE_INFINITY, waivers: true, rows: Number.POSITIVE_INFINITY},
  {findings: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY},
  {findings: 500, rows: 2500},
  {findings: 500, rows: 1500},
  {findings: 200, rows: 1000},
  {findings: 50, rows: 200},
  {findings: 10, rows: 40},
]

/** A part of the page: its anchor, its short name for the navigation, its title; left out where it has nothing to say. */
interface Part {
  id: string
  short: string
  title: string
  body: Html | null
}

function wholePage(report: Report, all: Part[]): string {
  const {status} = report.verdict
  const parts = all.filter(({body}) => body !== null)
  const where =
    report.cluster.name === ''
      ? report.clusters === undefined
        ? ''
        : ` on ${report.clusters.length} clusters`
      : ` on ${report.cluster.name}`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${raw(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>${status}: mutual TLS${where}</title><style>${raw(style)}</style></head>
<body><a class="skip" href="#main">Skip to the report</a>${symbols}${overview(report)}
<nav aria-label="Parts of the report"><ul class="w">${parts.map(({id, short}) => html`<li><a href="#${id}">${short}</a></li>`)}</ul></nav>
<main id="main" class="w" tabindex="-1">
${parts.map(({id, title, body}) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>\n`)}</main>
<footer class="w"><p>Made by istio-mtls-action from report.json. This page loads nothing and sends nothing.</p></footer>
<p id="said" role="status" class="unseen"></p><script>${raw(script)}</script></body></html>
`.markup
}

/** The page's parts in any amount; what is the same in each is made once. */
function partsOf(report: Report): (amount: Amount) => Part[] {
  const ordered = tableOrder(report.endpoints)
  const tableIn = endpointsTable(ordered)
  const mapIn = meshMap(report)
  const broke = report.stages.some(({status}) => status === 'failed')
  const clusters: Part = {id: 'clusters', short: 'Clusters', title: 'Clusters', body: clustersPart(report)}
  const title = broke ? 'What went wrong' : 'What could not be judged'
  const questions: Part = {id: 'questions', short: 'Open questions', title, body: questionsPart(report)}
  const next: Part = {id: 'next', short: 'Next', title: 'What to do next', body: stepsPart(report)}
  const end: Part[] = [
    {id: 'waivers', short: 'Waivers', title: 'Waivers', body: waiversPart(report)},
    {id: 'diagnostics', short: 'Diagnostics', title: 'Diagnostics', body: diagnosticsPart(report)},
    {id: 'run', short: 'Run', title: 'How the run went', body: timeline(report)},
    {id: 'checks', short: 'Checks', title: 'Checks', body: checksPart(report)},
    {id: 'notes', short: 'Notes', title: 'Notes', body: notesPart(report)},
  ]
  return ({findings, rows, waivers}) => {
    const shown = ordered.slice(0, rows)
    const anchors = new Map<Endpoint, string>(shown.map((row, at) => [row, `p${at}`]))
    const ids = new Map(shown.map((row, at) => [endpointId(row), `p${at}`]))
    return [
      clusters,
      {id: 'changes', short: 'Changes', title: 'What changed', body: comparisonPart(report, Math.min(findings, 100))},
      questions,
      {id: 'planned', short: 'Plan', title: 'What enforcing would change', body: plannedPart(report, Math.min(findings, 500))},
      {id: 'forecast', short: 'Forecast', title: 'Who would break under STRICT', body: forecastPart(report, Math.min(rows, 500))},
      {
        id: 'findings',
        short: 'Findings',
        title: 'What failed, and how to mend it',
        body: findingsPart(report, {limit: findings, waivers: waivers === true}, ids),
      },
      next,
      {id: 'map', short: 'Mesh', title: 'The mesh', body: mapIn(anchors)},
      {id: 'ports', short: 'Ports', title: 'Ports and their evidence', body: tableIn(rows)},
      {id: 'callers', short: 'Callers', title: 'Who may call', body: authorizationPart(report, Math.min(rows, 1000))},
      ...end,
    ]
  }
}

/** Nothing but our own style and our own script may run, and nothing may be fetched. */
const policy = `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
