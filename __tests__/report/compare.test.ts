import fc from 'fast-check'
import type {Inputs} from '../../src/model/inputs.ts'
import type {Report, Waiver} from '../../src/model/report.ts'
import {buildReport} from '../../src/report/build.ts'
import {commentBody, markerOf} from '../../src/report/comment.ts'
import {junitText} from './junit-text.ts'
import {outputs} from '../../src/report/outputs.ts'
import {sarif} from '../../src/report/sarif.ts'
import {summary} from '../../src/report/summary.ts'
import {terminal} from '../../src/report/terminal.ts'
import {stepFails} from '../../src/report/verdict.ts'
import {parts} from './arbitrary.ts'
import {asGitHub} from './as-github.ts'
import {finding, inputs, nowhere, open, result, row, snapshot} from './samples.ts'

const orders = open('shop', 'orders', 8080)
const cart = row('shop', 'cart', 8080)
const m304 = result('M304', {findings: [finding()]})
const other = finding({subject: {kind: 'PeerAuthentication', namespace: 'shop', name: 'newer'}, endpoints: ['shop/Deployment/cart:8080']})

/** A report of these rows and results; `asked` are inputs that differ from the defaults. */
function report(
  endpoints: Report['endpoints'],
  results: Report['results'],
  asked: Partial<Inputs> = {},
  baseline: Report | null = null,
  waivers: Waiver[] = [],
) {
  return buildReport({inputs: inputs(asked), snapshot: snapshot(), endpoints, results, waivers, stages: [], notes: [], baseline})
}

const before = report([orders, cart], [m304])
const judge = (endpoints: Report['endpoints'], results: Report['results'], asked: Partial<Inputs> = {}) => {
  const made = report(endpoints, results, {gate: 'new', ...asked}, before)
  return {made, fails: stepFails(made, inputs({gate: 'new', ...asked})), status: made.verdict.status}
}

test('what was there and still is passes with `gate: new`, and the verdict says so before anything else', () => {
  const {made, fails, status} = judge([orders, cart], [m304])
  expect([status, fails]).toEqual(['pass', false])
  expect(made.verdict.reason).toBe(
    'No worse than the baseline of 2026-11-22: 1 of 2 workload ports still accepts plain text, `orders` port 8080 in `shop`; 1 error',
  )
  expect(made.verdict.coverage).toBe(50)
  expect(made.comparison).toMatchObject({new: 0, fixed: 0, unchanged: 1, unseen: 0, misfit: '', worse: [], better: []})
  expect(report([orders, cart], [m304], {}, before).verdict.status).toBe('fail')
})

test.each<[string, Report['endpoints'], Report['results'], string]>([
  [
    'another open port',
    [orders, open('shop', 'cart', 8080)],
    [m304],
    '1 of 2 workload ports accepts plain text and did not before: `cart`',
  ],
  ['an open port that was not there', [orders, cart, open('shop', 'web', 80)], [m304], '`web` port 80'],
  ['an open port that offers mutual TLS no more', [{...orders, mode: 'DISABLE'}, cart], [m304], '`orders` port 8080'],
  ['a second row of the same port', [orders, orders, cart], [m304], '`orders` port 8080'],
  ['a new object', [orders, cart], [result('M304', {findings: [finding(), other]})], 'M304 fails'],
  [
    'one more port in the same finding',
    [orders, cart],
    [result('M304', {findings: [finding({endpoints: ['shop/Deployment/orders:8080', 'shop/Deployment/orders:9090']})]})],
    'M304 fails',
  ],
  [
    'a second finding like the first',
    [orders, cart],
    [result('M304', {findings: [finding(), finding({message: 'and again'})]})],
    'M304 fails',
  ],
  ['a finding that weighs more', [orders, cart], [m304, result('M405', {findings: [finding({severity: 'error'})]})], 'M405 fails'],
])('worse than the baseline fails: %s', (_, endpoints, results, says) => {
  const {made, fails, status} = judge(endpoints, results)
  expect([status, fails]).toEqual(['fail', true])
  expect(made.verdict.reason).toContain(says)
})

