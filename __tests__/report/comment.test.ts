import {buildReport} from '../../src/report/build.ts'
import {commentBody, markerFrom, markerOf} from '../../src/report/comment.ts'
import {type CommentPlan, planComment, type StandingComment} from '../../src/report/comment-plan.ts'
import {addressTexts, withoutAddresses} from '../../src/report/private.ts'
import {finding, greenReport, inputs, open, redReport, result, row, snapshot, stages} from './samples.ts'

const place = {workflow: 'preview', job: 'mesh'}
const bot = 'github-actions[bot]'
const red = markerOf(redReport(), place, '')
const green = markerOf(greenReport(), place, '')
const redder = {...red, hash: '0'.repeat(16)}
const bodyOf = (marker: typeof red) => commentBody(redReport(), marker, '')
const standing = (id: number, marker: typeof red, author = bot): StandingComment => ({
  id,
  nodeId: `IC_${id}`,
  author,
  body: bodyOf(marker),
  url: `https://e.co/${id}`,
})
const other = standing(9, markerOf(redReport(), place, 'another'))
const nothing = (url = ''): CommentPlan => ({do: 'nothing', url})

test.each<[string, Parameters<typeof planComment>, CommentPlan]>([
  ['on-change posts first, green as well', ['on-change', [], bot, green], {do: 'create'}],
  ['on-change is silent when nothing changed', ['on-change', [standing(1, red)], bot, red], nothing('https://e.co/1')],
  ['on-change edits when the findings changed', ['on-change', [standing(1, red)], bot, redder], {do: 'edit', id: 1}],
  ['on-change posts anew when the verdict flips', ['on-change', [standing(1, red)], bot, green], {do: 'replace', minimize: 'IC_1'}],
  ['the newest of ours counts', ['on-change', [standing(3, green), standing(1, red)], bot, green], nothing('https://e.co/3')],
  ['a comment of another key is not ours', ['on-change', [other], bot, red], {do: 'create'}],
  ['a mark by somebody else is not ours', ['on-change', [standing(1, red, 'mallory')], bot, red], {do: 'create'}],
  ['a quoted mark is not ours', ['on-change', [{...standing(1, red), body: `> ${bodyOf(red)}`}], bot, red], {do: 'create'}],
  ['always edits even when nothing changed', ['always', [standing(1, red)], bot, red], {do: 'edit', id: 1}],
  ['on-failure is silent while all is well', ['on-failure', [], bot, green], nothing()],
  ['on-failure posts a failure', ['on-failure', [], bot, red], {do: 'create'}],
  ['on-failure turns an old red comment green without a message', ['on-failure', [standing(1, red)], bot, green], {do: 'edit', id: 1}],
  ['never does nothing', ['never', [standing(1, red)], bot, green], nothing()],
])('%s', (_, given, plan) => {
  expect(planComment(...given)).toEqual(plan)
})

test('the mark tells workflow, job and key apart', () => {
  const keys = [place, {...place, job: 'other'}, {...place, workflow: 'other'}].map((one) => markerOf(redReport(), one, '').key)
  expect(new Set([...keys, markerOf(redReport(), place, 'eu').key]).size).toBe(4)
})

test('times, pods and wording are no news; counts and findings are', () => {
  const report = redReport()
  const later = {
    ...report,
    takenAt: '2027-01-01T00:00:00Z',
    stages: [],
    endpoints: report.endpoints.map((one) => ({...one, pods: ['other'], reason: 'x'})),
  }
  expect(markerOf(later, place, '')).toEqual(red)
  const more = {...report, counts: {...report.counts, violated: 2}}
  expect(markerOf(more, place, '').hash).not.toBe(red.hash)
  expect(markerOf({...report, results: []}, place, '').hash).not.toBe(red.hash)
})

test('the mark survives the way through a body', () => {
  expect(markerFrom(bodyOf(red))).toEqual(red)
  expect(markerFrom('<!-- istio-mtls-action key=x -->')).toBeNull()
})

test('a comment carries all in its head and folds the rest', () => {
  const head = bodyOf(red).split('<details')[0]
  expect(head).toContain('❌ Mutual TLS on preview-17: fail')
  expect(head).toContain('`orders` port 8080 in `shop`, because PeerAuthentication `legacy-callers` says PERMISSIVE')
  expect(head).toContain('1 violated · 7 proven · 1 exempt · 1 error · 1 warning')
  const greenBody = commentBody(greenReport(), green, 'https://github.com/o/r/actions/runs/1')
  expect(greenBody).not.toContain('<details')
  expect(greenBody).toContain('(https://github.com/o/r/actions/runs/1)')
})

test('a comment shows neither the API server nor the address of a pod', () => {
  const server = 'https://ABCD.gr7.eu-west-1.eks.amazonaws.com:443'
  const says = `GET ${server}/api/v1/pods, dial tcp 10.1.2.3:15020, [fd00:10::7]:8080 and ABCD.gr7.eu-west-1.eks.amazonaws.com, kept: 1.31.1, 12:30:15, istio.io/rev`
  const report = buildReport({
    inputs: inputs(),
    snapshot: snapshot(),
    endpoints: [row('shop', 'cart', 80, {verdict: 'unproven', reason: says}), open('shop', 'orders', 80)],
    results: [result('M802', {findings: [finding({message: says, fix: `curl ${server}`})]})],
    stages: stages.map((stage) => ({...stage, says, status: 'failed' as const})),
    notes: [],
  })
  const body = commentBody(withoutAddresses(report, addressTexts(server)), markerOf(report, place, ''), '')
  expect(body).not.toMatch(/gr7|10\.1\.2\.3|fd00/)
  expect(body).toContain('kept: 1.31.1, 12:30:15, istio.io/rev')
})

test.each([
  ['https://master-of-shop:6443', 'dial master-of-shop failed', 'dial (address) failed'],
  ['https://[fd00::1]:6443', 'no route to [fd00::1]', 'no route to (address)'],
  ['https://10.0.0.1', 'orders answered', 'orders answered'],
])('of the API server %s the text "%s" shows "%s"', (server, says, shown) => {
  const report = {...greenReport(), notes: [says, says]}
  expect(withoutAddresses(report, addressTexts(server)).notes).toEqual([shown, shown])
})
