import type {Endpoint} from '../model/endpoint.ts'
import {refText} from '../model/ref.ts'
import {evidenceOf} from './evidence.ts'
import {mark, portVerdicts, tone} from './html-marks.ts'
import {type Html, html, said} from './html-text.ts'
import {worstFirst} from './reason.ts'
import {plural, sentence} from './words.ts'

/** The rows worst first, the one that the verdict's sentence names in front; the position is the row's anchor. */
export function tableOrder(endpoints: readonly Endpoint[]): Endpoint[] {
  const others = portVerdicts.filter((verdict) => verdict !== 'violated')
  return [...worstFirst(endpoints), ...others.flatMap((verdict) => endpoints.filter((row) => row.verdict === verdict))]
}

/**
 * Every row with what is configured, what was observed and which policy decides, as a table of the first `limit`; the script of the page adds
 * filters and sorting. A row is made once, however many tables hold it.
 */
export function endpointsTable(ordered: readonly Endpoint[]): (limit: number) => Html {
  const made: Html[] = []
  return (limit) => {
    const shown = ordered.slice(0, limit)
    made.push(...shown.slice(made.length).map((each, at) => row(each, made.length + at)))
    return tableOf(shown, made.slice(0, shown.length), ordered.length - shown.length)
  }
}

function tableOf(rows: readonly Endpoint[], made: readonly Html[], left: number): Html {
  if (rows.length === 0) return html`<p class="muted">No workload port was judged.</p>`
  return html`${filters(rows)}<div class="scroll" role="region" aria-label="Table of ports" tabindex="0"><table id="rows"><thead><tr>${['Verdict', 'Workload', 'Port', 'Configured', 'Deciding policy', 'Delivered', 'Observed'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${made}</tbody></table></div>
<p class="muted more" hidden><button type="button" id="all">Show all</button></p>${left > 0 ? html`<p class="muted">And ${plural(left, 'more port')}, all in report.json.</p>` : null}`
}

/** Hidden until the script that they steer runs: without it everything is visible anyway. */
function filters(rows: readonly Endpoint[]): Html {
  const verdicts = portVerdicts.filter((verdict) => rows.some((row) => row.verdict === verdict))
  const spaces = [...new Set(rows.map(({namespace}) => namespace))].sort()
  return html`<form class="filters" id="filters" role="search" aria-label="Ports" hidden><label>Search <input type="search" id="find" placeholder="workload, port, policy, evidence" autocomplete="off" spellcheck="false"></label><label>Namespace <select id="space"><option value="">all ${spaces.length}</option>${spaces.map((name) => html`<option>${name}</option>`)}</select></label><fieldset><legend>Verdict</legend>${verdicts.map((verdict) => html`<label class="chip"><input type="checkbox" value="${verdict}" checked>${mark(verdict)}${verdict}</label>`)}</fieldset><p id="count" role="status"></p></form>`
}

function row(endpoint: Endpoint, at: number): Html {
  const {verdict, because, namespace, workload, port, protocol, cluster, isNew} = endpoint
  const kind = workload.kind === 'Deployment' ? '' : ` · ${workload.kind}`
  return html`<tr id="p${at}" data-v="${verdict}" data-n="${namespace}"><td class="${tone[verdict]}">${mark(verdict)}${verdict}${because === null || because === 'mesh-port' ? null : html`<small>${because}</small>`}${isNew ? html`<small>new</small>` : null}</td><th scope="row">${workload.name}<small>${cluster === undefined ? null : `${cluster} · `}${namespace}${kind}</small></th><td>${port ?? 'undeclared'}${protocol === 'TCP' ? null : ` ${protocol}`}</td><td>${configured(endpoint)}</td><td>${decided(endpoint)}</td><td>${delivered(endpoint)}</td><td>${observed(endpoint)}</td></tr>
`
}

/** The mode, who carries it out, and what the evidence adds to mode and policy, if anything. */
function configured({mode, dataPlane, decidedBy, evidence}: Endpoint): Html {
  const words = mode === 'NONE' ? 'not intercepted' : mode === 'GATEWAY' ? "the gateway's own TLS" : mode
  const known = [mode, decidedBy === null ? '' : `${mode} by ${refText(decidedBy)}`]
  const more = evidence.filter(({kind, says}) => kind === 'configured' && !known.includes(says)).map(({says}) => said(says))
  const by = dataPlane === 'none' ? (more.length === 0 ? [html`no proxy`] : []) : [html`${dataPlane}`]
  return html`${words}<small>${[...by, ...more].map((piece, at) => html`${at === 0 ? null : '; '}${piece}`)}</small>`
}

/** What the proxy was given, where it was read. */
function delivered(row: Endpoint): Html {
  const given = evidenceOf(row, 'delivered')
  if (given.length === 0) return html`<span class="muted">–</span>`
  return html`${given.map(({kind, says}) => html`<div>${kind === 'delivered' ? null : `${kind}: `}${said(says)}</div>`)}`
}

function decided({mode, decidedBy, namespace}: Endpoint): Html {
  if (mode === 'NONE' || mode === 'GATEWAY') return html`<span class="muted">none can</span>`
  if (decidedBy === null) return html`<span class="muted">Istio's default</span>`
  const {kind, name, namespace: home, file, line} = decidedBy
  const where = file === undefined ? '' : line === undefined ? file : `${file}:${line}`
  return html`<code>${home === undefined || home === namespace ? null : html`${home}/`}${name}</code>${kind === 'PeerAuthentication' ? null : html`<small>${kind}</small>`}${where === '' ? null : html`<small>${where}</small>`}`
}

/** What was seen live, with its moment; where the row is not as wanted, also why. */
function observed({evidence, verdict, reason}: Endpoint): Html {
  const seen = evidenceOf({evidence}, 'observed')
  const why = verdict !== 'proven' && reason !== '' ? html`<small>${said(sentence(reason))}</small>` : null
  if (seen.length === 0) return html`${why === null || verdict !== 'exempt' ? html`<span class="muted">not probed</span>` : null}${why}`
  return html`${seen.map(({kind, says, at}) => html`<div>${kind === 'probe' ? null : `${kind}: `}${said(says)} <time datetime="${at}">${at.slice(11, 19)}</time></div>`)}${why}`
}
