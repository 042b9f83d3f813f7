import type {Endpoint} from '../model/endpoint.ts'
import type {VerdictStatus} from '../model/report.ts'
import {coverage, covered, judged, shownPercent} from './counts.ts'
import {rankedFindings, tally, weighs} from './findings.ts'
import type {Gate, Judged} from './verdict.ts'
import {isRotten} from './waive.ts'
import {clipped, plural, policyName, quoted, rowName} from './words.ts'

/** The verdict in one sentence a newcomer understands, naming the worst workload or object; names stand in backticks. */
export function reasonFor(status: VerdictStatus, report: Judged, gate: Gate): string {
  if (status === 'pass') return passed(report, gate)
  const said = [failedStage(report), ...(status === 'fail' ? failed(report, gate) : [])].filter((part) => part !== '')
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

/** Violated rows, the one to name first in front: a workload inside the mesh surprises most, a declared port says most. */
export function worstFirst(rows: Endpoint[]): Endpoint[] {
  const weight = ({dataPlane, port}: Endpoint) => (dataPlane === 'none' ? 2 : 0) + (port === null ? 1 : 0)
  return rows.filter(({verdict}) => verdict === 'violated').sort((left, right) => weight(left) - weight(right))
}

function failedStage({stages}: Judged): string {
  const stage = stages.find(({status}) => status === 'failed')
  return stage === undefined ? '' : `Stage ${quoted(stage.name)} failed: ${sentencePart(stage.says)}`
}

function failed(report: Judged, gate: Gate): string[] {
  const {counts, endpoints} = report
  const [worst] = worstFirst(endpoints)
  if (worst !== undefined) {
    const many = counts.violated > 1
    const what = `${ofAll(counts.violated, judged(counts))} ${many ? 'accept' : 'accepts'} plain text`
    return [`${what}${many ? ', first' : ':'} ${rowName(worst)}, ${whyViolated(worst)}`]
  }
  const heavy = rankedFindings(report).filter(({finding}) => weighs(finding.severity, gate.failOn))
  const [first] = heavy
  if (first === undefined) return rotten(report)
  const {subject} = first.finding
  const more = heavy.length > 1 ? `, and ${plural(heavy.length - 1, 'more finding')}` : ''
  return [`${first.result.code} fails: ${sentencePart(first.result.title)} (${policyName(subject, '')})${more}`]
}

function rotten({waivers}: Judged): string[] {
  const [first, ...more] = waivers.filter(isRotten)
  if (first === undefined) return []
  const others = more.length === 0 ? '' : `, and ${plural(more.length, 'more waiver')}`
  return [
    `The waiver of ${first.code} for ${quoted(`${first.namespace}/${first.workload}`)} is ${first.status.replace('-', ' ')} (${first.file} line ${first.line})${others}`,
  ]
}

function unsure({unread, results, counts, endpoints}: Judged, gate: Gate): string {
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
  const warnings = tally(report).warning
  return [passedRows(report, gate), warnings > 0 ? plural(warnings, 'warning') : ''].filter((part) => part !== '').join('; ')
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
