import {Failure, KubeFailure} from '../src/model/failure.ts'
import {seconds, stageLog} from '../src/stages.ts'
import {fakeIo} from './helpers/fake-io.ts'

const outcome = {changed: true, says: 'installed', steps: [], notes: []}

test('stages are recorded in order, with what they changed and how long they took', async () => {
  const io = fakeIo()
  const stages = stageLog(io)
  await stages.change('install', async () => {
    await io.clock.sleep(1500)
    return outcome
  })
  expect(
    await stages.look(
      'observe',
      async () => 7,
      (value) => `${value} pods`,
    ),
  ).toBe(7)
  expect(stages.all().map(({name, status, ms, changed, says}) => [name, status, ms, changed, says])).toEqual([
    ['install', 'done', 1500, true, 'installed'],
    ['observe', 'done', 0, false, '7 pods'],
  ])
})

test('after a failure later changes are skipped and looking is not', async () => {
  const io = fakeIo()
  const stages = stageLog(io)
  const failure = new Failure('No entry of `charts` answers.', {cure: 'Name a mirror.', entry: 'charts-unreachable'})
  expect(await stages.change('install', async () => Promise.reject(failure))).toBeNull()
  expect(await stages.change('enforce', async () => outcome)).toBeNull()
  expect(
    await stages.look(
      'observe',
      async () => 'seen',
      (value) => value,
    ),
  ).toBe('seen')
  expect(stages.all().map(({name, status, cure, entry}) => [name, status, cure, entry])).toEqual([
    ['install', 'failed', 'Name a mirror.', 'charts-unreachable'],
    ['enforce', 'skipped', '', ''],
    ['observe', 'done', '', ''],
  ])
  expect(io.annotations).toEqual([
    {level: 'error', message: 'No entry of `charts` answers.\nName a mirror.', title: 'istio-mtls: install failed'},
  ])
})

test('a cancelled run begins no further change, and still looks', async () => {
  const io = fakeIo()
  const stages = stageLog(io)
  io.cancel(new Error('The run was cancelled.'))
  let began = false
  await stages.change('enforce', async () => {
    began = true
    return outcome
  })
  await stages.look(
    'observe',
    async () => 'seen',
    (value) => value,
  )
  expect(began).toBe(false)
  expect(stages.all().map(({name, status, says}) => [name, status, says])).toEqual([
    ['enforce', 'failed', 'The run was cancelled.'],
    ['observe', 'done', 'seen'],
  ])
})

test.each([
  ['before the first change', 0, false],
  ['half-way', 2, true],
])('a stage that fails %s says whether the cluster was altered', async (_, begun, changed) => {
  const io = fakeIo()
  const stages = stageLog(io)
  await stages.change('install', async () => {
    for (let count = 0; count < begun; count++) io.changes.begin()
    throw new Error('boom')
  })
  expect(stages.all()[0]).toMatchObject({status: 'failed', changed, says: 'boom', entry: 'unexpected'})
})

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1.0 s'],
  [65_432, '65.4 s'],
])('%s ms read as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text)
})

test.each<[number, string, string]>([
  [409, 'changed-meanwhile', 'run again'],
  [404, 'changed-meanwhile', 'run again'],
  [403, 'permission', 'Grant'],
  [401, 'credentials', 'Renew'],
  [503, 'api-server-failing', 'API server'],
  [0, 'api-server-failing', 'API server'],
])('what the API server answers with %i anywhere in a stage has the cure of its own kind: %s', async (status, entry, cure) => {
  const stages = stageLog(fakeIo())
  const failure = new KubeFailure('said no', {status, reason: '', path: '/api/v1/namespaces/shop'})
  await stages.change('enforce', async () => Promise.reject(failure))
  expect(stages.all()).toMatchObject([{entry, cure: expect.stringContaining(cure)}])
})
