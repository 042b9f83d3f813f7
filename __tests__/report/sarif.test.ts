import {readFileSync} from 'node:fs'
import {gzipSync} from 'node:zlib'
import {Ajv} from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import {buildReport} from '../../src/report/build.ts'
import {byteLength} from '../../src/report/budget.ts'
import {rankedFindings} from '../../src/report/findings.ts'
import {sarif, sarifLimit} from '../../src/report/sarif.ts'
import {relativeUri} from '../../src/report/sarif-uri.ts'
import type {SarifResult} from '../../src/report/sarif-results.ts'
import type {SarifRule} from '../../src/report/sarif-rules.ts'
import {parts} from './arbitrary.ts'
import {asGitHub, commands, magic} from './as-github.ts'
import {bigReport, downReport, finding, greenReport, inputs, redReport, result, row, snapshot, stages} from './samples.ts'

interface Location {
  physicalLocation: {artifactLocation: {uri: string; uriBaseId: string}; region: {startLine: number}}
}

interface Run {
  tool: {driver: {rules: SarifRule[]}}
  invocations: {executionSuccessful: boolean; toolExecutionNotifications: {message: {text: string}}[]}[]
  properties: {verdict: string; reason: string; coverage: number; counts: object}
  results: (Omit<SarifResult, 'locations'> & {locations: [Location]})[]
}

const place = {workflowPath: '.github/workflows/preview.yml', workspace: '/workspace'}
const runOf = (text: string): Run => (JSON.parse(text) as {runs: [Run]}).runs[0]
const uriOf = ({locations}: Run['results'][number]) => locations[0].physicalLocation.artifactLocation.uri

/** SARIF's own schema (draft 4 in name; it uses nothing that draft 7 reads otherwise save the name of `$id`), from Microsoft's matchers for Jest. */
const {
  $schema: _,
  id: __,
  ...schema
} = JSON.parse(readFileSync('node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>
const ajv = new Ajv({strict: false, allErrors: true, unicodeRegExp: false})
formats.default(ajv)
const valid = ajv.compile(schema)

test.each([
  ['red', redReport()],
  ['green', greenReport()],
  ['down', downReport()],
  ['big', bigReport(300, 300)],
])("the %s sample keeps to SARIF's schema", (_, report) => {
  valid(JSON.parse(sarif(report, place)))
  expect(valid.errors).toBeNull()
})

test('the schema judges: a level it does not know, a result without a message and an unknown field are refused', () => {
  const log = () => JSON.parse(sarif(redReport(), place)) as {runs: [{results: Record<string, unknown>[]}]}
  for (const spoil of [{level: 'fatal'}, {message: undefined}, {more: 1}]) {
    const spoilt = log()
    Object.assign(spoilt.runs[0].results[0] ?? {}, spoil)
    expect([spoil, valid(JSON.parse(JSON.stringify(spoilt)))]).toEqual([spoil, false])
  }
})

test('the red sample: the verdict first, then findings, most severe first, each with its cure', () => {
  const {results} = runOf(sarif(redReport(), place))
  expect(results.map(({ruleId, level}) => [ruleId, level])).toEqual([
    ['MTLS', 'error'],
    ['M304', 'error'],
    ['M405', 'warning'],
    ['M503', 'note'],
  ])
  expect(results[1]?.message.text).toBe(
    'PeerAuthentication shop/legacy-callers: Port 8080 is PERMISSIVE on Deployment orders: plain text is accepted there. Fix: Remove the port from `portLevelMtls`; where one legacy caller needs plain text, give the caller a sidecar instead.',
  )
  expect(results[1]?.properties).toMatchObject({endpoints: ['shop/Deployment/orders:8080']})
  expect(new Set(results.map(uriOf))).toEqual(new Set(['.github/workflows/preview.yml']))
})

test('a green report has rules and no results', () => {
  const {results, tool, invocations} = runOf(sarif(greenReport(), place))
  expect(results).toEqual([])
  expect(tool.driver.rules.map(({id}) => id)).toEqual(['MTLS', 'M101', 'M103', 'M201', 'M202', 'M205', 'M301', 'M302'])
  expect(invocations[0]?.executionSuccessful).toBe(true)
})

test('a run that saw nothing leaves open alerts, for GitHub closes those that an upload does not repeat', () => {
  const {results, invocations} = runOf(sarif(downReport(), place))
  expect(results.map(({ruleId, level}) => [ruleId, level])).toEqual([
    ['MTLS', 'error'],
    ['M101', 'error'],
  ])
  expect(results[1]?.message.text).toBe('The control plane is ready? Unknown: not read: controlPlane: the API server answered 503')
  expect(invocations[0]?.executionSuccessful).toBe(false)
  expect(invocations[0]?.toolExecutionNotifications.map(({message}) => message.text)).toEqual([
    expect.stringMatching(/^Stage install failed: istiod was not ready/),
    'Not read: pods, the API server answered 503 to GET /api/v1/pods',
  ])
})

test('rules carry help: what it means, the cure that all findings share, the page', () => {
  const docs = 'https://github.com/octo-org/mtls/blob/v1/docs/checks/m304-no-port-downgrade.md'
  const of = (...hints: string[]) => {
    const results = [result('M304', {docs, slug: 'm304-no-port-downgrade', findings: hints.map((hint) => finding({hint}))})]
    const report = buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [], results, stages, notes: []})
    return runOf(sarif(report, place)).tool.driver.rules[1]
  }
  expect(of('Remove the port.', 'Remove the port.')).toEqual({
    id: 'M304',
    name: 'M304NoPortDowngrade',
    shortDescription: {text: 'A port is excepted from mutual TLS'},
    fullDescription: {text: 'An excepted port answers any caller without an identity, while the workload looks STRICT at a glance.'},
    help: {
      text: `A port is excepted from mutual TLS\nAn excepted port answers any caller without an identity, while the workload looks STRICT at a glance.\nFix: Remove the port.\n${docs}`,
      markdown: `**A port is excepted from mutual TLS**\n\nAn excepted port answers any caller without an identity, while the workload looks STRICT at a glance.\n\n**Fix:** Remove the port.\n\n[What it means, and how to see it by hand](${docs})\n`,
    },
    helpUri: docs,
    defaultConfiguration: {level: 'error'},
    properties: {tags: ['security', 'istio', 'mtls'], precision: 'very-high', 'problem.severity': 'error'},
  })
  expect(of('Remove the port.', 'Remove another.')?.help.text).not.toContain('Fix:')
})

