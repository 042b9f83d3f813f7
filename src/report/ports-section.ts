import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {Evidence} from '../model/evidence.ts'
import type {Report} from '../model/report.ts'
import {type Block, details, heading, type Inline, paragraph, prose, table, text} from './markdown.ts'
import {clipped, plural, policyName} from './words.ts'

/** How many rows a rendering may show. */
export interface PortLimits {
  bad: number
  good: number
}

/** The workload ports with their evidence: what is not as wanted in sight, the rest folded away. */
export function portsSection({endpoints}: Report, {bad, good}: PortLimits): Block[] {
  const wrong = endpoints
    .filter(({verdict}) => rank[verdict] < rank.configured)
    .sort((left, right) => rank[left.verdict] - rank[right.verdict])
  const fine = endpoints.filter(({verdict}) => rank[verdict] >= rank.configured)
  return [
    ...(wrong.length === 0 || bad === 0 ? [] : [heading(3, text('Ports that are not proven')), ...rowsTable(wrong, bad)]),
    ...(fine.length === 0 || good === 0 ? [] : [details([text(foldedTitle(fine, wrong.length === 0))], rowsTable(fine, good))]),
  ]
}

const rank: Record<PortVerdict, number> = {violated: 0, unproven: 1, configured: 2, proven: 3, exempt: 4}
const mark: Record<PortVerdict, string> = {violated: '❌', unproven: '❓', configured: '☑️', proven: '✅', exempt: '➖'}

function foldedTitle(rows: Endpoint[], all: boolean): string {
  return `${all ? `All ${plural(rows.length, 'workload port')}` : `The other ${plural(rows.length, 'workload port')}`}, with evidence`
}

function rowsTable(rows: Endpoint[], limit: number): Block[] {
  const shown = rows.slice(0, limit)
  const delivered = shown.some(({evidence}) => evidence.some(({kind}) => kind === 'delivered'))
  const head = ['Verdict', 'Workload', 'Port', 'Configured', ...(delivered ? ['Delivered'] : []), 'Observed']
  return [
    table(
      head.map((title) => [text(title)]),
      shown.map((row) => [
        [text(`${mark[row.verdict]} ${row.verdict}${row.because === null ? '' : ` (${row.because})`}`)],
        [
          ...prose(`\`${row.namespace}/${row.workload.name}\``),
          ...(row.workload.kind === 'Deployment' ? [] : [text(` ${row.workload.kind}`)]),
        ],
        [text(row.port === null ? 'undeclared' : `${row.port}${row.protocol === 'TCP' ? '' : ` ${row.protocol}`}`)],
        configured(row),
        ...(delivered ? [says(row, ['delivered'])] : []),
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
  const seen = says(row, ['probe', 'counter'])
  if (seen.length > 0) return seen
  return row.verdict === 'unproven' || row.because !== null ? prose(clipped(row.reason, 200)) : [text('not asked')]
}

function says({evidence}: Endpoint, kinds: Evidence['kind'][]): Inline[] {
  const said = evidence.filter(({kind}) => kinds.includes(kind)).map((one) => clipped(one.says, 200))
  return prose(said.join('; '))
}
