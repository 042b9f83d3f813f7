import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {Report} from '../model/report.ts'
import {mark, markAt, portVerdicts, tone, verdictMeaning} from './html-marks.ts'
import {type Html, html} from './html-text.ts'
import {clipped, plural} from './words.ts'

/** A workload with its rows, worst first. */
interface Node {
  name: string
  kind: string
  worst: PortVerdict
  rows: Endpoint[]
}

/** The ids of the rows that the table shows. */
type Anchors = ReadonlyMap<Endpoint, string>

interface Box {
  namespace: string
  nodes: Node[]
  worst: PortVerdict
}

/**
 * The mesh as boxes of namespaces with their workloads, worst first; past 60 workloads a box shows its counts and only the workloads
 * that need a look. The drawing is made for the rows that have an id in the table.
 */
export function meshMap({endpoints}: Pick<Report, 'endpoints'>): (anchors: Anchors) => Html | null {
  const boxes = boxesOf(endpoints)
  const workloads = boxes.reduce((sum, {nodes}) => sum + nodes.length, 0)
  const shown = boxes.slice(0, mostBoxes)
  const draw = workloads <= mostNodes ? whole : digest
  return (anchors) => {
    if (endpoints.length === 0) return null
    return html`<p class="muted">${plural(workloads, 'workload')} in ${plural(boxes.length, 'namespace')}, each marked by its worst port${workloads <= mostNodes ? null : '; so many that only those that need a look are named'}.</p>${key(endpoints)}
<ul class="map">${shown.map((box) => html`<li>${draw(box, anchors)}</li>`)}</ul>${boxes.length > shown.length ? html`<p class="muted">And ${plural(boxes.length - shown.length, 'more namespace')}, in the table below.</p>` : null}`
  }
}

/** What the marks of workloads and of their ports mean; only those that occur. */
function key(endpoints: Endpoint[]): Html {
  const shown = portVerdicts.filter((verdict) => endpoints.some((row) => row.verdict === verdict))
  return html`<ul class="key" aria-label="Marks">${shown.map((verdict) => html`<li>${mark(verdict)}<svg class="dots" viewBox="0 0 14 14" aria-hidden="true">${dot(verdict, 7, 7)}</svg>${verdict}: ${verdictMeaning[verdict]}</li>`)}</ul>`
}

const mostNodes = 60
const mostBoxes = 200
const [width, line] = [257, 30]

function boxesOf(endpoints: Endpoint[]): Box[] {
  const spaces = Map.groupBy(endpoints, ({cluster, namespace}) => (cluster === undefined ? namespace : `${cluster}: ${namespace}`))
  const boxes = [...spaces].map(([namespace, rows]): Box => {
    const byWorkload = Map.groupBy(rows, ({workload}) => `${workload.kind}/${workload.name}`)
    const nodes = [...byWorkload.values()].flatMap((own): Node[] => {
      const [first] = own
      return first === undefined ? [] : [{...first.workload, worst: worstOf(own), rows: worstRowsFirst(own)}]
    })
    nodes.sort((left, right) => rank(left.worst) - rank(right.worst))
    return {namespace, nodes, worst: worstOf(rows)}
  })
  return boxes.sort((left, right) => rank(left.worst) - rank(right.worst))
}

/** Every workload of a namespace. */
function whole({namespace, nodes, worst}: Box, anchors: Anchors): Html {
  return frame(
    namespace,
    worst,
    nodes.length * line,
    plural(nodes.length, 'workload'),
    nodes.map((node, at) => nodeAt(node, at, anchors)),
  )
}

