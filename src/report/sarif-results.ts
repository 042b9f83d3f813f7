import {createHash} from 'node:crypto'
import type {Severity} from '../model/check.ts'
import type {Ref} from '../model/ref.ts'
import {refText} from '../model/ref.ts'
import type {Report} from '../model/report.ts'
import {rankedFindings} from './findings.ts'
import {unlinked, verbatim} from './foreign.ts'
import {levelOf, verdictRule} from './sarif-rules.ts'
import {relativeUri} from './sarif-uri.ts'
import {clipped, sentence} from './words.ts'

/** Where findings without a file of their own point; `workflowPath` '' when the workflow lies in another repository. */
export interface Place {
  workflowPath: string
  workspace: string
}

/** One alert. */
export interface SarifResult {
  ruleId: string
  level: 'error' | 'warning' | 'note'
  message: {text: string}
  locations: object[]
  partialFingerprints: Record<string, string>
  /** Section 3.27.24: only where a baseline was compared. */
  baselineState?: 'new' | 'unchanged'
  properties?: {endpoints: string[]; fix: string}
}

/**
 * The verdict unless it is `pass`, every finding, and every check that could not judge, most severe first. GitHub closes an alert that an
 * upload does not repeat: without a result for what was not seen, a run that saw nothing would read as all mended.
 */
export function sarifResults(report: Report, place: Place): SarifResult[] {
  const {status, reason} = report.verdict
  const verdict: Draft[] =
    status === 'pass' ? [] : [{code: verdictRule, severity: 'error', subject: {kind: 'Verdict', name: status}, says: reason, about: []}]
  const found = rankedFindings(report).map(
    ({result: {code}, finding: {severity, subject, message, hint, endpoints, fix, isNew}}): Draft => {
      const cure = hint === '' ? '' : ` Fix: ${clipped(hint, 600)}`
      const says = `${clipped(refText(subject), 300)}: ${clipped(sentence(message), 1000)}${cure}`
      return {code, severity, subject, says, about: endpoints, fix, isNew}
    },
  )
  const unknown = report.results
    .filter((result) => result.status === 'unknown')
    .map(({code, severity, title, reason}): Draft => {
      return {code, severity, subject: {kind: 'Unknown', name: code}, says: `${title}? Unknown: ${reason}`, about: []}
    })
  const times = new Map<string, number>()
  return [...verdict, ...ordered([...found, ...unknown])].map((draft) => {
    const hash = fingerprint(draft)
    times.set(hash, (times.get(hash) ?? 0) + 1)
    return resultOf(draft, `${hash}:${times.get(hash)}`, place)
  })
}

/**
 * Text for a field that SARIF calls plain and viewers do not: no embedded link (section 3.11.6), no placeholder (3.11.5), nothing that
 * GitHub would link or take for a mention, no command of a runner were the file printed.
 */
export function plain(text: string): string {
  return unlinked(text)
    .replace(/\](?=\()/g, ']\u200b')
    .replace(/\{(?=\d)/g, '{\u200b')
    .replaceAll('##[', '##\u200b[')
    .trim()
}

interface Draft {
  code: string
  severity: Severity
  subject: Ref
  says: string
  about: string[]
  fix?: string
  isNew?: boolean
}

function ordered(drafts: Draft[]): Draft[] {
  return (['error', 'warning', 'info'] as const).flatMap((severity) => drafts.filter((draft) => draft.severity === severity))
}

/** Of what is wrong where in the mesh, never of words or lines: both change while the fault stays. */
function fingerprint({code, subject: {kind, namespace = '', name, cluster}, about}: Draft): string {
  const identity = JSON.stringify([code, kind, namespace, name, [...about].sort(), ...(cluster === undefined ? [] : [cluster])])
  return createHash('sha256').update(identity).digest('hex').slice(0, 32)
}

function resultOf({code, severity, subject, says, about, fix = '', isNew}: Draft, hash: string, place: Place): SarifResult {
  const file = subject.file === undefined ? null : relativeUri(subject.file, place.workspace)
  // A folder stands in for a workflow that is not ours: GitHub rejects a whole file for one empty address.
  const uri = file ?? relativeUri(place.workflowPath, '') ?? '.github/workflows'
  const startLine = file === null ? 1 : Math.max(1, Math.trunc(subject.line ?? 1))
  return {
    ruleId: code,
    level: levelOf[severity],
    message: {text: plain(says)},
    locations: [{physicalLocation: {artifactLocation: {uri, uriBaseId: '%SRCROOT%'}, region: {startLine}}}],
    // The first is the one GitHub reads. Left to upload-sarif, it would be a hash of the line, the same for all that point at the workflow.
    ...(isNew === undefined ? {} : {baselineState: isNew ? ('new' as const) : ('unchanged' as const)}),
    partialFingerprints: {primaryLocationLineHash: hash, 'istioMtls/v1': hash},
    ...(about.length === 0 && fix === ''
      ? {}
      : {properties: {endpoints: about.slice(0, 50).map((id) => plain(clipped(id, 600))), fix: verbatim(fix.slice(0, 2000))}}),
  }
}
