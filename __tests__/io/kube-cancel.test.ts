import {kubeOver} from '../../src/io/kube.ts'
import type {KubeAnswer, Transport} from '../../src/io/kube-transport.ts'
import {fakeIo} from '../helpers/fake-io.ts'

/** An API server that gives these answers in turn, the last for ever; 'hangs' until it is hung up on. */
function over(answers: (Partial<KubeAnswer> | 'hangs')[], onSend: () => void = () => {}) {
  const io = fakeIo()
  let sent = 0
  const transport: Partial<Transport> = {
    server: 'https://api',
    renew: () => false,
    async send(_, signal) {
      const answer = answers[Math.min(sent++, answers.length - 1)]
      onSend()
      if (answer !== 'hangs') return {status: 200, headers: {}, body: '{}', ...answer}
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), {once: true})
        if (signal.aborted) reject(signal.reason)
      })
    },
  }
  const patience = {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: () => {}, cancelled: io.cancelled, lastWordsMs: 1}
  return {kube: kubeOver(transport as Transport, patience), io, sent: () => sent}
}
const slowDown = {status: 429, headers: {'retry-after': '30'}, body: '{"kind":"Status","message":"slow down"}'}

test('an answer that does not come is not waited for once the run is cancelled', async () => {
  const {kube, io} = over(['hangs'])
  const answer = kube.get('/version')
  io.cancel()
  await expect(answer).rejects.toMatchObject({
    status: 0,
    message: expect.stringContaining('the run was cancelled, and no answer came soon'),
  })
})

test('nor is one that was asked for after the cancel', async () => {
  const {kube, io, sent} = over(['hangs'])
  io.cancel()
  await expect(kube.get('/version')).rejects.toMatchObject({reason: 'CANCELLED'})
  expect(sent()).toBe(1)
})

test('half a minute that a server asks for is not waited for after a cancel: the last writes go out at once, or fail in time', async () => {
  const {kube, io, sent} = over([slowDown, slowDown, {}])
  io.cancel()
  await expect(kube.get('/version')).resolves.toEqual({})
  expect([sent(), io.clock.ticks()]).toEqual([3, 500])
  const never = over([slowDown])
  never.io.cancel()
  await expect(never.kube.get('/version')).rejects.toMatchObject({status: 429})
  expect([never.sent(), never.io.clock.ticks()]).toEqual([5, 1000])
})

test('without a cancel it is', async () => {
  const {kube, io} = over([slowDown, {}])
  await kube.get('/version')
  expect(io.clock.ticks()).toBe(30_000)
})

test('a cancel in the middle of that wait ends it', async () => {
  const {kube, io, sent} = over([slowDown, {}])
  const {sleep} = io.clock
  io.clock.sleep = async (ms, signal) => {
    if (ms > 1000) io.cancel()
    return sleep(ms, signal)
  }
  await expect(kube.get('/version')).resolves.toEqual({})
  expect(sent()).toBe(2)
  expect(io.clock.ticks()).toBeLessThan(1000)
})
