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
  const title = `${bad.length === 0 ? 'All' : 'The other'} ${plural(good.length, 'workload port')}, with evidence`
  const [badTable, goodTable] = [rowsTable(bad), rowsTable(good)]
  return {
    bad: (limit) => (bad.length === 0 ? [] : badTable(limit)),
    good: (limit) => (good.length === 0 || limit === 0 ? [] : [details([text(title)], goodTable(limit))]),
  }
}

function isBad({verdict}: Endpoint): boolean {
  return rank[verdict] < rank.configured
}

const rank: Record<PortVerdict, number> = {violated: 0, unproven: 1, configured: 2, proven: 3, exempt: 4}
const mark: Record<PortVerdict, string> = {violated: '❌', unproven: '❓', configured: '☑️', proven: '✅', exempt: '➖'}

function rowsTable(rows: Endpoint[]): (limit: number) => Block[] {
  const head = ['Verdict', 'Workload', 'Port', 'Configured', 'Delivered', 'Observed'].map((title) => [text(title)])
  const made: Row[] = []
  function* first(limit: number): Generator<Row> {
    for (const [at, row] of rows.slice(0, limit).entries()) {
      const shown = made[at] ?? tableRow(cells(row))
      made[at] = shown
      yield shown
    }
  }
  return (limit) => {
    const left = rows.length - Math.min(rows.length, limit)
    return [lazyTable(head, first(limit)), ...(left > 0 ? [paragraph(text(`And ${plural(left, 'more port')}, all in report.json.`))] : [])]
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
