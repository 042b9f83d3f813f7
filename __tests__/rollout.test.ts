import {read} from '../src/model/part.ts'
import type {Traffic} from '../src/model/traffic.ts'
import {guardedRollout, type RolloutOptions, watchCallers} from '../src/rollout.ts'
import type {Trial} from '../src/enforce/trial.ts'
import {asked, plainPod, snapshot} from './derive/builders.ts'
import {fakeIo, refusal, type Script} from './helpers/fake-io.ts'

const options: RolloutOptions = {asked, clusterName: '', patienceMs: 300_000, deadline: 1_800_000}
const till = plainPod({namespace: 'legacy', name: 'till-1', uid: 'u1', workload: {kind: 'Deployment', name: 'till'}})
const pathOf = (namespace: string) => `/apis/security.istio.io/v1/namespaces/${namespace}/peerauthentications/default`
const trialIn = (namespace: string): Trial => ({
  ...{namespace, name: 'default', uid: `u-${namespace}`, resourceVersion: '1', former: {was: 'created'}},
})
const changing = (io: ReturnType<typeof fakeIo>) =>
  io.requests.filter(({method}) => method !== 'GET').map(({method, path}) => `${method} ${path.split('/')[5]}`)
const cluster = (kube: Script['kube'] = {}) => fakeIo({kube: {'GET /api/v1/pods': [], ...kube}})
const rolloutOn = (io: ReturnType<typeof fakeIo>) => guardedRollout(options, io.kube, io)

test('one trial that cannot be given back keeps no other one STRICT, and is named', async () => {
  const io = cluster({[`DELETE ${pathOf('a')}`]: refusal(409, 'uid differs'), [`DELETE ${pathOf('b')}`]: {}})
  const failure = await rolloutOn(io)
    .watch([trialIn('a'), trialIn('b')])
    .catch((thrown) => thrown)
  expect(changing(io)).toEqual(['DELETE a', 'DELETE b'])
  expect(failure.message).toContain(
    'The former state of PeerAuthentication `b/default` is back. STILL STRICT on trial: PeerAuthentication `a/default`',
  )
  expect(io.states['on-trial']).toBe('["a/default"]')
})

test('after the Lease was lost nothing is given back, neither by the watch nor after it', async () => {
  const io = cluster()
  const changes = {begun: () => 0, begin: lost}
  const rollout = guardedRollout(options, io.kube, {...io, changes})
  await expect(rollout.watch([trialIn('a')])).rejects.toThrow(/could not be taken back.*lost its Lease/)
  await rollout.abandon([trialIn('a')])
  const other = guardedRollout(options, io.kube, {...io, changes})
  await other.abandon([trialIn('a')])
  expect(changing(io)).toEqual([])
  expect(io.annotations.at(-1)?.message).toContain('STILL STRICT on trial')
})

function lost(): never {
  throw new Error('this run lost its Lease')
}

test('what a failed enforce gave back is on trial no more, so `post` does not say it is', () => {
  const io = cluster()
  io.runner.saveState('on-trial', '["a/default"]')
  rolloutOn(io).failed?.([])
  expect(io.states['on-trial']).toBe('[]')
})

test('a watch that the deadline would cut short has seen nothing, and leaves time to give back', async () => {
  const io = cluster()
  const late = {...options, deadline: 40_000}
  await expect(watchCallers(snapshot({pods: read([till])}), 60_000, late, io.kube, io)).rejects.toThrow('`deadline` left 25 s of the 60 s')
  expect(io.clock.ticks()).toBeLessThanOrEqual(25_000)
})

test('access logs that were never read are no witness that nobody was refused', async () => {
  const traffic: Traffic = {calls: [], read: ['shop/cart-1'], unread: [], windowSeconds: 3600, until: ''}
  const before = snapshot({pods: read([till]), traffic: read(traffic)})
  const io = cluster({'PROBE /api/v1/namespaces/shop/pods/cart-1/log': {status: 503, headers: {}, body: ''}})
  await expect(watchCallers(before, 10_000, options, io.kube, io)).rejects.toThrow('the access logs could not be read once')
})

test('a caller that fell sick at the last look is looked at once more', async () => {
  const pod = (ready: boolean) => ({
    metadata: {namespace: 'legacy', name: 'till-1', uid: 'u1'},
    spec: {containers: []},
    status: {phase: 'Running', conditions: [{type: 'Ready', status: ready ? 'True' : 'False'}]},
  })
  const io = cluster({'GET /api/v1/pods': () => [pod(io.clock.ticks() < 10_000)]})
  const {broken} = await watchCallers(snapshot({pods: read([till])}), 10_000, options, io.kube, io)
  expect(broken).toMatchObject([{how: 'a pod of it lost its readiness'}])
})

test.each<[string, 'pods' | 'log', number, RegExp | null]>([
  ['pods that could not be read any more', 'pods', 2, /the pods could not be read the last \d+ times/],
  ['logs that could not be read any more', 'log', 2, /the access logs could not be read the last \d+ times/],
  ['all of them read to the end', 'pods', 99, null],
])('one look at the beginning is no witness of the end: %s', async (_, what, good, says) => {
  let [pods, log] = [0, 0]
  const traffic: Traffic = {calls: [], read: ['shop/cart-1'], unread: [], windowSeconds: 3600, until: ''}
  const before = snapshot({pods: read([till]), traffic: read(traffic)})
  const io = cluster({
    'GET /api/v1/pods': () => (what === 'pods' && ++pods > good ? refusal(403, 'no more') : []),
    'PROBE /api/v1/namespaces/shop/pods/cart-1/log?container=istio-proxy&sinceSeconds=3600&tailLines=3000': () => ({
      status: what === 'log' && ++log > good ? 503 : 200,
      headers: {},
      body: '',
    }),
  })
  const watched = watchCallers(before, 20_000, options, io.kube, io)
  if (says === null) expect((await watched).broken).toEqual([])
  else await expect(watched).rejects.toThrow(says)
})
