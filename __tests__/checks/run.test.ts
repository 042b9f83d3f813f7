import {runChecks} from '../../src/checks/run.ts'
import {check, finding, type Severity} from '../../src/model/check.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {asked} from '../helpers/fixture.ts'

const snapshot: Snapshot = snapshotFrom([], asked, {takenAt: '2026-11-22T20:00:00Z'})

function sample(run: () => ReturnType<typeof finding>[], more: {skip?: () => string | null; severity?: Severity} = {}) {
  return check({
    code: 'M999',
    slug: 'm999-sample',
    severity: 'error',
    needs: ['policies'],
    title: 'All is well',
    failure: 'Something is wrong',
    why: 'It matters.',
    hint: 'Mend it.',
    run,
    ...more,
  })
}

const pod = (name: string) => ({kind: 'Pod', namespace: 'shop', name})
const only = (of: ReturnType<typeof sample>, on = snapshot, ignore: string[] = []) => runChecks([of], on, {ignore})[0]

test('no finding passes, under the title', () => {
  expect(only(sample(() => []))).toEqual({
    ...{code: 'M999', slug: 'm999-sample', status: 'pass', severity: 'error', title: 'All is well', why: 'It matters.'},
    ...{docs: 'docs/checks/m999-sample.md', reason: '', findings: []},
  })
})

test('a finding fails, under the failure, and takes from the check what it leaves out', () => {
  expect(only(sample(() => [finding(pod('a'), 'is broken', {fix: 'kubectl mend'})]))).toMatchObject({
    status: 'fail',
    title: 'Something is wrong',
    findings: [{subject: pod('a'), message: 'is broken', hint: 'Mend it.', fix: 'kubectl mend', severity: 'error', endpoints: []}],
  })
})

test('findings come worst first, then by subject; the result is as bad as its worst', () => {
  const result = only(
    sample(() => [
      finding(pod('b'), 'x', {severity: 'info'}),
      finding(pod('c'), 'x', {severity: 'warning'}),
      finding(pod('a'), 'x', {severity: 'warning'}),
    ]),
  )
  expect(result?.findings.map(({severity, subject}) => `${severity} ${subject.name}`)).toEqual(['warning a', 'warning c', 'info b'])
  expect(result?.severity).toBe('warning')
})

test('a part that was not read makes it unknown, and it is not even asked', () => {
  const never = sample(() => {
    throw new Error('was asked')
  })
  expect(only(never, {...snapshot, policies: unread('403')})).toMatchObject({status: 'unknown', reason: 'not read: policies: 403'})
})

test('parts that were not read for one reason share it', () => {
  const two = {...sample(() => []), needs: ['policies', 'pods', 'mesh'] as const}
  const on = {...snapshot, policies: unread('403'), pods: unread('403'), mesh: unread('no answer')}
  expect(only(two, on)?.reason).toBe('not read: policies, pods: 403; mesh: no answer')
})

test('a check that throws is unknown, never green', () => {
  const broken = sample(() => {
    throw new TypeError('no such thing')
  })
  expect(only(broken)).toMatchObject({status: 'unknown', reason: 'the check itself failed: no such thing', findings: []})
})

test('a skip that throws is unknown too', () => {
  const broken = sample(() => [], {
    skip: () => {
      throw new Error('boom')
    },
  })
  expect(only(broken)).toMatchObject({status: 'unknown', reason: 'the check itself failed: boom'})
})

test.each([['M999'], ['m999'], ['m999-sample'], [' M999 ']])('`ignore: %s` leaves it out, and says so', (code) => {
  expect(
    only(
      sample(() => [finding(pod('a'), 'x')]),
      snapshot,
      [code],
    ),
  ).toMatchObject({status: 'skipped', findings: []})
})

test('`ignore` of another code leaves it in', () => {
  expect(
    only(
      sample(() => [finding(pod('a'), 'x')]),
      snapshot,
      ['M99', 'M9999'],
    ),
  ).toMatchObject({status: 'fail'})
})

test('what does not apply is skipped with its reason', () => {
  expect(only(sample(() => [], {skip: () => 'live probes are off'}))).toMatchObject({status: 'skipped', reason: 'live probes are off'})
})

test('the docs base stands before the page', () => {
  const [result] = runChecks([sample(() => [])], {...snapshot, policies: read([])}, {ignore: [], docsBase: 'https://example.com/docs'})
  expect(result?.docs).toBe('https://example.com/docs/m999-sample.md')
})
