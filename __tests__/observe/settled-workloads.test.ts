import type {KubeObject} from '../../src/io/io.ts'
import type {Asked} from '../../src/model/snapshot.ts'
import {readerOf} from '../../src/observe/reads.ts'
import {readSettledWorkloads} from '../../src/observe/settled-workloads.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const asked = {scope: {namespaces: ['*'], exclude: ['kube-*']}} as unknown as Asked
const pod = (namespace: string, leaving: boolean, annotations: Record<string, string> = {}, containers: string[] = ['app']): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: 'till-1', namespace, annotations, ...(leaving ? {deletionTimestamp: '2026-11-22T18:00:30Z'} : {})},
    spec: {containers: containers.map((name) => ({name}))},
    status: {phase: 'Running', podIP: '10.0.0.9'},
  }) as unknown as KubeObject

/** Lists `early` for the first `rounds` readings, nothing afterwards; answers how often pods were read and what was left. */
async function looked(early: KubeObject, rounds: number): Promise<{times: number; left: number; said: string}> {
  let times = 0
  const none = () => []
  const io = fakeIo({
    kube: {
      'GET /api/v1/pods': () => (++times <= rounds ? [early] : []),
      ...Object.fromEntries(
        ['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map((kind) => [`GET /apis/apps/v1/${kind}`, none]),
      ),
      'GET /apis/batch/v1/jobs': none,
      'GET /apis/batch/v1/cronjobs': none,
    },
  })
  const deadline = io.clock.ticks() + 600_000
  const {pods} = await readSettledWorkloads(asked, deadline, readerOf(io.kube, io, deadline), io)
  return {times, left: pods.read ? pods.value.length : -1, said: io.lines.join('\n')}
}

test('a pod without a proxy that is on its way out is waited for, and the log says so', async () => {
  expect(await looked(pod('legacy', true), 3)).toEqual({
    times: 4,
    left: 0,
    said: 'waiting for 1 pods without a proxy to end, such as legacy/till-1',
  })
})

test('one that never ends is judged after 35 seconds, not waited for for ever', async () => {
  const {times, left} = await looked(pod('legacy', true), Number.POSITIVE_INFINITY)
  // 1 + 2 + 4 + 5 + 5 + 5 + 5 + 5 = 32 s of pauses; a ninth would pass 35 s.
  expect([times, left]).toEqual([9, 1])
})

test.each([
  ['one that stays', pod('legacy', false)],
  ['one outside the scope', pod('kube-system', true)],
  ['one with a sidecar', pod('shop', true, {'sidecar.istio.io/status': '{}'}, ['app', 'istio-proxy'])],
])('%s is not waited for', async (_, early) => {
  expect((await looked(early, Number.POSITIVE_INFINITY)).times).toBe(1)
})