test.each<[string, Report['endpoints'], Report['results'], Partial<Inputs>]>([
  ['a port that lost its proof', [orders, {...cart, verdict: 'unproven'}], [m304], {}],
  ['a check that could not judge', [orders, cart], [m304, result('M401', {status: 'unknown', reason: 'not read'})], {}],
  ['no workload at all', [], [], {allowEmpty: false}],
])('what is unknown stays unknown: %s', (_, endpoints, results, asked) => {
  const {fails, status} = judge(endpoints, results, asked)
  expect([status, fails]).toEqual(['unknown', true])
})

test('a port unproven in the baseline as well is no less unknown', () => {
  const lacking = [orders, {...cart, verdict: 'unproven' as const}]
  const made = report(lacking, [m304], {gate: 'new'}, report(lacking, [m304]))
  expect(made.verdict.status).toBe('unknown')
})

test.each<[string, Partial<Inputs>, string]>([
  ['another scope', {namespaces: ['shop']}, '`namespaces` is `shop` and was `*`'],
  ['other exclusions', {excludeNamespaces: []}, '`exclude-namespaces` is `none` and was `kube-*, local-path-storage`'],
  ['other checks left out', {ignore: ['M304']}, '`ignore` is `M304` and was `none`'],
  ['another cluster by name', {clusterName: 'prod-us'}, 'the cluster is `prod-us` and was `preview-17`'],
  ['a migration', {mtlsMode: 'PERMISSIVE'}, '`mtls-mode` is `PERMISSIVE` and was `STRICT`'],
])('a baseline of %s excuses nothing and is refused', (_, asked, says) => {
  const red = judge([orders, cart], [m304], asked)
  expect([red.status, red.made.comparison?.misfit]).toEqual(['fail', `The baseline does not fit: ${says}`])
  const green = judge([cart], [], asked)
  expect([green.status, green.fails]).toEqual(['unknown', true])
  expect(green.made.verdict.reason).toContain('`gate: new` excuses nothing then')
  // Only shown, where nobody asked to be excused.
  expect(report([cart], [], asked, before).verdict.status).toBe('pass')
})

test('`gate: new` without a baseline is never a pass', () => {
  expect(report([cart], [], {gate: 'new'}).verdict.status).toBe('unknown')
})

test('a baseline of another cluster by its UID, of another Istio or from files is compared, and each is said', () => {
  const elsewhere = {
    ...before,
    cluster: {...before.cluster, uid: 'other-uid', istio: '1.30.0'},
    verdict: {...before.verdict, status: 'unknown' as const},
  }
  const {comparison} = report([orders, cart], [m304], {gate: 'new'}, elsewhere)
  expect(comparison?.remarks).toEqual([
    'The baseline was taken on another cluster (UID `other-uid`): the same objects are compared, not the same pods.',
    'The baseline saw Istio 1.30.0, this run 1.31.1.',
    'The baseline itself could not judge everything.',
  ])
})

test('what is gone is fixed only where its check could look', () => {
  const {comparison} = report([row('shop', 'orders', 8080), cart], [result('M304')], {}, before)
  expect(comparison).toMatchObject({new: 0, fixed: 1, unseen: 0, gone: [{code: 'M304', severity: 'error'}]})
  expect(comparison?.better).toEqual([
    {id: 'shop/Deployment/orders:8080', before: {verdict: 'violated', mode: 'PERMISSIVE'}, now: {verdict: 'proven', mode: 'STRICT'}},
  ])
  const blind = report([cart], [result('M304', {status: 'unknown', reason: 'not read'})], {}, before)
  expect(blind.comparison).toMatchObject({fixed: 0, unseen: 1})
})

