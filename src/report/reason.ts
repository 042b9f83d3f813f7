import type {Endpoint} from '../model/endpoint.ts'
import {refText} from '../model/ref.ts'
import type {VerdictStatus} from '../model/report.ts'
import {coverage, covered, judged, shownPercent} from './counts.ts'
import {rankedFindings, tally, weighs} from './findings.ts'
import {planFaults, planPassed} from './plan-verdict.ts'
import {type Gate, isCounted, type Judged} from './gate.ts'
import {isRotten} from './waive.ts'
import {clipped, plural, policyName, quoted, rowName} from './words.ts'

/** The verdict in one sentence a newcomer understands, naming the worst workload or object; names stand in backticks. */
export function reasonFor(status: VerdictStatus, report: Judged, gate: Gate): string {
  if (status === 'pass') return report.planned === undefined ? passed(report, gate) : planPassed(report)
  const faults = planFaults(report)
  const rows =
    status === 'fail' && faults.length === 0
      ? failed(report, gate).map((part) => (report.planned === undefined ? part : `After enforcing: ${part}`))
      : []
  const said = [failedStage(report), ...faults, ...rows].filter((part) => part !== '')
  if (said.length === 0) said.push(unsure(report, gate))
  const afterwards = [
    gate.mtlsMode === 'PERMISSIVE' ? 'migration, not enforced' : '',
    status === 'fail' && gate.failOn === 'never' ? 'reported only, because `fail-on` is `never`' : '',
  ].filter((part) => part !== '')
  return `${said.join('; ')}${afterwards.length === 0 ? '' : ` (${afterwards.join('; ')})`}`
}

/** Why plain text gets in at a row. */
export function whyViolated(row: Endpoint): string {
  const {mode, decidedBy, namespace} = row
  if (mode === 'NONE') return 'because no proxy intercepts it'
  if (decidedBy !== null) return `${mode === 'STRICT' ? 'although' : 'because'} ${policyName(decidedBy, namespace)} says ${mode}`
  if (mode === 'PERMISSIVE') return "because no PeerAuthentication applies and Istio's default is PERMISSIVE"
  return row.reason === '' ? `in mode ${mode}` : `because ${sentencePart(row.reason)}`
}

/** Violated rows, the one to name first in front: what a baseline does not know, then a workload inside the mesh, which surprises most, then a declared port, which says most. */
export function worstFirst(rows: readonly Endpoint[]): Endpoint[] {
  const weight = ({dataPlane, port, isNew}: Endpoint) =>
    (isNew === false ? 4 : 0) + (dataPlane === 'none' ? 2 : 0) + (port === null ? 1 : 0)
  return rows.filter(({verdict}) => verdict === 'violated').sort((left, right) => weight(left) - weight(right))
}

function failedStage({stages}: Judged): string {
  const stage = stages.find(({status}) => status === 'failed')
  return stage === undefined ? '' : `Stage ${quoted(stage.name)} failed: ${sentencePart(stage.says)}`
}

function failed(report: Judged, gate: Gate): string[] {
  const {counts, endpoints} = report
  const open = worstFirst(endpoints).filter((row) => isCounted(row, gate))
  const [worst] = open
  if (worst !== undefined) {
    const many = open.length > 1
    const since = gate.gate === 'new' ? ' and did not before' : ''
    const what = `${ofAll(open.length, judged(counts))} ${many ? 'accept' : 'accepts'} plain text${since}`
    return [`${what}${many ? ', first' : ':'} ${rowName(worst)}, ${whyViolated(worst)}`]
  }
  const heavy = rankedFindings(report).filter(({finding}) => weighs(finding.severity, gate.failOn) && isCounted(finding, gate))
  const [first] = heavy
  if (first === undefined) return rotten(report, gate)
  const {subject} = first.finding
  const more = heavy.length > 1 ? `, and ${plural(heavy.length - 1, 'more finding')}` : ''
  return [`${first.result.code} fails: ${sentencePart(first.result.title)} (${policyName(subject, '')})${more}`]
}

function rotten({waivers}: Judged, gate: Gate): string[] {
  const [first, ...more] = waivers.filter((waiver) => isRotten(waiver) && isCounted(waiver, gate))
  if (first === undefined) return []
  const others = more.length === 0 ? '' : `, and ${plural(more.length, 'more waiver')}`
  return [
    `The waiver of ${first.code} for ${quoted(`${first.namespace}/${first.workload}`)} is ${first.status.replace('-', ' ')} (${first.by === undefined ? `${first.file} line ${first.line}` : `annotation of ${refText(first.by)}`})${others}`,
  ]
}

