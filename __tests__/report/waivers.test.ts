import type {CheckResult} from '../../src/model/check.ts'
import type {Endpoint} from '../../src/model/endpoint.ts'
import {Failure} from '../../src/model/failure.ts'
import {type LedgerEntry, ledgerFrom} from '../../src/report/ledger.ts'
import {summary} from '../../src/report/summary.ts'
import {endpointId, isRotten, waive} from '../../src/report/waive.ts'
import {greenReport} from './samples.ts'

const ledger = `# who asked, and until when
waivers:
  - code: M303
    namespace: shop
    workload: orders
    port: "*"
    reason: the till cannot speak TLS until its upgrade
    owner: team-shop
    expires: 2027-01-31
`
const mistakes = (text: string): string => {
  try {
    ledgerFrom(text, 'waivers.yaml')
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message
    throw thrown
  }
  return 'accepted'
}

test('a ledger is read with its lines', () => {
  expect(ledgerFrom(ledger, 'waivers.yaml')).toEqual([
    {
      code: 'M303',
      namespace: 'shop',
      workload: 'orders',
      port: null,
      reason: 'the till cannot speak TLS until its upgrade',
      owner: 'team-shop',
      expires: '2027-01-31',
      file: 'waivers.yaml',
      line: 3,
    },
  ])
  expect(ledgerFrom('# nothing yet\n', 'waivers.yaml')).toEqual([])
})

test.each([
  ['waivers:\n  - {code: M303, namespace: shop}\n', 'line 2: `workload`, `port`, `reason`, `owner`, `expires` missing'],
  [ledger.replace('2027-01-31', '2027-02-30'), 'line 3: `expires` is `2027-02-30`'],
  [ledger.replace('M303', 'strict'), '`code` is `STRICT`'],
  [ledger.replace('"*"', '70000'), '`port` is `70000`'],
  [ledger.replace('owner:', 'team:'), 'line 3: `owner` missing'],
  [ledger.replace('    owner', '    approver: me\n    owner'), '`approver` unknown'],
  ['waivers: none', 'write a list'],
  ['waivers: [', 'line 1'],
])('a wrong ledger is refused with the line: %#', (text, says) => {
  expect(mistakes(text)).toContain(says)
})

const row = (port: number | null, verdict: Endpoint['verdict'] = 'violated', name = 'orders'): Endpoint => ({
  namespace: 'shop',
  workload: {kind: 'Deployment', name},
  pods: [`${name}-1`],
  port,
  protocol: 'TCP',
  dataPlane: 'sidecar',
  mode: 'PERMISSIVE',
  decidedBy: null,
  verdict,
  because: null,
  reason: '',
  evidence: [],
})
const result = (code: string, ports: (number | null)[], name = 'orders'): CheckResult => ({
  code,
  slug: code,
  status: 'fail',
  severity: 'error',
  title: '',
  why: '',
  docs: '',
  reason: '',
  findings: [
    {
      subject: {kind: 'PeerAuthentication', namespace: 'shop', name: 'legacy'},
      message: '',
      hint: '',
      fix: '',
      severity: 'error',
      endpoints: ports.map((port) => endpointId(row(port, 'violated', name))),
    },
  ],
})
const entry = (changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  code: 'M303',
  namespace: 'shop',
  workload: 'orders',
  port: null,
  reason: 'r',
  owner: 'o',
  expires: '2027-01-31',
  file: 'w.yaml',
  line: 1,
  ...changes,
})
const day = (text: string) => Date.parse(`${text}T12:00:00Z`)
const judged = (entries: LedgerEntry[], now = '2026-11-22', pending: LedgerEntry[] = []) =>
  waive(
    entries,
    pending,
    [row(8080), row(null), row(8080, 'violated', 'web')],
    [result('M303', [8080, null]), result('M802', [8080])],
    day(now),
  )