test('an expired waiver is excused only if it had expired there already', () => {
  const rotten: Waiver = {
    ...{code: 'M303', namespace: 'shop', workload: 'x', port: null, reason: 'r', owner: 'o', expires: '2026-01-01'},
    ...{status: 'expired', covers: [], file: 'w.yaml', line: 2},
  }
  const known = report([cart], [], {}, null, [rotten])
  expect(report([cart], [], {gate: 'new'}, known, [rotten]).verdict.status).toBe('pass')
  expect(report([cart], [], {gate: 'new'}, report([cart], []), [rotten]).verdict.status).toBe('fail')
})

test('every channel says what changed, and what is known is no error in any', () => {
  const made = report([orders, open('shop', 'cart', 8080)], [m304, result('M302', {findings: [other]})], {gate: 'new'}, before)
  const marker = markerOf(made, {workflow: 'w', job: 'j'}, '')
  const pages = [summary(made), commentBody(made, marker, '')].map((page) => asGitHub(page).shown)
  for (const shown of [...pages, terminal(made, []).join('\n')])
    expect(shown).toContain('1 new finding, 0 fixed, 1 unchanged, 1 port worse, coverage 50 % → 0 %')
  expect(pages[1]?.indexOf('What changed')).toBeLessThan(pages[1]?.indexOf('what failed') ?? 0)
  expect(pages[0]).toContain('new: M302')
  expect(outputs(made, nowhere)['new-findings']).toBe('1')
  const log = JSON.parse(sarif(made, {workflowPath: '', workspace: ''})) as {runs: {results: {ruleId: string; baselineState?: string}[]}[]}
  expect(log.runs[0]?.results.map(({ruleId, baselineState}) => [ruleId, baselineState])).toEqual([
    ['MTLS', undefined],
    ['M302', 'new'],
    ['M304', 'unchanged'],
  ])
  const xml = junitText(made, {failOn: 'error'})
  expect(xml).toContain('<skipped message="known to the baseline: its mode is PERMISSIVE"/>')
  expect(xml.match(/<failure/g)).toHaveLength(3)
})

test('a comment is news when only the baseline changed', () => {
  const place = {workflow: 'w', job: 'j'}
  const same = report([orders, cart], [m304], {}, before)
  expect(markerOf(same, place, '').hash).not.toBe(markerOf(report([orders, cart], [m304]), place, '').hash)
  expect(markerOf(same, place, '')).toEqual(
    markerOf(report([orders, cart], [m304], {}, {...before, takenAt: '2026-01-01T00:00:00Z'}), place, ''),
  )
})

test('a report beside itself has nothing new, and is never red with `gate: new`; beside any other it is never greener than it may be', () => {
  fc.assert(
    fc.property(parts, parts, (given, others) => {
      const asked = {...given, inputs: {...given.inputs, gate: 'new' as const}}
      const itself = buildReport(given)
      const same = buildReport({...asked, baseline: itself})
      expect(same.comparison).toMatchObject({new: 0, fixed: 0, worse: [], better: []})
      expect(same.verdict.status).not.toBe('fail')
      if (same.verdict.status === 'pass' && itself.verdict.status !== 'pass')
        expect(same.verdict.reason).toContain('No worse than the baseline')

      const made = buildReport({...asked, baseline: buildReport({...others, inputs: given.inputs})})
      const all = buildReport(given)
      const order = ['pass', 'unknown', 'fail']
      expect(order.indexOf(made.verdict.status)).toBeLessThanOrEqual(
        Math.max(order.indexOf(all.verdict.status), made.comparison?.misfit === '' ? 0 : 1),
      )
      if (made.verdict.status === 'pass') {
        expect(made.endpoints.filter(({verdict, isNew}) => verdict === 'violated' && isNew !== false)).toEqual([])
        expect(made.stages.filter(({status}) => status === 'failed')).toEqual([])
        expect(made.unread).toEqual([])
      }
    }),
    {numRuns: 80},
  )
})
