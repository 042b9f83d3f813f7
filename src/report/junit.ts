import type {Inputs} from '../model/inputs.ts'
import type {Report} from '../model/report.ts'
import {checkCases, portCases, runCases, type TestCase, verdictCases} from './junit-cases.ts'
import {type Element, element, type LongElement, xml} from './xml.ts'

/**
 * The report in JUnit's format, as test reporters read it, in parts: suite `verdict` with the one case that is red exactly when the verdict
 * is not `pass`, `run` with the stages, `ports` with a case per row, `checks` with a case per check and port. `failOn` says which findings
 * are failures; lighter ones pass with their words as output.
 */
export function junit(report: Report, {failOn}: Pick<Inputs, 'failOn'>): Iterable<string> {
  const suites = [
    {name: 'verdict', cases: verdictCases(report)},
    {name: 'run', cases: runCases(report)},
    {name: 'ports', cases: portCases(report)},
    {name: 'checks', cases: checkCases(report, failOn)},
  ]
  const all = suites.flatMap(({cases}) => cases)
  const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(report.takenAt)?.[0]
  const parts = suites.map(({name, cases}): LongElement => {
    const attributes = {name: `istio-mtls ${name}`, ...sums(cases), ...(timestamp === undefined ? {} : {timestamp})}
    return {name: 'testsuite', attributes, parts: distinct(cases)}
  })
  return xml({name: 'testsuites', attributes: {name: 'istio-mtls', ...sums(all)}, parts})
}

function sums(cases: TestCase[]): Record<string, string | number> {
  const count = (kind: TestCase['outcome']) => cases.filter(({outcome}) => outcome === kind).length
  const time = seconds(cases.reduce((sum, {ms}) => sum + ms, 0))
  return {tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped'), time}
}

/** Pods of one workload that differ have rows of their own; reporters keep one case per name. */
function* distinct(cases: TestCase[]): Generator<Element> {
  const seen = new Map<string, number>()
  for (const one of cases) {
    const key = JSON.stringify([one.classname, one.name])
    const times = (seen.get(key) ?? 0) + 1
    seen.set(key, times)
    yield testCase(times === 1 ? one : {...one, name: `${one.name} (${times})`})
  }
}

function testCase({classname, name, ms, outcome, message, text}: TestCase): Element {
  return element('testcase', {classname, name, time: seconds(ms)}, told(outcome, message, text))
}

function told(outcome: TestCase['outcome'], message: string, text: string): Element[] {
  switch (outcome) {
    case 'pass':
      return text === '' ? [] : [element('system-out', {}, [text])]
    case 'skipped':
      return [element('skipped', {message})]
    default:
      return [element(outcome, {message, type: outcome === 'failure' ? 'failed' : 'unknown'}, [text === '' ? message : text])]
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
