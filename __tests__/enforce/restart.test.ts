import {restart, restartedAt} from '../../src/enforce/restart.ts'
import {restartObstacle, rolloutStatus} from '../../src/enforce/rollout-status.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {fakeIo, refusal} from '../helpers/fake-io.ts'

const path = '/apis/apps/v1/namespaces/shop/deployments/web'
const web = {kind: 'Deployment', namespace: 'shop', name: 'web'} as const
const done = {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}

function object(kind: string, spec: object, status: object, generation = 2): KubeObject {
  return {apiVersion: 'apps/v1', kind, metadata: {name: 'web', namespace: 'shop', generation}, spec, status}
}

test.each<[string, KubeObject, string, RegExp]>([
  ['not noticed', object('Deployment', {replicas: 2}, {...done, observedGeneration: 1}), 'waiting', /notice/],
  ['half new', object('Deployment', {replicas: 2}, {...done, updatedReplicas: 1}), 'waiting', /1 of 2 pods are new/],
  ['old ones left', object('Deployment', {replicas: 2}, {...done, replicas: 3}), 'waiting', /1 old pods/],
  ['new ones unready', object('Deployment', {replicas: 2}, {...done, availableReplicas: 1}), 'waiting', /1 of 2 new pods are available/],
  ['done', object('Deployment', {replicas: 2}, done), 'done', /2 pods/],
  ['one replica unless said', object('Deployment', {}, {observedGeneration: 2}), 'waiting', /0 of 1/],
  [
    'refused pods',
    object(
      'Deployment',
      {replicas: 2},
      {...done, updatedReplicas: 0, conditions: [{type: 'ReplicaFailure', status: 'True', message: 'denied by webhook'}]},
    ),
    'waiting',
    /denied by webhook/,
  ],
  [
    'out of time',
    object(
      'Deployment',
      {replicas: 2},
      {
        ...done,
        updatedReplicas: 1,
        conditions: [{type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'has timed out progressing'}],
      },
    ),
    'failed',
    /timed out progressing/,
  ],
  [
    'StatefulSet half',
    object(
      'StatefulSet',
      {replicas: 2},
      {observedGeneration: 2, updatedReplicas: 1, readyReplicas: 2, currentRevision: 'a', updateRevision: 'b'},
    ),
    'waiting',
    /1 of 2/,
  ],
  [
    'StatefulSet unready',
    object('StatefulSet', {replicas: 2}, {observedGeneration: 2, readyReplicas: 1, currentRevision: 'b', updateRevision: 'b'}),
    'waiting',
    /1 of 2 pods are ready/,
  ],
  [
    'StatefulSet done',
    object('StatefulSet', {replicas: 2}, {observedGeneration: 2, readyReplicas: 2, currentRevision: 'b', updateRevision: 'b'}),
    'done',
    /2 pods/,
  ],
  [
    'DaemonSet half',
    object('DaemonSet', {}, {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3}),
    'waiting',
    /2 of 3 pods are new/,
  ],
  [
    'DaemonSet unready',
    object('DaemonSet', {}, {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2}),
    'waiting',
    /2 of 3 pods are available/,
  ],
  [
    'DaemonSet done',
    object('DaemonSet', {}, {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3}),
    'done',
    /3 pods/,
  ],
])('a rollout: %s', (_, found, is, says) => {
  expect(rolloutStatus(found)).toEqual({is, says: expect.stringMatching(says)})
})

test.each<[string, KubeObject, RegExp | null]>([
  ['paused', object('Deployment', {paused: true}, {}), /paused/],
  ['OnDelete', object('DaemonSet', {updateStrategy: {type: 'OnDelete'}}, {}), /OnDelete/],
  ['partition', object('StatefulSet', {updateStrategy: {type: 'RollingUpdate', rollingUpdate: {partition: 2}}}, {}), /partition 2/],
  ['plain', object('StatefulSet', {updateStrategy: {type: 'RollingUpdate', rollingUpdate: {partition: 0}}}, {}), null],
])('what stands in the way of a restart: %s', (_, found, says) => {
  if (says === null) expect(restartObstacle(found)).toBeNull()
  else expect(restartObstacle(found)).toMatch(says)
})

test('a restart stamps the template once and waits for the last new pod', async () => {
  let reads = 0
  const io = fakeIo({
    kube: {
      [`GET ${path}`]: () => object('Deployment', {replicas: 2}, ++reads < 4 ? {...done, updatedReplicas: 1} : done),
      [`PATCH ${path}`]: {},
    },
  })
  expect(await restart(web, {timeoutMs: 60_000}, io.kube, io)).toMatchObject({rolledOut: true, begun: true, says: '2 pods'})
  expect(io.requests.filter(({method}) => method !== 'GET')).toEqual([
    {
      method: 'PATCH',
      path,
      body: {spec: {template: {metadata: {annotations: {[restartedAt]: '2026-11-22T18:00:00.000Z'}}}}},
      options: {fieldManager: 'istio-mtls-action'},
    },
  ])
  expect(io.changes.begun()).toBe(1)
})

test('a rollout that does not end in time says what its pods say', async () => {
  const io = fakeIo({
    kube: {
      [`GET ${path}`]: object('Deployment', {replicas: 2, selector: {matchLabels: {app: 'web'}}}, {...done, availableReplicas: 1}),
      'GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb': [
        {
          metadata: {name: 'web-1'},
          status: {
            conditions: [{type: 'Ready', status: 'False'}],
            containerStatuses: [{name: 'app', ready: false, state: {waiting: {reason: 'ImagePullBackOff', message: 'no such image'}}}],
          },
        },
        {metadata: {name: 'web-2'}, status: {conditions: [{type: 'Ready', status: 'True'}]}},
      ],
    },
  })
  expect(await restart(web, {timeoutMs: 5000}, io.kube, io)).toMatchObject({
    rolledOut: false,
    begun: true,
    says: '1 of 2 new pods are available after 5 s; pod `web-1`, container `app`: ImagePullBackOff: no such image',
  })
})

test('what cannot be restarted is left untouched', async () => {
  const io = fakeIo({kube: {[`GET ${path}`]: object('Deployment', {paused: true}, done)}})
  expect(await restart(web, {timeoutMs: 5000}, io.kube, io)).toMatchObject({rolledOut: false, begun: false})
  expect(await restart({...web, name: 'gone'}, {timeoutMs: 5000}, io.kube, io)).toMatchObject({rolledOut: false, begun: false})
  expect(io.changes.begun()).toBe(0)
})

test('a cancel ends the wait at once, and a cancelled run begins nothing', async () => {
  const io = fakeIo({kube: {[`GET ${path}`]: object('Deployment', {replicas: 2}, {...done, updatedReplicas: 1})}})
  const patch: typeof io.kube.patch = async (...request) => {
    io.cancel()
    return io.kube.patch(...request)
  }
  const waits = restart(web, {timeoutMs: 60_000}, {...io.kube, patch}, io)
  await expect(waits).rejects.toThrow('cancelled')
  await expect(restart(web, {timeoutMs: 60_000}, io.kube, io)).rejects.toThrow('cancelled')
  expect(io.changes.begun()).toBe(1)
})

test('a refused patch is the API server failure it is', async () => {
  const io = fakeIo({kube: {[`GET ${path}`]: object('Deployment', {replicas: 2}, done), [`PATCH ${path}`]: refusal(403, 'may not')}})
  await expect(restart(web, {timeoutMs: 5000}, io.kube, io)).rejects.toThrow('may not')
})
