import {readFileSync} from 'node:fs'
import {Ajv2020} from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import {readReports} from '../../src/merge.ts'
import type {Report, Terms, Waiver} from '../../src/model/report.ts'
import {buildReport} from '../../src/report/build.ts'
import {commentBody, markerOf} from '../../src/report/comment.ts'
import {htmlPage} from '../../src/report/html.ts'
import {junitText} from './junit-text.ts'
import {mergeFails, mergeReports, splitReport} from '../../src/report/merge.ts'
import {outputs} from '../../src/report/outputs.ts'
import {reportFrom} from '../../src/report/report-from.ts'
import {sarif} from '../../src/report/sarif.ts'
import {summary} from '../../src/report/summary.ts'
import {terminal} from '../../src/report/terminal.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {parts} from './arbitrary.ts'
import {asGitHub, commands, magic} from './as-github.ts'
import {bigReport, downReport, finding, greenReport, inputs, nowhere, open, redReport, result, row, snapshot} from './samples.ts'

const docsUrl = 'https://github.com/octo-org/mtls/blob/v1/docs'
const now = Date.parse('2026-11-22T19:00:00Z')
const asked = {require: 'configured', failOn: 'error', minCoverage: 0, allowEmpty: false, mtlsMode: 'STRICT', gate: 'all'} as const
const on = (name: string, report: Report): Report => ({...report, cluster: {...report.cluster, name, uid: `uid-${name}`}})
const merge = (reports: Report[], terms: Partial<Omit<Terms, 'ignore'>> = {}, baseline: Report | null = null) =>
  mergeReports(
    reports.map((report, at) => ({report, file: `reports/${at}.json`})),
    {...asked, ...terms},
    {baseline, now, docsUrl},
  )
const markerFor = (report: Report) => markerOf(report, {workflow: 'w', job: 'j'}, '')

test('the worst verdict wins, names its cluster, and counts add up', () => {
  const merged = merge([on('us', greenReport()), on('eu', redReport()), on('ap', downReport())])
  expect(merged.clusters?.map(({name, verdict}) => [name, verdict.status])).toEqual([
    ['eu', 'fail'],
    ['ap', 'unknown'],
    ['us', 'pass'],
  ])
  expect(merged.verdict.status).toBe('fail')
  expect(merged.verdict.reason).toMatch(/^Of 3 clusters 1 fail and 1 unknown: `eu`: 1 of 8 workload ports accepts plain text.*; also `ap`$/)
  expect(merged.counts).toEqual({total: 18, proven: 15, configured: 0, exempt: 2, unproven: 0, violated: 1})
  expect(merged.endpoints.filter(({cluster}) => cluster === 'eu')).toHaveLength(9)
  expect(mergeFails(merged)).toBe(true)
  expect(merge([on('us', greenReport()), on('eu', greenReport())]).verdict).toEqual({
    status: 'pass',
    reason: 'All 2 clusters pass, 18 workload ports in all',
    coverage: 100,
  })
})

test.each<[string, (report: Report) => Report]>([
  ['its verdict', (report) => ({...report, verdict: {status: 'pass', reason: 'all is well', coverage: 100}})],
  ['its counts', (report) => ({...report, verdict: greenReport().verdict, counts: {...report.counts, violated: 0}})],
  [
    'that all was known',
    (report) => ({...report, terms: {...report.terms, gate: 'new'}, endpoints: report.endpoints.map((one) => ({...one, isNew: false}))}),
  ],
  [
    'that its port is proven',
    (report) => ({...report, results: [], endpoints: report.endpoints.map((one) => ({...one, verdict: 'proven' as const}))}),
  ],
  [
    'that a waiver nobody sees covers it',
    (report) => ({
      ...report,
      results: [],
      endpoints: report.endpoints.map((one) => ({...one, verdict: 'exempt' as const, because: 'waiver' as const})),
    }),
  ],
  [
    'that its check passed',
    (report) => ({
      ...report,
      endpoints: [row('shop', 'cart', 80)],
      results: report.results.map((one) => ({...one, status: 'pass' as const})),
    }),
  ],
])('a report is not believed %s', (_, lie) => {
  expect(merge([on('eu', lie(redReport()))]).verdict.status).toBe('fail')
})