/** How many workloads stand where, and the first that need a look. */
function digest({namespace, nodes, worst}: Box, anchors: Anchors): Html {
  const count = (verdict: PortVerdict) => nodes.filter((node) => node.worst === verdict).length
  const counts = portVerdicts.filter((verdict) => count(verdict) > 0)
  const bad = nodes.filter(({worst}) => rank(worst) < rank('configured'))
  const named = bad.slice(0, 4)
  const more = bad.length - named.length
  const height = (named.length + (more > 0 ? 1 : 0)) * line + 40
  let from = 12
  const bars = counts.map((verdict) => {
    const wide = ((width - 24) * count(verdict)) / nodes.length
    const part = html`<rect class="${tone[verdict]} solid" x="${from.toFixed(1)}" y="48" width="${Math.max(wide - 1, 2).toFixed(1)}" height="8"/>`
    from += wide
    return part
  })
  const words = counts.map((verdict) => `${count(verdict)} ${verdict}`).join(' · ')
  return frame(namespace, worst, height, plural(nodes.length, 'workload'), [
    ...bars,
    html`<text class="small" x="12" y="74">${words}</text>`,
    ...named.map((node, at) => nodeAt(node, at, anchors, 40)),
    ...(more > 0 ? [html`<text class="small" x="12" y="${62 + 40 + named.length * line}">and ${more} more</text>`] : []),
  ])
}

function frame(namespace: string, worst: PortVerdict, height: number, says: string, children: Html[]): Html {
  const tall = height + 50
  return html`<svg class="box ${tone[worst]}" viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}" role="group" aria-label="Namespace ${namespace}: ${says}, worst ${worst}"><rect class="card" x=".5" y=".5" width="${width - 1}" height="${tall - 1}" rx="8"/><path class="edge" d="M1 9a8 8 0 0 1 8-8h${width - 18}a8 8 0 0 1 8 8z"/><text class="ns" x="12" y="31">${clipped(namespace, 20)}</text><text class="small end" x="${width - 12}" y="31">${says}</text>${children}</svg>`
}

/** A workload: its mark, its name, and a small square for each of its ports. */
function nodeAt({name, kind, worst, rows}: Node, at: number, anchors: Anchors, down = 0): Html {
  const top = 42 + down + at * line
  const ports = rows.slice(0, mostPorts)
  const title = `${kind} ${name}, ${worst}: ${rows.map(({port, verdict}) => `${port === null ? 'undeclared ports' : `port ${port}`} ${verdict}`).join(', ')}`
  const inner = html`<title>${clipped(title, 400)}</title><rect class="node ${tone[worst]}" x="8" y="${top}" width="${width - 16}" height="26" rx="6"/>${markAt(worst, 22, top + 13)}${label(name, top, width - 58 - ports.length * 10)}${ports.map(({verdict}, port) => dot(verdict, width - 20 - (ports.length - 1 - port) * 10, top + 13))}`
  const anchor = rows.map((row) => anchors.get(row)).find((id) => id !== undefined)
  return anchor === undefined ? html`<g>${inner}</g>` : html`<a href="#${anchor}" aria-label="${clipped(title, 400)}">${inner}</a>`
}

const mostPorts = 5

/** A letter of 13 px at its widest but for `m` and `w`, which no name holds in number. */
const widest = 8

/** The whole name, cut by the room there is: what is read aloud is what is seen, and more. */
function label(name: string, top: number, room: number): Html {
  if (name.length * widest <= room) return html`<text class="name" x="36" y="${top + 17.5}">${name}</text>`
  return html`<svg x="36" y="${top}" width="${room}" height="26"><text class="name" y="17.5">${clipped(name, 253)}</text></svg>`
}

/** A port: a filled square where it accepts plain text, else a disc, hollow where nothing was proven. */
function dot(verdict: PortVerdict, x: number, y: number): Html {
  if (verdict === 'violated') return html`<rect class="p bad" x="${x - 4}" y="${y - 4}" width="8" height="8"/>`
  if (verdict === 'unproven') return html`<path class="p unsure" d="M${x} ${y - 5}l5 5-5 5-5-5z"/>`
  return html`<circle class="p ${tone[verdict]}${verdict === 'proven' ? '' : ' hollow'}" cx="${x}" cy="${y}" r="${verdict === 'proven' ? 4 : 3.5}"/>`
}

/** A workload of many ports shows its worst ones. */
function worstRowsFirst(rows: Endpoint[]): Endpoint[] {
  return [...rows].sort((left, right) => rank(left.verdict) - rank(right.verdict))
}

function worstOf(rows: Endpoint[]): PortVerdict {
  return portVerdicts.find((verdict) => rows.some((row) => row.verdict === verdict)) ?? 'exempt'
}

function rank(verdict: PortVerdict): number {
  return portVerdicts.indexOf(verdict)
}
