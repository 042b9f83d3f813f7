import {nextRevision, repairArgs, upgradeArgs} from '../../src/install/helm-args.ts'
import {markFrom, markLabels} from '../../src/install/mark.ts'
import type {ReleasePlan} from '../../src/install/release-plan.ts'

const plan: ReleasePlan = {
  chart: 'istiod',
  name: 'istiod',
  namespace: 'istio-system',
  helmRevision: 2,
  status: 'deployed',
  mark: null,
  adopt: false,
  repair: '',
  good: 0,
  present: true,
}
const mark = {version: '1.31.1', chart: 'a'.repeat(64), values: 'b'.repeat(64), helmRevision: 3}
const target = {kubeconfigPath: '/temp/kubeconfig', helmVersion: 'v4.2.4', timeoutMs: 90_500, deadline: Number.POSITIVE_INFINITY}
const args = (more: Partial<ReleasePlan> = {}, helmVersion = 'v4.2.4') =>
  upgradeArgs({...plan, ...more}, '/charts/istiod.tgz', ['/v/ours.yaml', '/v/users.yaml'], mark, {...target, helmVersion})

test("the user's values come last, where helm lets them win", () => {
  const values = args().filter((_, at, all) => all[at - 1] === '--values')
  expect(values).toEqual(['/v/ours.yaml', '/v/users.yaml'])
})

test.each([
  ['v4.2.4', '--wait=watcher'],
  ['v3.18.0', '--wait'],
])('helm %s waits by an explicit strategy', (version, flag) => {
  expect(args({}, version).filter((each) => each.startsWith('--wait'))).toEqual([flag])
})

test('never rolls back by itself, which would outlive a cancelled job', () => {
  expect(args().join(' ')).not.toMatch(/atomic|rollback|force/)
})

test('the timeout is whole seconds, rounded up', () => {
  expect(args()[args().indexOf('--timeout') + 1]).toBe('91s')
})

test.each([true, false])('takes ownership only when adopting (%s)', (adopt) => {
  expect(args({adopt}).includes('--take-ownership')).toBe(adopt)
})

test('the mark survives its way through labels, which hold at most 63 characters', () => {
  const labels = markLabels(mark)
  expect(Object.values(labels).every((value) => value.length <= 63)).toBe(true)
  expect(markFrom(labels)).toEqual({...mark, chart: 'a'.repeat(40), values: 'b'.repeat(40)})
  expect(markFrom({name: 'istiod', owner: 'helm'})).toBeNull()
})

test.each<[ReleasePlan['repair'], string | undefined, number]>([
  ['', undefined, 3],
  ['uninstall', 'uninstall', 1],
  ['rollback', 'rollback', 4],
  ['forget', undefined, 1],
])('repair `%s` runs helm %s and leads to revision %d', (repair, verb, revision) => {
  expect(repairArgs({...plan, repair}, target)?.[0]).toBe(verb)
  expect(nextRevision({...plan, repair})).toBe(revision)
})

test('a rollback names the revision to go back to, and does not wait for what was there before', () => {
  const rollback = repairArgs({...plan, repair: 'rollback', good: 2}, target) ?? []
  expect(rollback.slice(0, 3)).toEqual(['rollback', plan.name, '2'])
  expect(rollback.join(' ')).not.toContain('--wait')
})

test.each<[string, Partial<ReleasePlan>, string, boolean]>([
  ['an upgrade', {}, 'v4.2.4', false],
  ['a first install', {present: false, helmRevision: 0}, 'v4.2.4', false],
  ['what is there already and helm has no record of', {helmRevision: 0}, 'v4.2.4', true],
  ['the same after the only record was forgotten', {repair: 'forget'}, 'v4.2.4', true],
  ['the same with helm 3', {helmRevision: 0}, 'v3.18.6', false],
])('%s: is it applied client-side, for istiod keeps a field that the chart then writes?', (_, more, helmVersion, isClientSide) => {
  expect(args(more, helmVersion).includes('--server-side=false')).toBe(isClientSide)
})