test.each<[string, Partial<Terms>, Partial<Omit<Terms, 'ignore'>>, string]>([
  ['its own demand for proof holds', {require: 'proven', minCoverage: 100}, {require: 'configured', minCoverage: 0}, 'unknown'],
  ["the merge's demand for proof holds", {require: 'configured'}, {require: 'proven', minCoverage: 100}, 'unknown'],
  ['neither asks for proof', {require: 'configured', minCoverage: 100}, {require: 'configured'}, 'pass'],
])('the stricter terms judge: %s', (_, own, terms, status) => {
  const configured = buildReport({
    ...{inputs: inputs(own), snapshot: snapshot(), results: [], stages: [], notes: []},
    endpoints: [row('shop', 'cart', 80, {verdict: 'configured'})],
  })
  expect(merge([configured], terms).verdict.status).toBe(status)
})

test('a waiver that ended since the report was made excuses nothing any more', () => {
  const waiver: Waiver = {
    ...{
      code: 'M304',
      namespace: 'shop',
      workload: 'orders',
      port: 8080,
      reason: 'r',
      owner: 'o',
      expires: '2026-11-21',
      status: 'in-force',
    },
    ...{covers: ['shop/Deployment/orders:8080'], file: 'w.yaml', line: 2},
  }
  const excused = {...open('shop', 'orders', 8080), verdict: 'exempt' as const, because: 'waiver' as const}
  const given = (expires: string) =>
    on(
      'eu',
      buildReport({
        inputs: inputs(),
        snapshot: snapshot(),
        endpoints: [excused, row('shop', 'cart', 80)],
        results: [],
        waivers: [{...waiver, expires}],
        stages: [],
        notes: [],
      }),
    )
  expect(merge([given('2026-11-22')]).verdict.status).toBe('pass')
  const late = merge([given('2026-11-21')])
  expect([late.verdict.status, late.counts.violated, late.waivers[0]?.status]).toEqual(['fail', 1, 'expired'])
})

test('against a merged baseline each cluster is compared with itself, and one it does not hold has only news', () => {
  const mended = {...greenReport(), terms: redReport().terms}
  const before = merge([on('eu', redReport()), on('us', mended)])
  const same = merge([on('eu', redReport()), on('us', mended)], {gate: 'new'}, before)
  expect([same.verdict.status, mergeFails(same)]).toEqual(['pass', false])
  expect(same.verdict.reason).toContain('on 1 cluster no worse than the baseline')
  const moved = merge([on('eu', mended), on('us', redReport())], {gate: 'new'}, before)
  expect(moved.clusters?.map(({name, verdict}) => [name, verdict.status])).toEqual([
    ['us', 'fail'],
    ['eu', 'pass'],
  ])
  const added = merge([on('eu', redReport()), on('ap', redReport())], {gate: 'new'}, before)
  expect(added.clusters?.find(({name}) => name === 'ap')).toMatchObject({verdict: {status: 'fail'}, comparison: {fixed: 0, new: 3}})
})

test('clusters of one name, or of none, are told apart', () => {
  const names = merge([
    on('prod', greenReport()),
    on('prod', redReport()),
    {...greenReport(), cluster: {...greenReport().cluster, name: '', uid: ''}},
  ]).clusters?.map(({name}) => name)
  expect(names).toEqual(['prod (reports/1.json)', 'prod (reports/0.json)', 'reports/2.json'])
})

test('no address is taken from a report: pages are linked by their names, and a strange one not at all', () => {
  const evil = on('eu', {
    ...redReport(),
    results: [
      result('M304', {docs: 'https://evil.example/x', slug: 'm304-no-port-downgrade', findings: [finding()]}),
      result('M302', {docs: 'https://evil.example/y', slug: '../../x', findings: [finding()]}),
    ],
  })
  const merged = merge([evil])
  expect(merged.results.map(({docs}) => docs)).toEqual([`${docsUrl}/checks/m304-no-port-downgrade.md`, ''])
  expect(summary(merged) + htmlPage(merged) + sarif(merged, {workflowPath: '', workspace: ''})).not.toContain('evil.example')
})