describe('fingerprints', () => {
  const hashes = (...findings: Parameters<typeof finding>[0][]) => {
    const results = [result('M304', {findings: findings.map(finding)})]
    const report = buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [row('shop', 'orders', 80)], results, stages, notes: []})
    return runOf(sarif(report, place))
      .results.filter(({ruleId}) => ruleId === 'M304')
      .map(({partialFingerprints}) => partialFingerprints['primaryLocationLineHash'])
  }
  const subject = {kind: 'PeerAuthentication', namespace: 'shop', name: 'legacy', file: 'k8s/a.yaml', line: 12}

  test('stay when words, severity, line or file change', () => {
    const [before] = hashes({subject})
    expect(before).toMatch(/^[0-9a-f]{32}:1$/)
    expect(
      hashes({subject: {...subject, file: 'k8s/b.yaml', line: 99}, message: 'reworded', hint: '', fix: '', severity: 'warning'}),
    ).toEqual([before])
    expect(hashes({subject, endpoints: ['b:1', 'a:1']})).toEqual(hashes({subject, endpoints: ['a:1', 'b:1']}))
  })

  test('differ by object and by port, and number what is equal', () => {
    const all = hashes(
      {subject},
      {subject: {...subject, name: 'other'}},
      {subject, endpoints: ['shop/Deployment/orders:9090']},
      {subject, message: 'again'},
    )
    expect(new Set(all).size).toBe(4)
    expect(all.map((hash) => hash?.slice(-2))).toEqual([':1', ':1', ':1', ':2'])
  })
})

test.each<[string, string | null]>([
  ['k8s/policies.yaml', 'k8s/policies.yaml'],
  ['./k8s//a.yaml', 'k8s/a.yaml'],
  ['/workspace/k8s/a b.yaml', 'k8s/a%20b.yaml'],
  ['k8s\\win.yaml', 'k8s/win.yaml'],
  ['javascript:alert(1)', 'javascript%3Aalert(1)'],
  ['a?b#c.yaml', 'a%3Fb%23c.yaml'],
  ['x\ud800.yaml', 'x%EF%BF%BD.yaml'],
  ['/etc/passwd', null],
  ['C:\\other\\a.yaml', null],
  ['../a.yaml', null],
  ['k8s/../../a.yaml', null],
  ['', null],
  ['./', null],
])('file %j is %j from the root of the checkout', (file, uri) => {
  expect(relativeUri(file, '/workspace')).toBe(uri)
})

