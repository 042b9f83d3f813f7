import fc from 'fast-check'
import {SaxesParser} from 'saxes'
import {buildReport} from '../../src/report/build.ts'
import {rankedFindings, weighs} from '../../src/report/findings.ts'
import {junitText} from './junit-text.ts'
import {parts} from './arbitrary.ts'
import {commands} from './as-github.ts'
import {downReport, finding, greenReport, inputs, redReport, result, row, snapshot, stages} from './samples.ts'

interface Case {
  suite: string
  classname: string
  name: string
  time: string
  outcome: string
  message: string
  text: string
}

type Counts = Record<'tests' | 'failures' | 'errors' | 'skipped', number>

/** Reads the file as a strict XML 1.0 parser does, which throws at the first fault. */
function parsed(text: string): {all: Counts; suites: Record<string, Counts>; cases: Case[]} {
  const read = {all: {} as Counts, suites: {} as Record<string, Counts>, cases: [] as Case[]}
  const parser = new SaxesParser()
  const countsOf = (attributes: Record<string, string>): Counts => ({
    tests: Number(attributes['tests']),
    failures: Number(attributes['failures']),
    errors: Number(attributes['errors']),
    skipped: Number(attributes['skipped']),
  })
  let suite = ''
  parser.on('opentag', ({name, attributes}) => {
    const {classname = '', name: called = '', time = '', message = ''} = attributes
    if (name === 'testsuites') read.all = countsOf(attributes)
    else if (name === 'testsuite') {
      suite = called.replace('istio-mtls ', '')
      read.suites[suite] = countsOf(attributes)
    } else if (name === 'testcase') read.cases.push({suite, classname, name: called, time, outcome: 'pass', message: '', text: ''})
    else Object.assign(read.cases.at(-1) ?? {}, {outcome: name, message})
  })
  parser.on('text', (said) => {
    const last = read.cases.at(-1)
    if (last !== undefined && said.trim() !== '') last.text += said
  })
  parser.on('error', (error) => {
    throw error
  })
  parser.write(text).close()
  return read
}