test('every channel says the same of each cluster', () => {
  const merged = merge([on('eu', redReport()), on('us', greenReport())])
  const pages = [summary(merged), commentBody(merged, markerFor(merged), '')].map((page) => asGitHub(page).shown)
  for (const shown of pages) {
    expect(shown).toMatch(/^❌ Mutual TLS on 2 clusters: fail /)
    expect(shown).toContain('eu')
    expect(shown).toContain('· 1 violated')
  }
  expect(terminal(merged, []).join('\n')).toMatch(/❌ eu: fail: .*\n✅ us: pass: /)
  const page = htmlPage(merged)
  expect(page).toContain('on 2 clusters')
  expect(junitText(merged, {failOn: 'error'})).toContain('name="mutual TLS on eu"')
  const alerts = JSON.parse(sarif(merge([on('eu', redReport()), on('us', redReport())]), {workflowPath: '', workspace: ''})) as {
    runs: {results: {partialFingerprints: {primaryLocationLineHash: string}}[]}[]
  }
  const hashes = alerts.runs[0]?.results.map(({partialFingerprints}) => partialFingerprints.primaryLocationLineHash) ?? []
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(outputs(merged, nowhere)).toMatchObject({verdict: 'fail', 'ports-total': '18', errors: '1'})
})

const ajv = new Ajv2020({strict: true, strictTypes: false, allErrors: true})
formats.default(ajv)
const valid = ajv.compile(JSON.parse(readFileSync('schema/report.schema.json', 'utf8')))

test('whatever the reports say: worst verdict, sums, schema, and no hostile name leaves its place', () => {
  fc.assert(
    fc.property(fc.array(parts, {minLength: 1, maxLength: 3}), (given) => {
      const reports = given.map((one) => buildReport({...one, inputs: {...one.inputs, mode: 'validate'}}))
      const merged = merge(reports)
      const order = ['pass', 'unknown', 'fail']
      const worst = Math.max(...splitReport(merged).map(({verdict}) => order.indexOf(verdict.status)))
      expect(merged.verdict.status).toBe(order[worst])
      // Terms only grow stricter, so nothing turns greener by being merged.
      for (const [at, {verdict}] of reports.entries()) {
        if (reports[at]?.terms.failOn !== 'never')
          expect(worst).toBeGreaterThanOrEqual(
            order.indexOf(verdict.status === 'fail' && reports[at]?.terms.failOn === 'error' ? 'fail' : 'pass'),
          )
      }
      expect(merged.counts.total).toBe(reports.reduce((sum, {endpoints}) => sum + endpoints.length, 0))
      expect(merged.endpoints).toHaveLength(merged.counts.total)
      valid(JSON.parse(JSON.stringify(merged)))
      expect(valid.errors).toBeNull()
      for (const markdown of [summary(merged), commentBody(merged, markerFor(merged), '')]) {
        const {html, prose, links} = asGitHub(markdown)
        expect(magic(prose)).toEqual([])
        expect(commands(markdown)).toEqual([])
        expect(links.filter((url) => !url.startsWith(docsUrl))).toEqual([])
        expect(html.split('<details').length).toBe(html.split('</details>').length)
      }
    }),
    {numRuns: 30},
  )
})

test('ten clusters of a thousand workloads: summary and comment fit', () => {
  const merged = merge(Array.from({length: 10}, (_, at) => on(`cluster-${at}`, bigReport(1000, at * 20))))
  const page = summary(merged)
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(1_000_000)
  expect(commentBody(merged, markerFor(merged), '').length).toBeLessThan(65_536)
  expect(page.split('<details').length).toBe(page.split('</details>').length)
  for (let at = 0; at < 10; at++) expect(page).toContain(`cluster-${at}`)
})

const text = (report: Report) => JSON.stringify(report)

test('what an earlier run wrote is read back as it was', () => {
  for (const report of [redReport(), greenReport(), downReport(), merge([redReport()])])
    expect(reportFrom(text(report), 'r.json')).toEqual(JSON.parse(text(report)))
})

