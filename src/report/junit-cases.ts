import type {CheckResult, Finding} from '../model/check.ts'
import type {Endpoint} from '../model/endpoint.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Report, Terms} from '../model/report.ts'
import {refText} from '../model/ref.ts'
import {troubleshootingUrl} from './docs-url.ts'
import {rankedFindings, weighs} from './findings.ts'
import {isCounted} from './gate.ts'
import {endpointId} from './waive.ts'
import {clipped, sentence} from './words.ts'

/** One test case; `message` one line, `text` all there is to say. */
export interface TestCase {
  classname: string
  name: string
  ms: number
  outcome: 'pass' | 'failure' | 'error' | 'skipped'
  message: string
  text: string
}

/** The case that says what every channel says, and one for each cluster of a merged report: `fail` is a failure, `unknown` an error. */
export function verdictCases({verdict, clusters = []}: Report): TestCase[] {
  return [caseOf('mutual TLS', verdict), ...clusters.map((cluster) => caseOf(`mutual TLS on ${cluster.name}`, cluster.verdict))]
}

function caseOf(name: string, {status, reason}: Report['verdict']): TestCase {
  const outcome = ({pass: 'pass', fail: 'failure', unknown: 'error'} as const)[status]
  return {classname: 'verdict', name, ms: 0, outcome, message: reason, text: reason}
}

/** A case per stage, with its time, and an error for each part that could not be read. */
export function runCases(report: Report): TestCase[] {
  const stages = report.stages.map(({name, status, ms, says, cure, entry, cluster}): TestCase => {
    const outcome = ({done: 'pass', failed: 'error', skipped: 'skipped'} as const)[status]
    const text = status === 'done' ? says : lines(says, cure, troubleshootingUrl(report, entry))
    return {classname: inCluster(cluster, 'stages'), name, ms, outcome, message: says, text}
  })
  const unread = report.unread.map(({part, reason, cluster}): TestCase => {
    return {classname: inCluster(cluster, 'reading'), name: part, ms: 0, outcome: 'error', message: `not read: ${reason}`, text: ''}
  })
  return [...stages, ...unread]
}

/** A case per row of the verdict: violated is a failure, unproven an error, exempt skipped. */
export function portCases({endpoints, results, terms}: Report): TestCase[] {
  const cures = new Map<string, string[]>()
  for (const {result, finding} of rankedFindings({results})) {
    if (finding.severity === 'info') continue
    const said = findingText(result, finding)
    for (const id of new Set(finding.endpoints)) cures.set(id, [...(cures.get(id) ?? []), said])
  }
  return endpoints.map((row): TestCase => {
    const {cluster, namespace, workload, port, verdict, because, reason, evidence} = row
    const isExcused = verdict === 'violated' && !isCounted(row, terms)
    const outcome = isExcused ? 'skipped' : rowOutcome[verdict]
    const told = [sentence(reason), ...evidence.map(({kind, says}) => `${kind}: ${says}`)]
    return {
      classname: inCluster(cluster, `${namespace}/${workload.kind}/${workload.name}`),
      name: port === null ? 'undeclared ports' : `port ${port}`,
      ms: 0,
      outcome,
      message: isExcused ? `known to the baseline: ${reason}` : because === null ? reason : `${because}: ${reason}`,
      text: outcome === 'pass' ? '' : lines(...told, ...(cures.get(endpointId(row)) ?? [])),
    }
  })
}

/** A case per check and port it speaks of; a check that speaks of none has one of its own, as has one without findings. */
export function checkCases(report: Report, failOn: Inputs['failOn']): TestCase[] {
  const byResult = Map.groupBy(rankedFindings(report), ({result}) => result)
  return report.results.flatMap((result) => {
    const found = byResult.get(result)
    return found === undefined
      ? [quietCase(result)]
      : findingCases(
          result,
          found.map(({finding}) => finding),
          failOn,
          report.terms,
        )
  })
}

const rowOutcome: Record<Endpoint['verdict'], TestCase['outcome']> = {
  violated: 'failure',
  unproven: 'error',
  exempt: 'skipped',
  proven: 'pass',
  configured: 'pass',
}

function inCluster(cluster: string | undefined, classname: string): string {
  return cluster === undefined ? classname : `${cluster}/${classname}`
}

function quietCase({code, title, status, reason, cluster}: CheckResult): TestCase {
  // A failed check always has a finding (rankedFindings), so only these three are left.
  const outcome = status === 'pass' ? 'pass' : status === 'skipped' ? 'skipped' : 'error'
  return {
    classname: inCluster(cluster, 'checks'),
    name: `${code} ${title}`,
    ms: 0,
    outcome,
    message: reason,
    text: outcome === 'error' ? reason : '',
  }
}

function findingCases(result: CheckResult, findings: Finding[], failOn: Inputs['failOn'], terms: Terms): TestCase[] {
  const places = findings.flatMap((finding) => {
    const names = [...new Set(finding.endpoints)].map((id) => nameOf(result.code, id))
    const said = findingText(result, finding)
    return (names.length > 0 ? names : [{classname: subjectId(finding), name: result.code}]).map((name) => ({name, finding, said}))
  })
  return [...Map.groupBy(places, ({name}) => JSON.stringify(name)).values()].map((here): TestCase => {
    const heavy = here.filter(({finding}) => weighs(finding.severity, failOn) && isCounted(finding, terms))
    const [first] = heavy.length > 0 ? heavy : here
    return {
      ...(here[0]?.name ?? {classname: '', name: ''}),
      ms: 0,
      outcome: heavy.length > 0 ? 'failure' : 'pass',
      message: first?.finding.message ?? '',
      text: here.map(({said}) => said).join('\n\n'),
    }
  })
}

/** The blamed object, in the form of a workload. */
function subjectId({subject: {kind, namespace = '', name, cluster = ''}}: Finding): string {
  return [cluster, namespace, kind, name].filter((part) => part !== '').join('/')
}

/** `shop/Deployment/orders:8080` as class and name of a case. */
function nameOf(code: string, id: string): {classname: string; name: string} {
  const [, classname, port] = /^([\s\S]*):(\d+|\*)$/.exec(id) ?? []
  if (classname === undefined) return {classname: id, name: code}
  return {classname, name: port === '*' ? `${code} undeclared ports` : `${code} port ${port}`}
}

function findingText({code, title, docs}: CheckResult, {severity, subject, message, hint, fix}: Finding): string {
  const where = subject.file === undefined ? '' : ` (${subject.file}${subject.line === undefined ? '' : `:${subject.line}`})`
  return lines(
    `${code} ${title}, ${severity}: ${refText(subject)}${where}`,
    // A finding of a whole namespace is told again in the case of each of its ports.
    clipped(sentence(message), 500),
    hint === '' ? '' : `Fix: ${hint}`,
    fix.length > longestFix ? 'Its commands are in report.json.' : fix,
    docs.startsWith('https://') ? docs : '',
  )
}

const longestFix = 1000

function lines(...said: string[]): string {
  return said.filter((line) => line.trim() !== '').join('\n')
}
