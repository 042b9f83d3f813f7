import {createHash} from 'node:crypto'
import {change} from '../../src/change.ts'
import {inputsFrom} from '../../src/inputs.ts'
import {askedFrom} from '../../src/asking.ts'
import {endingAt, pressed} from '../../src/install/deadline.ts'
import {eventsPath, istiodPodsPath} from '../../src/install/diagnosis.ts'
import {istiodsPath, releasesPath} from '../../src/install/find-install.ts'
import {uninstall} from '../../src/install/uninstall.ts'
import {webhookPaths} from '../../src/install/webhooks-found.ts'
import type {ShellOptions} from '../../src/io/io.ts'
import {stageLog} from '../../src/stages.ts'
import {fakeIo, refusal, type FakeIo} from '../helpers/fake-io.ts'

const target = {kubeconfigPath: '/k', helmVersion: 'v4.2.4', timeoutMs: 300_000}
const overEntry = expect.objectContaining({entry: 'deadline'})

describe('helm may take what is left', () => {
  test.each([
    ['no deadline', Number.POSITIVE_INFINITY, 300_000],
    ['a far deadline', 1_800_000, 300_000],
    ['just enough', 310_000, 300_000],
    ['less than `timeout`', 70_000, 60_000],
    ['little', 20_000, 15_000],
    ['hardly anything', 2_000, 1_500],
  ])('%s', (_, deadline, timeoutMs) => {
    expect(pressed({...target, deadline}, fakeIo())).toMatchObject({timeoutMs})
  })

  test.each([1_300, 0, -60_000])('%d ms are nothing: helm is not begun', (deadline) => {
    expect(() => pressed({...target, deadline}, fakeIo())).toThrow(overEntry)
  })
})

describe('what is at work ends at the deadline', () => {
  test('not before, and with the reason', async () => {
    const io = fakeIo()
    const {io: bounded} = endingAt(10_000, io)
    await io.clock.sleep(9_000)
    expect(bounded.cancelled.aborted).toBe(false)
    await io.clock.sleep(1_000)
    expect([bounded.cancelled.reason, io.cancelled.aborted]).toEqual([overEntry, false])
  })

  test('at once when it is over already; never after `done`; and a cancel comes through', async () => {
    const io = fakeIo()
    expect(endingAt(0, io).io.cancelled.reason).toEqual(overEntry)
    const settled = endingAt(10_000, io)
    settled.done()
    await io.clock.sleep(20_000)
    expect(settled.io.cancelled.aborted).toBe(false)
    const reason = new Error('by the runner')
    io.cancel(reason)
    expect(settled.io.cancelled.reason).toBe(reason)
  })
})

const archive = Buffer.from('helm')
const inputs = (given: Record<string, string> = {}) =>
  inputsFrom({
    HOME: '/root',
    'INPUT_HELM-CHECKSUM': createHash('sha256').update(archive).digest('hex'),
    INPUT_CHARTS: '/charts',
    INPUT_KUBECONFIG: 'apiVersion: v1',
    ...given,
  }).inputs

type Helm = (verb: string, name: string, options: Partial<ShellOptions>, io: FakeIo) => Promise<{code: number | null; stderr?: string}>

/** An empty cluster, and a helm that does as told. */
function world(helm: Helm): FakeIo {
  const io: FakeIo = fakeIo({
    downloads: {[`https://get.helm.sh/helm-${inputs().helmVersion}-linux-amd64.tar.gz`]: archive},
    files: {'/charts/base-1.31.1.tgz': 'base', '/charts/istiod-1.31.1.tgz': 'istiod'},
    shell: ([, verb = '', name = ''], options) => helm(verb, name, options, io),
    kube: {
      ...Object.fromEntries(
        [istiodsPath, releasesPath, istiodPodsPath(''), eventsPath, ...webhookPaths].map((path) => [`GET ${path}`, []]),
      ),
      'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: true}},
      'POST /apis/security.istio.io/v1/namespaces/istio-system/peerauthentications': refusal(400, 'no'),
    },
  })
  return io
}

