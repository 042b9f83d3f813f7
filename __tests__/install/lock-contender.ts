import {setTimeout as wait} from 'node:timers/promises'
import type {KubeObject} from '../../src/io/io.ts'
import {takeLock} from '../../src/install/lock.ts'
import {liveIo} from '../../src/io/live.ts'

// One of several processes that want the same cluster: takes the Lease, adds one to a counter without any guard of its own, and lets go.

const path = '/api/v1/namespaces/default/configmaps/counter'
const io = liveIo()
const kube = await io.connect({kubeconfig: process.env['CONTENDER_KUBECONFIG'] ?? '', context: '', insecureSkipTlsVerify: false})
const wish = {runUrl: `https://github.test/runs/${process.pid}`, timeoutMs: 120_000, helmTimeoutMs: 60_000, insecureSkipTlsVerify: false}
const lock = await takeLock({...wish, mayCreate: true, roots: async () => [], preflight: async () => {}}, kube, io)
try {
  const {data} = (await kube.get(path)) as KubeObject & {data: {count: string; inside: string}}
  if (data.inside !== '') throw new Error(`${data.inside} is inside, too`)
  lock.io.changes.begin()
  await kube.patch(path, {data: {inside: String(process.pid)}}, {fieldManager: 'test'})
  await wait(Number(process.env['CONTENDER_WORK_MS']))
  lock.io.changes.begin()
  await kube.patch(path, {data: {inside: '', count: String(Number(data.count) + 1)}}, {fieldManager: 'test'})
} finally {
  // A dead holder lets nobody know.
  if (process.env['CONTENDER_DIES'] === 'true') process.kill(process.pid, 'SIGKILL')
  await lock.release()
  kube.close()
}
