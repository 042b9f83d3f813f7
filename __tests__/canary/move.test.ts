import {moveNamespace} from '../../src/canary/move.ts'
import type {Move} from '../../src/canary/plan.ts'
import {budgetsPath} from '../../src/enforce/budgets.ts'
import type {EnrolFound} from '../../src/enforce/enrol-plan.ts'
import {rolloutPath} from '../../src/enforce/restart.ts'
import type {Pod} from '../../src/model/workload.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const web = {kind: 'Deployment' as const, namespace: 'shop', name: 'web'}
const move: Move = {
  namespace: 'shop',
  labels: {'istio-injection': null, 'istio.io/rev': 'canary'},
  former: {'istio-injection': 'enabled', 'istio.io/rev': null},
  afterwards: null,
  rollouts: [web],
}
const deployment = (more: object = {}) => ({
  metadata: {name: 'web', generation: 1},
  spec: {replicas: 1, template: {metadata: {labels: {app: 'web'}, annotations: {'kubectl.kubernetes.io/restartedAt': 'before'}}}},
  status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, ...more},
})
const budget = {metadata: {name: 'tight'}, spec: {selector: {matchLabels: {app: 'web'}}}, status: {currentHealthy: 1, desiredHealthy: 2}}
const podOf = (revision: string) =>
  ({
    ...{namespace: 'shop', name: 'web-1', phase: 'Running', terminating: false, workload: {kind: 'Deployment', name: 'web'}},
    annotations: revision === '' ? {} : {'sidecar.istio.io/status': JSON.stringify({revision})},
  }) as unknown as Pod

/** Moves the namespace in a cluster whose pods come up with that revision; the failure, or null, and all writes in order. */
async function moved(
  comesUpWith: string,
  {budgets = [], annotations = {}, done = true}: {budgets?: object[]; annotations?: object; done?: boolean} = {},
  more: Partial<Move> = {},
) {
  const io = fakeIo({
    kube: {
      'GET /api/v1/namespaces/shop': {metadata: {name: 'shop', resourceVersion: '3', labels: {'istio-injection': 'enabled'}, annotations}},
      [`GET ${rolloutPath(web)}`]: deployment(done ? {} : {availableReplicas: 0}),
      [`GET ${budgetsPath('shop')}`]: budgets,
    },
  })
  const site = {
    ...{target: 'canary', timeoutMs: 5000, kube: io.kube},
    look: async () => ({pods: [podOf(comesUpWith)]}) as unknown as EnrolFound,
  }
  const failure = await moveNamespace({...move, ...more}, site, io).then(
    () => null,
    (thrown) => thrown,
  )
  const writes = io.requests.filter(({method}) => method === 'PATCH').map(({body}) => body)
  // Each write asks the lock first (lock.ts: `changes.begin` refuses what comes after it was lost).
  expect(io.changes.begun()).toBe(writes.length)
  return {failure, writes}
}

const back = {metadata: {resourceVersion: '3', labels: move.former}}
const restartedAt = (value: unknown) => ({spec: {template: {metadata: {annotations: {'kubectl.kubernetes.io/restartedAt': value}}}}})

test('labels, restarts, and finds the new revision: nothing goes back, and the former labels are kept for an uninstall', async () => {
  const {failure, writes} = await moved('canary')
  expect(failure).toBeNull()
  expect(writes).toEqual([
    {metadata: {resourceVersion: '3', labels: move.labels, annotations: {'istio-mtls/previous-labels': JSON.stringify(move.former)}}},
    restartedAt(expect.stringMatching(/^2026-/)),
  ])
})

test('labels that were written down at an earlier move are not written over', async () => {
  const {writes} = await moved('canary', {
    annotations: {'istio-mtls/previous-labels': JSON.stringify({'istio-injection': null, 'istio.io/rev': null})},
  })
  expect(writes[0]).toEqual({metadata: {resourceVersion: '3', labels: move.labels}})
})

test.each([
  ['default', 'came up with a proxy of revision `default`'],
  ['', 'came up with no proxy'],
])('ready pods with the proxy `%s` are no success: the namespace goes back', async (revision, says) => {
  const {failure, writes} = await moved(revision)
  expect(failure).toMatchObject({
    entry: 'canary-sick',
    message: expect.stringContaining(says),
    cure: expect.stringContaining('proxies again'),
  })
  expect(writes.slice(2)).toEqual([back, restartedAt('before')])
})

test('a budget that does not allow the restart stops before it, and the labels go back', async () => {
  const {failure, writes} = await moved('canary', {budgets: [budget]})
  expect(failure).toMatchObject({entry: 'canary-sick', message: expect.stringContaining('PodDisruptionBudget `tight` is violated already')})
  expect(writes.slice(1)).toEqual([back])
})

test('what does not get well after going back either is named, with what to do', async () => {
  const {failure, writes} = await moved('canary', {done: false})
  expect(failure).toMatchObject({
    message: expect.stringContaining('0 of 1 new pods are available after 5 s'),
    cure: expect.stringContaining('but Deployment `shop/web` did not become ready: delete its broken pods'),
  })
  expect(writes.slice(2)).toEqual([back, restartedAt('before')])
})

test('what a namespace gets once the tags have moved stands on it from its move on, and goes with the move', async () => {
  const afterwards = {'istio-injection': null, 'istio.io/rev': 'prod'}
  const fine = await moved('canary', {}, {afterwards})
  expect(fine.writes[0]).toMatchObject({metadata: {annotations: {'istio-mtls/labels-after-tags': JSON.stringify(afterwards)}}})
  const sick = await moved('', {}, {afterwards})
  expect(sick.writes[2]).toEqual({metadata: {...back.metadata, annotations: {'istio-mtls/labels-after-tags': null}}})
})