async function changed(io: FakeIo, deadline: number) {
  const stages = stageLog(io)
  const asked = inputs()
  const done = await change(
    asked,
    [],
    {kube: io.kube, server: '', path: '/temp/kubeconfig'},
    {asked: askedFrom(asked), deadline},
    stages,
    io,
  )
  return {done, stages: stages.all()}
}

test("helm is told to end when the run's deadline comes, though `timeout` is longer; what it had begun counts as a change", async () => {
  const heard: boolean[] = []
  const io = world(async (verb, name, {signal}, {clock}) => {
    if (verb !== 'upgrade' || name !== 'istiod') return {code: 0}
    // A helm that heeds no time-out of its own.
    for (let waited = 0; waited < 600 && !signal?.aborted; waited++) await clock.sleep(1000)
    heard.push(signal?.aborted ?? false)
    return {code: signal?.aborted ? null : 0}
  })
  const {done, stages} = await changed(io, 120_000)
  const timeouts = io.commands.filter(([, verb]) => verb === 'upgrade').map((command) => command[command.indexOf('--timeout') + 1])
  expect(timeouts).toEqual(['110s', '110s'])
  expect(heard).toEqual([true])
  expect(stages.find(({name}) => name === 'install')).toMatchObject({status: 'failed', entry: 'deadline', changed: true})
  expect(io.clock.ticks()).toBeLessThan(125_000)
  expect(done.changedAt).not.toBeNull()
})

test.each<[string, Helm, boolean]>([
  ['half-way, after base was installed', async (verb, name) => ({code: verb === 'upgrade' && name === 'istiod' ? 1 : 0}), true],
  ['in its very first change', async (verb) => ({code: verb === 'upgrade' ? 1 : 0}), true],
])('an install that fails %s has changed the cluster, for the report and for what must settle', async (_, helm, is) => {
  const {done, stages} = await changed(world(helm), Number.POSITIVE_INFINITY)
  expect(stages.find(({name}) => name === 'install')).toMatchObject({status: 'failed', changed: is})
  expect(done.changedAt !== null).toBe(is)
})

test('a run that is refused before its first change has changed nothing', async () => {
  const io = world(async () => ({code: 0}))
  const foreign = fakeIo({
    kube: {
      'GET /api/v1/namespaces/istio-system': {metadata: {name: 'istio-system'}},
      ...Object.fromEntries([releasesPath, ...webhookPaths].map((path) => [`GET ${path}`, []])),
      [`GET ${istiodsPath}`]: [{metadata: {name: 'istiod', namespace: 'istio-system', labels: {'istio.io/rev': 'default'}}}],
    },
  })
  const {done, stages} = await changed({...io, kube: foreign.kube}, Number.POSITIVE_INFINITY)
  expect(stages.find(({status}) => status === 'failed')).toMatchObject({changed: false, entry: 'foreign-installation'})
  expect(done.changedAt).toBeNull()
})

test('an uninstall presses helm, too', async () => {
  const mark = {'istio-mtls/version': '1.31.1'}
  const io = world(async () => ({code: 1, stderr: 'Error: no'}))
  const release = {metadata: {name: 'r', namespace: 'istio-system', labels: {name: 'istiod', status: 'deployed', version: '1', ...mark}}}
  const get = io.kube.list
  const list: typeof get = async (path, project) =>
    path.includes('owner%3Dhelm') ? [release].map(project as never) : get(path, project).catch(() => [])
  const kube = {...io.kube, list, probe: io.kube.probe}
  const site = {kube, kubeconfigPath: '/k', letGo: async () => {}, deadline: 30_000}
  await expect(uninstall(inputs({INPUT_MODE: 'uninstall'}), site, io)).rejects.toThrow(/could not uninstall release/)
  const [command = []] = io.commands.filter(([, verb]) => verb === 'uninstall')
  expect(command[command.indexOf('--timeout') + 1]).toBe('23s')
})
