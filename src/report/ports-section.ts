import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {Report} from '../model/report.ts'
import {type EvidenceClass, evidenceOf} from './evidence.ts'
import {type Block, details, type Inline, paragraph, prose, table, text} from './markdown.ts'
import {clipped, plural, policyName} from './words.ts'

/** The ports that accept plain text or lack proof, worst first, at most `limit`. */
export function badPorts({endpoints}: Report, limit: number): Block[] {
  const bad = endpoints
    .filter(isBad)
    .sort((left, right) => rank[left.verdict] - rank[right.verdict] || Number(right.isNew ?? false) - Number(left.isNew ?? false))
  return bad.length === 0 ? [] : rowsTable(bad, limit)
}

/** The ports that are as wanted, folded away, at most `limit`. */
export function goodPorts({endpoints}: Report, limit: number): Block[] {
  const good = endpoints.filter((row) => !isBad(row))
  if (good.length === 0 || limit === 0) return []
  const which = good.length === endpoints.length ? 'All' : 'The other'
  return [details([text(`${which} ${plural(good.length, 'workload port')}, with evidence`)], rowsTable(good, limit))]
}

function isBad({verdict}: Endpoint): boolean {
  return rank[verdict] < rank.configured
}

const rank: Record<PortVerdict, number> = {violated: 0, unproven: 1, configured: 2, proven: 3, exempt: 4}
const mark: Record<PortVerdict, string> = {violated: '❌', unproven: '❓', configured: '☑️', proven: '✅', exempt: '➖'}

function rowsTable(rows: Endpoint[], limit: number): Block[] {
  const shown = rows.slice(0, limit)
  const head = ['Verdict', 'Workload', 'Port', 'Configured', 'Delivered', 'Observed']
  return [
    table(
      head.map((title) => [text(title)]),
      shown.map((row) => [
        [text(`${mark[row.verdict]} ${row.verdict}${row.because === null ? '' : ` (${row.because})`}${row.isNew ? ', new' : ''}`)],
        [
          ...prose(`\`${row.namespace}/${row.workload.name}\``),
          ...(row.workload.kind === 'Deployment' ? [] : [text(` ${row.workload.kind}`)]),
        ],
        [text(row.port === null ? 'undeclared' : `${row.port}${row.protocol === 'TCP' ? '' : ` ${row.protocol}`}`)],
        configured(row),
        delivered(row),
        observed(row),
      ]),
    ),
    ...(rows.length > shown.length ? [paragraph(text(`And ${plural(rows.length - shown.length, 'more port')}, all in report.json.`))] : []),
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