test('a finding with a file is on its line; without one, or outside of the checkout, on the workflow; a foreign workflow is a folder', () => {
  const at = (file: string | undefined, line: number | undefined, workflowPath = place.workflowPath) => {
    const results = [result('M304', {findings: [finding({subject: {kind: 'Namespace', name: 'shop', file, line}})]})]
    const report = buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [], results, stages, notes: []})
    const [location] = runOf(sarif(report, {...place, workflowPath})).results[1]?.locations ?? []
    return [location?.physicalLocation.artifactLocation.uri, location?.physicalLocation.region.startLine]
  }
  expect(at('k8s/a.yaml', 12)).toEqual(['k8s/a.yaml', 12])
  expect(at('k8s/a.yaml', undefined)).toEqual(['k8s/a.yaml', 1])
  expect(at(undefined, undefined)).toEqual(['.github/workflows/preview.yml', 1])
  expect(at('/etc/a.yaml', 12)).toEqual(['.github/workflows/preview.yml', 1])
  expect(at(undefined, undefined, '')).toEqual(['.github/workflows', 1])
})

test("20,000 open workloads stay within GitHub's limits, keep the most severe and say how many are missing", () => {
  const report = bigReport(20_000, 20_000)
  const text = sarif(
    {...report, results: [result('M701', {severity: 'info', findings: [finding({severity: 'info'})]}), ...report.results]},
    place,
  )
  expect(byteLength(text)).toBeLessThanOrEqual(sarifLimit)
  expect(gzipSync(text).length).toBeLessThan(10_000_000)
  const {results, invocations} = runOf(text)
  expect(results.length).toBeGreaterThan(5_000)
  expect(results.length).toBeLessThan(20_002)
  expect(results.some(({ruleId}) => ruleId === 'M701')).toBe(false)
  expect(invocations[0]?.toolExecutionNotifications.at(-1)?.message.text).toBe(
    `${20_002 - results.length} more results did not fit: report.json has all`,
  )
})

test('never more than 25,000 results', () => {
  const findings = Array.from({length: 25_010}, () => ({...finding(), message: '', hint: '', fix: '', endpoints: []}))
  const report = {...greenReport(), results: [result('M304', {findings})]}
  expect(runOf(sarif(report, place, Number.POSITIVE_INFINITY)).results).toHaveLength(25_000)
})

test('whatever the report: valid, in agreement with it, nowhere an empty or absolute address, no text that links, mentions or commands', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const report = buildReport(given)
      const text = sarif(report, place)
      valid(JSON.parse(text))
      expect(valid.errors).toBeNull()
      const {results, tool, properties, invocations} = runOf(text)
      const {rules} = tool.driver

      expect(properties).toMatchObject({verdict: report.verdict.status, coverage: report.verdict.coverage, counts: report.counts})
      expect(results.filter(({ruleId}) => ruleId === 'MTLS').length).toBe(report.verdict.status === 'pass' ? 0 : 1)
      const unknown = report.results.filter(({status}) => status === 'unknown')
      const codes = [...rankedFindings(report).map((one) => one.result.code), ...unknown.map(({code}) => code)]
      expect(results.flatMap(({ruleId}) => (ruleId === 'MTLS' ? [] : [ruleId])).sort()).toEqual(codes.sort())
      const ranks = results.map(({level}) => ['error', 'warning', 'note'].indexOf(level))
      expect(ranks).toEqual([...ranks].sort())

      const known = new Set(rules.map(({id}) => id))
      expect(known.size).toBe(rules.length)
      expect(results.every(({ruleId}) => known.has(ruleId))).toBe(true)
      expect(rules.every(({properties: {tags}}) => tags.length <= 20)).toBe(true)
      expect(new Set(results.map(({partialFingerprints}) => partialFingerprints['primaryLocationLineHash'])).size).toBe(results.length)

      for (const uri of results.map(uriOf)) expect(uri).toMatch(/^(?!\.\.?(?:\/|$))[^/:?#\\\s]+(\/[^/:?#\\\s]+)*$/)
      const notes = invocations.flatMap(({toolExecutionNotifications}) => toolExecutionNotifications.map(({message}) => message.text))
      for (const said of [...results.map(({message}) => message.text), ...notes, properties.reason]) {
        expect(magic(said)).toEqual([])
        expect(said).not.toMatch(/\]\(|\{\d|\p{Cc}|##\[/u)
      }
      for (const {help} of rules) {
        const {prose, links, tags} = asGitHub(help.markdown)
        expect(magic(prose)).toEqual([])
        expect(links.filter((url) => !url.startsWith('https://example.com/docs/'))).toEqual([])
        expect(tags.filter((tag) => !['p', 'strong', 'code', 'a'].includes(tag))).toEqual([])
        expect(commands(help.markdown)).toEqual([])
      }
    }),
    {numRuns: 200},
  )
})