/** Counts of the cases themselves, to hold against what the attributes claim. */
function counted(cases: Case[]): Counts {
  const count = (outcome: string) => cases.filter((one) => one.outcome === outcome).length
  return {tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped')}
}

test('the red sample: the verdict, each stage, each row, each check and port', () => {
  const {cases, all} = parsed(junitText(redReport(), {failOn: 'error'}))
  expect(all).toEqual({tests: 1 + 4 + 9 + 11, failures: 3, errors: 0, skipped: 2})
  const red = cases.filter(({outcome}) => outcome === 'failure')
  expect(red.map(({suite, classname, name}) => [suite, classname, name])).toEqual([
    ['verdict', 'verdict', 'mutual TLS'],
    ['ports', 'shop/Deployment/orders', 'port 8080'],
    ['checks', 'shop/Deployment/orders', 'M304 port 8080'],
  ])
  expect(red[2]?.message).toBe('port 8080 is PERMISSIVE on Deployment orders: plain text is accepted there')
  for (const {text} of red.slice(1)) expect(text).toContain('kubectl -n shop patch peerauthentication legacy-callers --type merge')
  // What judges nothing stands under its own check, not beside the cure of an open port.
  expect(red[1]?.text).not.toContain('M503')
  expect(cases.find(({name}) => name === 'M405 port 8080')).toMatchObject({outcome: 'system-out', classname: 'shop/Deployment/orders'})
  expect(cases.filter(({outcome}) => outcome === 'skipped').map(({name, message}) => [name, message])).toEqual([
    ['port 15021', "mesh-port: the sidecar's own health port"],
    ['M601 Every workload is covered by an AuthorizationPolicy', 'left out by `ignore`'],
  ])
  expect(cases.find(({name}) => name === 'install')?.time).toBe('21.300')
})

test('what weighs fails, what is lighter passes and says so', () => {
  const lightened = (failOn: 'warning' | 'error') =>
    parsed(junitText(redReport(), {failOn})).cases.find(({name}) => name === 'M405 port 8080')?.outcome
  expect([lightened('warning'), lightened('error')]).toEqual(['failure', 'system-out'])
})

test('a run that saw nothing is red: the stage, the unread part, the check and the verdict are errors', () => {
  const {cases, all} = parsed(junitText(downReport(), {failOn: 'error'}))
  expect(cases.filter(({outcome}) => outcome === 'error').map(({suite, name}) => `${suite}: ${name}`)).toEqual([
    'verdict: mutual TLS',
    'run: install',
    'run: pods',
    'checks: M101 The control plane is ready',
  ])
  expect(all.failures).toBe(0)
  expect(cases.find(({name}) => name === 'install')?.text).toContain('Set `hub` to a registry')
})

test('a green run has no red case', () => {
  expect(parsed(junitText(greenReport(), {failOn: 'error'})).all).toMatchObject({failures: 0, errors: 0})
})

test('findings of one check on one port are one case; a finding without ports is named by its object; equal rows are told apart', () => {
  const subject = {kind: 'Namespace', name: 'shop', file: 'k8s/shop.yaml', line: 7}
  const report = buildReport({
    ...{inputs: inputs(), snapshot: snapshot(), stages, notes: []},
    endpoints: [row('shop', 'orders', 8080), row('shop', 'orders', 8080), row('shop', 'orders', null)],
    results: [
      result('M304', {
        findings: [finding(), finding({message: 'and a second', endpoints: ['shop/Deployment/orders:8080', 'shop/Deployment/orders:*']})],
      }),
      result('M201', {findings: [finding({subject, endpoints: []})]}),
    ],
  })
  const {cases} = parsed(junitText(report, {failOn: 'error'}))
  expect(cases.filter(({suite}) => suite === 'ports' || suite === 'checks').map(({classname, name}) => `${classname} ${name}`)).toEqual([
    'shop/Deployment/orders port 8080',
    'shop/Deployment/orders port 8080 (2)',
    'shop/Deployment/orders undeclared ports',
    'shop/Deployment/orders M304 port 8080',
    'shop/Deployment/orders M304 undeclared ports',
    'Namespace/shop M201',
  ])
  expect(cases.find(({name}) => name === 'M304 port 8080')?.text).toMatch(/Port 8080 is PERMISSIVE[\s\S]*And a second/)
  expect(cases.find(({name}) => name === 'M201')?.text).toContain('(k8s/shop.yaml:7)')
})

test('what XML 1.0 forbids is left out and what it gives a meaning is text', () => {
  const nasty = 'a\u0000b\u0008<x y="1">&amp;]]>\ud800\ufffe\uffff\u001b[31m\nnext'
  const report = buildReport({
    ...{inputs: inputs(), snapshot: snapshot(), stages: [], notes: [], endpoints: [row('shop', nasty, 1)]},
    results: [result('M304', {findings: [finding({message: nasty, fix: nasty, endpoints: []})]})],
  })
  const {cases} = parsed(junitText(report, {failOn: 'error'}))
  expect(cases[1]?.classname).toBe('shop/Deployment/a b <x y="1">&amp;]]>\ufffd [31m next')
  expect(cases[2]?.message).toBe('a b <x y="1">&amp;]]>\ufffd [31m next')
  expect(cases[2]?.text).toContain('a b <x y="1">&amp;]]>\ufffd [31m\nnext')
})

test('whatever the report: well-formed, counts are right, and agree with the verdict, the rows, the stages and the checks', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const report = buildReport(given)
      const {failOn} = given.inputs
      const text = junitText(report, {failOn})
      const {all, suites, cases} = parsed(text)

      expect(all).toEqual(counted(cases))
      for (const [name, counts] of Object.entries(suites)) expect(counts).toEqual(counted(cases.filter(({suite}) => suite === name)))
      expect(suites['verdict']).toEqual({
        ...{tests: 1, skipped: 0},
        failures: report.verdict.status === 'fail' ? 1 : 0,
        errors: report.verdict.status === 'unknown' ? 1 : 0,
      })
      const {total, violated, unproven, exempt} = report.counts
      expect(suites['ports']).toEqual({tests: total, failures: violated, errors: unproven, skipped: exempt})
      const failedStages = report.stages.filter(({status}) => status === 'failed').length
      expect(suites['run']).toMatchObject({tests: report.stages.length + report.unread.length, errors: failedStages + report.unread.length})

      const inChecks = cases.filter(({suite}) => suite === 'checks')
      const of = (status: string) => report.results.filter((one) => one.status === status).length
      expect(suites['checks']).toMatchObject({errors: of('unknown'), skipped: of('skipped')})
      const heavy = new Set(rankedFindings(report).flatMap(({result, finding}) => (weighs(finding.severity, failOn) ? [result.code] : [])))
      expect(new Set(inChecks.filter(({outcome}) => outcome === 'failure').map(({name}) => name.slice(0, 4)))).toEqual(heavy)
      expect(new Set(inChecks.map(({name}) => name.slice(0, 4)))).toEqual(new Set(report.results.map(({code}) => code)))

      const names = cases.map(({suite, classname, name}) => JSON.stringify([suite, classname, name]))
      expect(commands(text)).toEqual([])
      expect(names.every((name) => !/\p{Cc}/u.test(name))).toBe(true)
    }),
    {numRuns: 200},
  )
})