function unsure({unread, results, counts, endpoints, comparison}: Judged, gate: Gate): string {
  const misfit = gate.gate === 'new' ? (comparison?.misfit ?? 'There is no baseline to compare with') : ''
  if (misfit !== '') return `${sentencePart(misfit)}; \`gate: new\` excuses nothing then`
  const [part] = unread
  if (part !== undefined) return `The ${part.part} of the cluster could not be read: ${sentencePart(part.reason)}`
  const open = results.filter((result) => result.status === 'unknown' && weighs(result.severity, gate.failOn))
  const [check] = open
  if (check !== undefined) {
    const more = open.length > 1 ? ` and ${plural(open.length - 1, 'more check')}` : ''
    return `${check.code}${more} could not be answered: ${sentencePart(check.reason)}`
  }
  if (counts.total === 0) return 'No workload is in scope, so nothing is proven; set `allow-empty: true` where that is expected'
  const row = endpoints.find(({verdict}) => verdict === 'unproven') ?? endpoints.find(({verdict}) => verdict === 'configured')
  const percent = shownPercent(coverage(counts, gate.require))
  const missing = row === undefined ? '' : `: ${rowName(row)} is not, because ${sentencePart(row.reason || 'it was not observed')}`
  const met = covered(counts, gate.require)
  const few = `Only ${ofAll(met, judged(counts))} ${met === 1 ? 'is' : 'are'} ${gate.require}`
  return `${few} to refuse plain text, ${percent} % where \`min-coverage\` asks for ${gate.minCoverage} %${missing}`
}

function passed(report: Judged, gate: Gate): string {
  const {warning, error} = tally(report)
  const others = [error > 0 ? plural(error, 'error') : '', warning > 0 ? plural(warning, 'warning') : ''].filter((part) => part !== '')
  const known = gate.gate === 'new' ? excused(report, gate) : ''
  const rows = known === '' ? passedRows(report, gate) : ''
  return [known, rows, ...others].filter((part) => part !== '').join('; ')
}

/** What only the baseline excuses, said before everything else: such a pass is no proof of mutual TLS. */
function excused({endpoints, results, waivers, counts, comparison}: Judged, gate: Gate): string {
  const open = worstFirst(endpoints)
  const heavy = rankedFindings({results}).filter(({finding}) => weighs(finding.severity, gate.failOn))
  const [worst] = open
  if (open.length + heavy.length === 0 && !waivers.some(isRotten)) return ''
  const since = `No worse than the baseline of ${(comparison?.baseline.takenAt ?? '').slice(0, 10)}`
  if (worst === undefined) return `${since}, whose findings are not mended`
  const still = `${ofAll(open.length, judged(counts))} still ${open.length === 1 ? 'accepts' : 'accept'} plain text`
  return `${since}: ${still}${open.length === 1 ? ', ' : ', first '}${rowName(worst)}`
}

function passedRows({counts, endpoints}: Judged, gate: Gate): string {
  const all = judged(counts)
  if (gate.mtlsMode === 'PERMISSIVE') {
    const open = endpoints.filter(({because}) => because === 'migration').length
    return `Migration, not enforced: ${ofAll(open, counts.total)} may still accept plain text, because \`mtls-mode\` is \`PERMISSIVE\``
  }
  if (counts.total === 0) return 'Mesh ready, no workload yet'
  if (all === 0)
    return `Nothing to prove: ${counts.total === 1 ? 'the only workload port is' : `all ${counts.total} workload ports are`} exempt`
  const met = covered(counts, gate.require)
  const subject = met === all ? (all === 1 ? 'The only workload port' : `All ${all} workload ports`) : ofAll(met, all)
  const one = met === 1
  if (counts.configured === 0 || gate.require === 'proven')
    return `${subject} ${one ? 'refuses' : 'refuse'} plain text, proven on the live cluster`
  const proven = counts.proven > 0 ? `${counts.proven} of them proven` : 'not proven live'
  return `${subject} ${one ? 'is' : 'are'} configured to refuse plain text, ${proven}`
}

function ofAll(count: number, all: number): string {
  return `${count} of ${plural(all, 'workload port')}`
}

/** A foreign sentence as part of ours: short, on one line, without its full stop. */
function sentencePart(text: string): string {
  return clipped(text, 240).replace(/[.\s]+$/, '')
}
