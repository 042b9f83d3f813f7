import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {Report} from '../model/report.ts'
import {type EvidenceClass, evidenceOf} from './evidence.ts'
import {type Block, details, type Inline, lazyTable, paragraph, prose, type Row, tableRow, text} from './markdown.ts'
import {clipped, plural, policyName} from './words.ts'

/** A report's ports as tables of any length; each row is rendered once, and only if it is shown. */
export interface PortTables {
  /** The ports that accept plain text or lack proof, worst first, at most `limit`. */
  bad(limit: number): Block[]
  /** The ports that are as wanted, folded away, at most `limit`. */
  good(limit: number): Block[]
}

/** The tables of a report's ports. */
export function portTables({endpoints}: Pick<Report, 'endpoints'>): PortTables {
  const bad = endpoints
    .filter(isBad)
    .sort((left, right) => rank[left.verdict] - rank[right.verdict] || Number(right.isNew ?? false) - Number(left.isNew ?? false))
  const good = endpoints.filter((row) => !isBad(row))
  const which = bad.length === 0 ? 'All' : 'The other'
  const rendered = new Map<Endpoint, Row>()
  return {
    bad: (limit) => (bad.length === 0 ? [] : rowsTable(bad, limit, rendered)),
    good: (limit) =>
      good.length === 0 || limit === 0
        ? []
        : [details([text(`${which} ${plural(good.length, 'workload port')}, with evidence`)], rowsTable(good, limit, rendered))],
  }
}

function isBad({verdict}: Endpoint): boolean {
  return rank[verdict] < rank.configured
}

const rank: Record<PortVerdict, number> = {violated: 0, unproven: 1, configured: 2, proven: 3, exempt: 4}
const mark: Record<PortVerdict, string> = {violated: '❌', unproven: '❓', configured: '☑️', proven: '✅', exempt: '➖'}

function rowsTable(rows: Endpoint[], limit: number, rendered: Map<Endpoint, Row>): Block[] {
  const shown = rows.slice(0, limit)
  const head = ['Verdict', 'Workload', 'Port', 'Configured', 'Delivered', 'Observed']
  return [
    lazyTable(
      head.map((title) => [text(title)]),
      renderedRows(shown, rendered),
    ),
    ...(rows.length > shown.length ? [paragraph(text(`And ${plural(rows.length - shown.length, 'more port')}, all in report.json.`))] : []),
  ]
}

function* renderedRows(rows: Endpoint[], rendered: Map<Endpoint, Row>): Generator<Row> {
  for (const row of rows) {
    const known = rendered.get(row) ?? tableRow(cells(row))
    rendered.set(row, known)
    yield known
  }
}

function cells(row: Endpoint): Inline[][] {
  return [
    [text(`${mark[row.verdict]} ${row.verdict}${row.because === null ? '' : ` (${row.because})`}${row.isNew ? ', new' : ''}`)],
    [...prose(`\`${row.namespace}/${row.workload.name}\``), ...(row.workload.kind === 'Deployment' ? [] : [text(` ${row.workload.kind}`)])],
    [text(row.port === null ? 'undeclared' : `${row.port}${row.protocol === 'TCP' ? '' : ` ${row.protocol}`}`)],
    configured(row),
    delivered(row),
    observed(row),
  ]
}

function configured({mode, decidedBy, namespace}: Endpoint): Inline[] {
  if (mode === 'NONE') return [text('not intercepted')]
  if (mode === 'GATEWAY') return [text("the gateway's own TLS")]
  return decidedBy === null
    ? [text(`${mode}, Istio's default`)]
    : [text(`${mode} by `), ...prose(policyName(decidedBy, namespace).replace('PeerAuthentication ', ''))]
}

/** What was seen live; where nothing was, why not. */
function observed(row: Endpoint): Inline[] {
  const seen = says(row, 'observed')
  if (seen.length > 0) return seen
  return row.verdict === 'unproven' || row.because !== null ? prose(clipped(row.reason, 200)) : [text('not probed')]
}

/** What the proxy was given, where it was read. */
function delivered(row: Endpoint): Inline[] {
  const given = says(row, 'delivered')
  return given.length > 0 ? given : [text('–')]
}

function says(row: Endpoint, wanted: EvidenceClass): Inline[] {
  return prose(
    evidenceOf(row, wanted)
      .map((one) => clipped(one.brief ?? one.says, 200))
      .filter((words) => words !== '')
      .join('; '),
  )
}
