import type {Endpoint} from '../../src/model/endpoint.ts'
import type {Inputs} from '../../src/model/inputs.ts'
import {unread} from '../../src/model/part.ts'
import type {Report} from '../../src/model/report.ts'
import {buildReport, type ReportParts} from '../../src/report/build.ts'
import {stepFails} from '../../src/report/verdict.ts'
import {downReport, finding, greenReport, inputs, open, redReport, result, row, snapshot, stages} from './samples.ts'

const proven = row('shop', 'cart', 8080)
const unproven = row('shop', 'cart', 9090, {verdict: 'unproven', reason: 'The probe timed out.', evidence: []})
const configured = row('shop', 'cart', 9090, {verdict: 'configured', evidence: []})
const migrating = row('shop', 'cart', 8080, {mode: 'PERMISSIVE', verdict: 'exempt', because: 'migration'})
const health = row('shop', 'cart', 15021, {verdict: 'exempt', because: 'mesh-port'})
const naked = row('legacy', 'billing', 8080, {dataPlane: 'none', mode: 'NONE', decidedBy: null, verdict: 'violated'})
const failed = stages.map((stage) => ({
  ...stage,
  status: stage.name === 'install' ? ('failed' as const) : stage.status,
  says: 'helm said no.',
}))
const warning = result('M405', {title: 'Callers would break', findings: [finding({severity: 'warning'})]})
const error = result('M201', {title: 'A namespace is not enrolled', findings: [finding({subject: {kind: 'Namespace', name: 'legacy'}})]})
const unknown = result('M103', {status: 'unknown', reason: 'not read: validation: forbidden'})

function judge(rows: Endpoint[], gate: Partial<Inputs> = {}, more: Partial<ReportParts> = {}): Report & {fails: boolean} {
  const given = inputs(gate)
  const report = buildReport({inputs: given, snapshot: snapshot(), endpoints: rows, results: [], stages, notes: [], ...more})
  return {...report, fails: stepFails(report, given)}
}

type Case = [string, Report & {fails: boolean}, {status: string; fails: boolean; coverage?: number; says?: string}]

