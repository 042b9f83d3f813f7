import {expect, test} from '@jest/globals'
import type {Dial, Kube} from '../../src/io/io.ts'
import {askThrough, outOfTime} from '../../src/observe/ask.ts'
import {askByWire} from '../../src/observe/ask-by-wire.ts'
import {callMesh} from '../../src/observe/mesh-calls.ts'
import {fakeIo} from '../helpers/fake-io.ts'

// A path that hangs must not outlast the run: no attempt waits past the deadline, and none begins after it.

const target = {namespace: 'shop', pod: 'orders-1', address: '10.0.0.1', port: 8080, strict: true}

test.each([
  ['tls', 60_000, 15_000],
  ['tls', 4000, 4000],
  ['plain', 60_000, 35_000],
  ['plain', 4000, 4000],
] as const)('through the API server, %s with %i ms left waits %i ms', async (scheme, left, waits) => {
  const waited: number[] = []
  const probe: Kube['probe'] = async (_path, {timeoutMs}) => {
    waited.push(timeoutMs)
    throw new Error(`no answer within ${timeoutMs / 1000} s`)
  }
  await askThrough({probe} as Kube, () => left)(target, scheme)
  expect(waited).toEqual([waits])
})

test.each(['tls', 'plain'] as const)('by wire, %s with 4,000 ms left waits no longer for the connection', async (scheme) => {
  const waited: number[] = []
  const dial: Dial = async (_address, _port, {timeoutMs}) => {
    waited.push(timeoutMs)
    return {unreached: 'no answer'}
  }
  await askByWire(
    dial,
    fakeIo().wire,
    () => ({uris: [], notAfter: '', doubt: ''}),
    () => 4000,
  )(target, scheme)
  expect(waited).toEqual([4000])
})

test('past the deadline nothing is sent, and nothing is concluded', async () => {
  const never = async () => {
    throw new Error('was asked')
  }
  const asks = [askThrough({probe: never} as unknown as Kube, () => 0), askByWire(never, fakeIo().wire, never as never, () => 0)]
  for (const ask of asks) expect(await ask(target, 'plain')).toEqual(outOfTime)
  const call = {namespace: 'shop', service: 'orders', address: '10.96.0.1', servicePort: 80, pods: []}
  const io = fakeIo()
  expect(await callMesh([call], never, io, {concurrency: 1, deadline: io.clock.ticks()})).toMatchObject([
    {answered: false, detail: outOfTime.detail},
  ])
})