test('a report of before has no terms: then the strictest hold', () => {
  const {terms: _, ...old} = redReport()
  expect(reportFrom(JSON.stringify(old), 'r.json')?.terms).toEqual({
    require: 'proven',
    failOn: 'error',
    minCoverage: 100,
    allowEmpty: false,
    mtlsMode: 'STRICT',
    gate: 'all',
    ignore: [],
  })
})

test('fields of a later version are let be; what is torn, altered or of another version is refused', () => {
  expect(reportFrom(JSON.stringify({...redReport(), later: true}), 'r.json')).not.toBeNull()
  expect(reportFrom('apiVersion: v1', 'r.json')).toBeNull()
  expect(reportFrom('[]', 'r.json')).toBeNull()
  expect(reportFrom('{"kind": "Pod"}', 'r.json')).toBeNull()
  expect(() => reportFrom(JSON.stringify({...redReport(), version: 2}), 'r.json')).toThrow('of version `2`')
  expect(() => reportFrom(JSON.stringify({...redReport(), endpoints: [{namespace: 1}]}), 'r.json')).toThrow(
    /is no report as this action writes them: `#\/endpoints\/0/,
  )
})

test('the reader judges by the published schema as ajv does, but for fields it does not know', () => {
  const report = JSON.parse(text(redReport())) as Record<string, unknown>
  const spots: (string | number)[][] = []
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) spots.push(path)
    if (typeof value === 'object' && value !== null) for (const [key, each] of Object.entries(value)) walk(each, [...path, key])
  }
  walk(report, [])
  fc.assert(
    fc.property(fc.constantFrom(...spots), fc.constantFrom<unknown>(null, 7, -1, 'x', true, [], {}, undefined), (path, value) => {
      const spoilt = structuredClone(report)
      let at = spoilt as Record<string, unknown>
      for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
      at[String(path.at(-1))] = value
      const plain = JSON.parse(JSON.stringify(spoilt)) as Record<string, unknown>
      if (plain['version'] !== 1 || !['verdict', 'endpoints', 'results', 'counts'].every((field) => field in plain)) return
      let isRead = true
      try {
        reportFrom(JSON.stringify(plain), 'r.json')
      } catch {
        isRead = false
      }
      valid(plain)
      const isValid = (valid.errors ?? []).every(({keyword}) => keyword === 'additionalProperties')
      expect([path, value, isRead]).toEqual([path, value, isValid])
    }),
    {numRuns: 120},
  )
})

test('the schema inside the action is the published one', () => {
  expect(readFileSync('src/report/report.schema.json', 'utf8')).toBe(readFileSync('schema/report.schema.json', 'utf8'))
})

test.each<[string, Record<string, string>, string[], RegExp | null]>([
  ['reports alone', {'r/eu.json': text(on('eu', redReport())), 'r/us.json': text(on('us', greenReport()))}, ['r'], null],
  ['one beside manifests', {'r/eu.json': text(redReport()), 'r/pod.yaml': 'kind: Pod'}, ['r'], /1 reports beside other files/],
  ['one twice', {'r/a.json': text(redReport()), 'r/b.json': text(redReport())}, ['r'], /are the same report/],
  ['a merged one', {'r/a.json': text(merge([redReport()]))}, ['r'], /is merged already/],
  ['one of a plan', {'r/a.json': text({...redReport(), mode: 'plan'})}, ['r'], /`mode: plan`/],
])('from: %s', async (_, files, from, refused) => {
  const reading = readReports({from}, fakeIo({files}))
  if (refused === null) expect((await reading)?.map(({file}) => file)).toEqual(['r/eu.json', 'r/us.json'])
  else await expect(reading).rejects.toThrow(refused)
})

test('manifests and snapshots are no reports', async () => {
  expect(await readReports({from: ['k8s']}, fakeIo({files: {'k8s/a.yaml': 'kind: Pod', 'k8s/b.json': '{"kind":"Pod"}'}}))).toBeNull()
  expect(await readReports({from: ['s.json']}, fakeIo({files: {'s.json': JSON.stringify(snapshot())}}))).toBeNull()
  expect(await readReports({from: ['nothing']}, fakeIo({}))).toBeNull()
})
