import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {Report} from '../model/report.ts'
import {type Block, details, fence, heading, paragraph, text} from './markdown.ts'
import {plural} from './words.ts'

/**
 * The mesh as a picture that GitHub draws (a Mermaid flowchart): namespaces with their workloads, and an arrow of plain text to each that accepts
 * it. Tables beside it say the same. Past 30 workloads namespaces stand for them, past 12 namespaces only the worst are drawn.
 */
export function meshDiagram({endpoints}: Pick<Report, 'endpoints'>): Block[] {
  if (endpoints.length === 0) return []
  const spaces = spacesOf(endpoints)
  const workloads = spaces.reduce((sum, {nodes}) => sum + nodes.length, 0)
  const isWhole = workloads <= mostWorkloads
  const shown = spaces.slice(0, mostSpaces)
  const drawn = fence('mermaid', [...frame, ...(isWhole ? wholeLines(shown) : spaceLines(shown)), ...classes].join('\n'))
  const left = spaces.length - shown.length
  const blocks = [drawn, ...(left > 0 ? [paragraph(text(`And ${plural(left, 'more namespace')}, in the tables.`))] : [])]
  const isOpen = endpoints.some(({verdict}) => verdict === 'violated')
  const title = `The mesh: ${plural(workloads, 'workload')} in ${plural(spaces.length, 'namespace')}`
  return isOpen ? [heading(3, text('Who is open to plain text')), ...blocks] : [details([text(title)], blocks)]
}

/** Foreign text as a label: letters, digits and what names are made of; nothing that Mermaid, Markdown or HTML reads. */
export function label(foreign: string): string {
  const plain = foreign.replace(/[^A-Za-z0-9 ,.:/-]/gu, '_').replace(/:(?=[:/])/g, '_')
  return plain.length <= 48 ? plain : `${plain.slice(0, 45)}...`
}

interface Node {
  name: string
  worst: PortVerdict
  open: number
  ports: number
}

interface Space {
  name: string
  nodes: Node[]
  worst: PortVerdict
}

const [mostWorkloads, mostSpaces] = [30, 12]
const order: readonly PortVerdict[] = ['violated', 'unproven', 'configured', 'proven', 'exempt']

function spacesOf(endpoints: Endpoint[]): Space[] {
  const groups = Map.groupBy(endpoints, ({cluster, namespace}) => (cluster === undefined ? namespace : `${cluster}: ${namespace}`))
  const spaces = [...groups].map(([name, rows]): Space => {
    const byWorkload = Map.groupBy(rows, ({workload}) => `${workload.kind}/${workload.name}`)
    const nodes = [...byWorkload.values()].map((own): Node => {
      const open = own.filter(({verdict}) => verdict === 'violated').length
      return {name: own[0]?.workload.name ?? '', worst: worstOf(own), open, ports: own.length}
    })
    nodes.sort((left, right) => order.indexOf(left.worst) - order.indexOf(right.worst))
    return {name, nodes, worst: worstOf(rows)}
  })
  return spaces.sort((left, right) => order.indexOf(left.worst) - order.indexOf(right.worst))
}

function worstOf(rows: Endpoint[]): PortVerdict {
  return order.find((verdict) => rows.some((row) => row.verdict === verdict)) ?? 'exempt'
}

const frame = ['flowchart LR']

function wholeLines(spaces: Space[]): string[] {
  const arrows: string[] = []
  const boxes = spaces.flatMap(({name, nodes}, at) => [
    `  subgraph s${at}["${label(name)}"]`,
    ...nodes.map((node, index) => {
      const id = `s${at}w${index}`
      if (node.open > 0) arrows.push(`  plain -. "plain text" .-> ${id}`)
      const says = node.open > 0 ? `${node.open} of ${plural(node.ports, 'port')} open` : node.worst
      return `    ${id}["${label(node.name)}: ${says}"]:::${node.worst}`
    }),
    '  end',
    `  class s${at} space`,
  ])
  return [...callers(arrows), ...boxes, ...arrows]
}

function spaceLines(spaces: Space[]): string[] {
  const arrows: string[] = []
  const boxes = spaces.map(({name, nodes, worst}, at) => {
    const open = nodes.filter((node) => node.open > 0).length
    if (open > 0) arrows.push(`  plain -. "plain text" .-> s${at}`)
    const says = open > 0 ? `${open} of ${plural(nodes.length, 'workload')} open` : `${plural(nodes.length, 'workload')}, worst ${worst}`
    return `  s${at}["${label(name)}: ${says}"]:::${worst}`
  })
  return [...callers(arrows), ...boxes, ...arrows]
}

/** Whoever has no identity; not drawn where nobody lets them in. */
function callers(arrows: string[]): string[] {
  return arrows.length === 0 ? [] : ['  plain(["any caller without an identity"]):::caller']
}

/** Readable on GitHub's light and dark page: fill, edge and letters are given together. The words say what the colours say. */
const classes = [
  '  classDef violated fill:#ffe7e6,stroke:#b5121d,color:#1b2129,stroke-width:2px',
  '  classDef unproven fill:#fff3d0,stroke:#7d4a00,color:#1b2129,stroke-dasharray:4 3',
  '  classDef configured fill:#e0eeff,stroke:#0a53b5,color:#1b2129',
  '  classDef proven fill:#ddf5e4,stroke:#156b33,color:#1b2129',
  '  classDef exempt fill:#e8ecf1,stroke:#525c69,color:#1b2129',
  '  classDef space fill:#f6f8fa,stroke:#8c959f,color:#1b2129',
  '  classDef caller fill:#ffffff,stroke:#b5121d,color:#1b2129',
]
