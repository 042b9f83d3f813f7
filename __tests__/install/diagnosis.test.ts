import {eventsPath, istiodPodsPath, troublesOf, type Watched, watchedOf, whileWatching} from '../../src/install/diagnosis.ts'
import {fakeIo, refusal} from '../helpers/fake-io.ts'

const istiod = watchedOf({chart: 'istiod', namespace: 'istio-system'}, '') as Watched
const pod = (status: object) => [{metadata: {name: 'istiod-1'}, status}]
const waiting = (reason: string, message = '', more: object = {}) =>
  pod({containerStatuses: [{name: 'discovery', state: {waiting: {reason, message}}, ...more}]})
const cluster = (pods: unknown, events: unknown = []) =>
  fakeIo({kube: {[`GET ${istiodPodsPath('')}`]: pods, [`GET ${eventsPath}`]: events}})

test.each<[string, unknown, unknown, string[]]>([
  ['a ready pod is no trouble', pod({conditions: [{type: 'Ready', status: 'True'}]}), [], []],
  ['a pod being created is no trouble', waiting('ContainerCreating'), [], []],
  [
    'an image that cannot be pulled',
    waiting('ImagePullBackOff', 'Back-off pulling image "x/pilot:1"'),
    [],
    ['pod istiod-1, container discovery: ImagePullBackOff: Back-off pulling image "x/pilot:1"'],
  ],
  [
    'no node has room',
    pod({conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes: Insufficient memory'}]}),
    [],
    ['pod istiod-1: Unschedulable: 0/1 nodes: Insufficient memory'],
  ],
  [
    'a crash loop, with how it ended',
    waiting('CrashLoopBackOff', '', {restartCount: 3, lastState: {terminated: {reason: 'OOMKilled', exitCode: 137}}}),
    [],
    ['pod istiod-1, container discovery: CrashLoopBackOff (ended with OOMKilled, code 137, 3 restarts)'],
  ],
  [
    'no pod at all, for a quota forbids it',
    [],
    [{reason: 'FailedCreate', message: 'exceeded quota', involvedObject: {kind: 'ReplicaSet', name: 'istiod-abc'}}],
    ['ReplicaSet istiod-abc: FailedCreate: exceeded quota'],
  ],
  [
    'events of others do not count',
    [],
    [{reason: 'FailedCreate', message: 'no', involvedObject: {kind: 'ReplicaSet', name: 'web-abc'}}],
    [],
  ],
  ['events may not be readable', waiting('ErrImagePull'), refusal(403, 'no'), ['pod istiod-1, container discovery: ErrImagePull']],
])('%s', async (_, pods, events, troubles) => {
  expect(await troublesOf(istiod, cluster(pods, events).kube)).toEqual(troubles)
})

/** Work that takes a number of looks: a fake clock moves only while someone sleeps on it. */
async function ticks(count: number): Promise<string> {
  for (let tick = 0; tick < count; tick++) await Promise.resolve()
  return 'done'
}

test('says what is awaited while the work runs, once for each new reason', async () => {
  const io = cluster(waiting('ImagePullBackOff', 'no such image'))
  expect(await whileWatching(ticks(200), io.kube, istiod, io)).toBe('done')
  expect(io.lines).toEqual(['waiting for istiod: pod istiod-1, container discovery: ImagePullBackOff: no such image'])
})

test('a failure to look never ends the work, and the work decides how it ends', async () => {
  const io = cluster(refusal(403, 'forbidden'))
  expect(await whileWatching(ticks(50), io.kube, istiod, io)).toBe('done')
  await expect(
    whileWatching(
      ticks(5).then(() => Promise.reject(new Error('helm failed'))),
      io.kube,
      istiod,
      io,
    ),
  ).rejects.toThrow('helm failed')
})