test('a waiver in force exempts its rows, takes its finding out, and what was seen there with it', () => {
  const {endpoints, results, waivers} = judged([entry()])
  expect(endpoints.map(({verdict, because}) => [verdict, because])).toEqual([
    ['exempt', 'waiver'],
    ['exempt', 'waiver'],
    ['violated', null],
  ])
  expect(results.map(({status, findings}) => [status, findings.length])).toEqual([
    ['pass', 0],
    ['pass', 0],
  ])
  expect(waivers.map(({status}) => status)).toEqual(['in-force'])
})

test.each([
  ['expired the day after', [entry({expires: '2026-11-21'})], 'expired'],
  ['too broad in its workload', [entry({workload: '*'})], 'too-broad'],
  ['too broad in its namespace', [entry({namespace: 'sh*'})], 'too-broad'],
  ['for another code', [entry({code: 'M304'})], 'unused'],
  ['for another workload', [entry({workload: 'cart'})], 'unused'],
])('a waiver %s waives nothing and turns the run red', (_, entries, status) => {
  const {endpoints, results, waivers} = judged(entries)
  expect(endpoints.map(({verdict}) => verdict)).toEqual(['violated', 'violated', 'violated'])
  expect(results.map(({status: each}) => each)).toEqual(['fail', 'fail'])
  expect(waivers.map((waiver) => [waiver.status, isRotten(waiver)])).toEqual([[status, true]])
})

test('it holds on its last day, and warns for two weeks before', () => {
  expect(judged([entry({expires: '2026-11-22'})]).waivers[0]?.status).toBe('expiring')
  expect(judged([entry({expires: '2026-12-05'})]).waivers[0]?.status).toBe('expiring')
  expect(judged([entry({expires: '2026-12-07'})]).waivers[0]?.status).toBe('in-force')
})

test('one port is not the whole workload', () => {
  const {endpoints, results} = judged([entry({port: 8080})])
  expect(endpoints.map(({verdict}) => verdict)).toEqual(['exempt', 'violated', 'violated'])
  expect(results[0]?.status).toBe('fail')
})

test('what the pull request itself adds is shown as pending and counts for nothing', () => {
  const {endpoints, waivers} = judged([], '2026-11-22', [entry()])
  expect(endpoints.every(({verdict}) => verdict === 'violated')).toBe(true)
  expect(waivers.map((waiver) => [waiver.status, isRotten(waiver)])).toEqual([['pending', false]])
})

test('the summary shows what must be mended in the open and folds the rest', () => {
  const waivers = [
    ...judged([entry(), entry({workload: 'cart'})]).waivers,
    ...judged([], '2026-11-22', [entry({workload: 'web', owner: '@everyone'})]).waivers,
  ]
  const markdown = summary({...greenReport(), waivers})
  expect(markdown).toMatch(/### Waivers to mend\n\n.*\n.*\n\| M303 `shop\/cart` \| ❌ covers nothing any more: delete it \|/)
  expect(markdown).toContain('2 waivers, 1 pending until merged')
  expect(markdown).not.toContain('@everyone')
})

test.each(['M601', 'M503', 'M105', 'M401'])('a waiver of %s never excuses a port that accepts plain text', (code) => {
  const {endpoints, results} = waive(
    [entry({code})],
    [],
    [row(8080), row(9090, 'unproven')],
    [result(code, [null]), result('M802', [8080])],
    day('2026-11-22'),
  )
  expect(endpoints.map(({verdict}) => verdict)).toEqual(['violated', 'unproven'])
  expect(results.map(({findings}) => findings.length)).toEqual([0, 1])
})

test('plain text seen although STRICT is waived only as what was seen', () => {
  const seen = {...row(8080), mode: 'STRICT' as const}
  const judge = (code: string) =>
    waive([entry({code, port: 8080})], [], [seen], [result('M303', [8080]), result('M802', [8080])], day('2026-11-22'))
  expect(judge('M303').endpoints[0]?.verdict).toBe('violated')
  expect(judge('M303').results[1]?.findings).toHaveLength(1)
  expect(judge('M802').endpoints[0]?.verdict).toBe('exempt')
})