const cases: Case[] = [
  [
    'every row proven',
    judge([proven, health]),
    {status: 'pass', fails: false, coverage: 100, says: 'The only workload port refuses plain text, proven'},
  ],
  [
    'a row that accepts plain text',
    judge([proven, open('shop', 'orders', 8080)]),
    {
      status: 'fail',
      fails: true,
      coverage: 50,
      says: '1 of 2 workload ports accepts plain text: `orders` port 8080 in `shop`, because PeerAuthentication `legacy-callers` says PERMISSIVE',
    },
  ],
  [
    'min-coverage never excuses a violated row',
    judge([proven, open('shop', 'orders', 8080)], {minCoverage: 0}),
    {status: 'fail', fails: true},
  ],
  [
    'fail-on never reports a violated row and lets the step pass',
    judge([proven, open('shop', 'orders', 8080)], {failOn: 'never'}),
    {status: 'fail', fails: false, says: '`fail-on` is `never`'},
  ],
  [
    'fail-on never reports a finding and lets the step pass',
    judge([proven], {failOn: 'never'}, {results: [error]}),
    {status: 'fail', fails: false},
  ],
  [
    'fail-on never forgives no failed stage',
    judge([proven, open('shop', 'orders', 8080)], {failOn: 'never'}, {stages: failed}),
    {status: 'fail', fails: true, says: 'Stage `install` failed: helm said no; 1 of 2 workload ports'},
  ],
  [
    'fail-on never forgives no unproven row',
    judge([proven, unproven, open('shop', 'orders', 8080)], {failOn: 'never'}),
    {status: 'fail', fails: true},
  ],
  ['fail-on never forgives no unread check', judge([proven], {failOn: 'never'}, {results: [unknown]}), {status: 'unknown', fails: true}],
  [
    'an error finding',
    judge([proven], {}, {results: [error]}),
    {status: 'fail', fails: true, coverage: 100, says: 'M201 fails: A namespace is not enrolled (Namespace `legacy`)'},
  ],
  [
    'a failed check without a finding',
    judge([proven], {}, {results: [result('M101', {status: 'fail'})]}),
    {status: 'fail', fails: true, says: 'M101 fails'},
  ],
  ['a warning below fail-on', judge([proven], {}, {results: [warning]}), {status: 'pass', fails: false, says: '1 warning'}],
  ['a warning at fail-on', judge([proven], {failOn: 'warning'}, {results: [warning]}), {status: 'fail', fails: true}],
  [
    'an info finding',
    judge([proven], {failOn: 'warning'}, {results: [result('M503', {findings: [finding({severity: 'info'})]})]}),
    {status: 'pass', fails: false},
  ],
  ['a failed stage', judge([proven], {}, {stages: failed}), {status: 'unknown', fails: true, says: 'Stage `install` failed: helm said no'}],
  [
    'a check that could not be answered',
    judge([proven], {}, {results: [unknown]}),
    {status: 'unknown', fails: true, says: 'M103 could not be answered: not read: validation: forbidden'},
  ],
  [
    'an unanswered warning check below fail-on',
    judge([proven], {}, {results: [{...unknown, severity: 'warning'}]}),
    {status: 'pass', fails: false},
  ],
  ['a skipped check', judge([proven], {}, {results: [{...unknown, status: 'skipped'}]}), {status: 'pass', fails: false}],
  [
    'unread pods, though every check is left out',
    judge([], {}, {snapshot: snapshot({pods: unread('forbidden')})}),
    {status: 'unknown', fails: true, says: 'The pods of the cluster could not be read: forbidden'},
  ],
  ['no workload where that is expected', judge([]), {status: 'pass', fails: false, coverage: 100, says: 'Mesh ready, no workload yet'}],
  [
    'no workload where that is not expected',
    judge([], {allowEmpty: false}),
    {status: 'unknown', fails: true, coverage: 100, says: 'No workload is in scope'},
  ],
  [
    'an unproven row',
    judge([proven, unproven]),
    {
      status: 'unknown',
      fails: true,
      coverage: 50,
      says: 'Only 1 of 2 workload ports is proven to refuse plain text, 50 % where `min-coverage` asks for 100 %: `cart` port 9090 in `shop` is not, because The probe timed out',
    },
  ],
  [
    'an unproven row within min-coverage',
    judge([proven, unproven], {minCoverage: 50}),
    {status: 'pass', fails: false, coverage: 50, says: '1 of 2 workload ports refuses plain text'},
  ],
  ['an unproven row where configured is enough', judge([unproven], {require: 'configured'}), {status: 'unknown', fails: true, coverage: 0}],
  ['a configured row where proof is asked for', judge([configured]), {status: 'unknown', fails: true, coverage: 0}],
  [
    'a configured row where that is enough',
    judge([configured], {require: 'configured'}),
    {status: 'pass', fails: false, coverage: 100, says: 'The only workload port is configured to refuse plain text, not proven live'},
  ],
  [
    'a migration',
    judge([migrating, health], {mtlsMode: 'PERMISSIVE'}),
    {status: 'pass', fails: false, coverage: 100, says: 'Migration, not enforced: 1 of 2 workload ports may still accept plain text'},
  ],
  [
    'a migration that fails otherwise',
    judge([migrating], {mtlsMode: 'PERMISSIVE'}, {results: [error]}),
    {status: 'fail', fails: true, says: '(migration, not enforced)'},
  ],
  [
    'nothing but exempt rows',
    judge([health]),
    {status: 'pass', fails: false, coverage: 100, says: 'Nothing to prove: the only workload port is exempt'},
  ],
  ['the red sample', {...redReport(), fails: true}, {status: 'fail', fails: true, coverage: 87.5}],
  [
    'the green sample',
    {...greenReport(), fails: false},
    {status: 'pass', fails: false, says: 'All 8 workload ports refuse plain text, proven on the live cluster'},
  ],
  [
    'a control plane that is down',
    {...downReport(), fails: true},
    {status: 'unknown', fails: true, says: 'Stage `install` failed: istiod was not ready'},
  ],
]

test.each(cases)('%s', (_, {verdict, fails}, expected) => {
  expect({status: verdict.status, fails}).toEqual({status: expected.status, fails: expected.fails})
  if (expected.coverage !== undefined) expect(verdict.coverage).toBe(expected.coverage)
  expect(verdict.reason).toContain(expected.says ?? '')
})

test('coverage is never rounded up to what it is not', () => {
  const rows = Array.from({length: 10_000}, (_, at) => row('shop', `w${at}`, 80))
  const report = judge([...rows.slice(1), {...unproven}])
  expect(report.verdict).toMatchObject({status: 'unknown', coverage: 99.9})
})

test('the sentence names a workload inside the mesh before one that never joined', () => {
  const {reason} = judge([naked, open('shop', 'orders', 8080)]).verdict
  expect(reason).toBe(
    '2 of 2 workload ports accept plain text, first `orders` port 8080 in `shop`, because PeerAuthentication `legacy-callers` says PERMISSIVE',
  )
})

test.each([
  [naked, 'because no proxy intercepts it'],
  [
    row('shop', 'cart', null, {mode: 'PERMISSIVE', decidedBy: null, verdict: 'violated'}),
    "`cart` on its undeclared ports in `shop`, because no PeerAuthentication applies and Istio's default is PERMISSIVE",
  ],
  [row('shop', 'cart', 80, {verdict: 'violated'}), 'although PeerAuthentication `istio-system/default` says STRICT'],
])('the sentence says why (%#)', (one, words) => {
  expect(judge([one]).verdict.reason).toContain(words)
})
