import {createHash} from 'node:crypto'
import {inputsFrom} from '../../src/inputs.ts'
import {eventsPath, istiodPodsPath} from '../../src/install/diagnosis.ts'
import {istiodsPath, releasesPath, supersededPath} from '../../src/install/find-install.ts'
import {install} from '../../src/install/install.ts'
import type {Inputs} from '../../src/model/inputs.ts'
import {type FakeIo, fakeIo, refusal, type Script} from '../helpers/fake-io.ts'
import {webhookPaths} from '../../src/install/webhooks-found.ts'

const helmArchive = Buffer.from('helm')
const {inputs} = inputsFrom({
  HOME: '/root',
  'INPUT_HELM-CHECKSUM': createHash('sha256').update(helmArchive).digest('hex'),
  INPUT_VALUES: 'resources: {}',
})
const [oci = '', https = ''] = inputs.charts

interface World {
  kube?: Script['kube']
  /** Entries of `charts` that answer, and the text that stands for a chart's archive there. */
  charts?: Record<string, string>
  helm?: (verb: string, command: string[]) => {code: number | null; stderr?: string; signal?: string}
}

/** A cluster without Istio, a helm that can be had, and charts that answer, unless told otherwise. */
function world({kube = {}, charts = {[oci]: 'archive'}, helm = () => ({code: 0})}: World = {}): FakeIo {
  const io = fakeIo({
    downloads: {[`https://get.helm.sh/helm-${inputs.helmVersion}-linux-amd64.tar.gz`]: helmArchive},
    shell: (command) => {
      const [, verb = '', first = ''] = command
      if (verb !== 'pull') return helm(verb, command)
      const entry = command.includes('--repo') ? (command[command.indexOf('--repo') + 1] ?? '') : first.slice(0, first.lastIndexOf('/'))
      if (charts[entry] === undefined) return {code: 1, stderr: 'Error: no route to host'}
      io.disk.set(`${command.at(-1)}/chart.tgz`, Buffer.from(charts[entry]))
      return {code: 0}
    },
    kube: {
      'GET /version': {},
      [`GET ${istiodsPath}`]: [],
      [`GET ${releasesPath}`]: [],
      [`GET ${supersededPath}`]: [],
      ...Object.fromEntries(webhookPaths.map((path) => [`GET ${path}`, []])),
      'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: true}},
      'POST /apis/security.istio.io/v1/namespaces/istio-system/peerauthentications': refusal(
        400,
        'admission webhook "rev.validation.istio.io" denied the request: rejecting',
      ),
      [`GET ${istiodPodsPath('')}`]: [],
      [`GET ${eventsPath}`]: [],
      ...kube,
    },
  })
  return io
}
const run = (io: FakeIo, more: Partial<Inputs> = {}) => install({...inputs, ...more}, io.kube, '/temp/kubeconfig', io)
const helmCalls = (io: FakeIo) => io.commands.filter(([, verb]) => verb !== 'pull').map(([, verb, name]) => `${verb} ${name}`)
const labelsOf = (command: string[] = []) =>
  Object.fromEntries((command[command.indexOf('--labels') + 1] ?? '').split(',').map((pair) => pair.split('=')))

/** The cluster that a run of ours leaves behind, as the API server shows it. */
async function afterFirstRun(): Promise<NonNullable<Script['kube']>> {
  const io = world()
  await run(io)
  const owner = (release: string) => ({'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'istio-system'})
  const upgrades = io.commands.filter(([, verb]) => verb === 'upgrade')
  return {
    [`GET ${releasesPath}`]: upgrades.map((command) => ({
      metadata: {
        name: `sh.helm.release.v1.${command[2]}.v1`,
        creationTimestamp: '2026-11-22T17:00:00Z',
        labels: {...labelsOf(command), name: command[2], status: 'deployed', version: '1'},
      },
    })),
    [`GET ${istiodsPath}`]: [
      {
        metadata: {name: 'istiod', namespace: 'istio-system', labels: {'istio.io/rev': 'default'}, annotations: owner('istiod')},
        spec: {template: {spec: {containers: [{name: 'discovery', image: 'docker.io/istio/pilot:1.31.1-distroless'}]}}},
      },
    ],
    'GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/peerauthentications.security.istio.io': {
      metadata: {name: 'peerauthentications.security.istio.io', annotations: owner('istio-base')},
    },
    [`GET ${webhookPaths[0]}`]: [{metadata: {name: 'istio-sidecar-injector'}}],
    [`GET ${webhookPaths[1]}`]: [{metadata: {name: 'istio-validator-istio-system'}}, {metadata: {name: 'istiod-default-validator'}}],
  }
}

test('installs base, then istiod, then waits for the webhook, and times each step', async () => {
  const io = world()
  const outcome = await run(io)
  expect(helmCalls(io)).toEqual(['upgrade istio-base', 'upgrade istiod'])
  expect(outcome.steps.map(({name}) => name)).toEqual(['preflight', 'download helm', 'download charts', 'base', 'istiod', 'webhook'])
  expect(outcome).toMatchObject({changed: true, istioVersion: '1.31.1', says: 'Istio 1.31.1: istio-base installed, istiod installed'})
  const digest = io.files.sha256(Buffer.from('archive'))
  expect(outcome.chartDigests).toEqual({base: digest, istiod: digest})
  expect(outcome.notes).toEqual(['base', 'istiod'].map((name) => `Chart \`${name}\` 1.31.1 from \`${oci}\`, \`sha256:${digest}\``))
})

test("hands the user's values to helm in a private file of their own, after ours", async () => {
  const io = world()
  await run(io)
  const istiod = io.commands.find(([, verb, name]) => verb === 'upgrade' && name === 'istiod') ?? []
  const files = istiod.filter((_, at) => istiod[at - 1] === '--values').map((path) => Buffer.from(io.disk.get(path) ?? '').toString())
  expect(files).toEqual([expect.stringContaining('hub: docker.io/istio'), 'resources: {}'])
  expect(istiod.join(' ')).not.toContain('resources')
})

test('a second run changes nothing and calls helm for nothing but the charts', async () => {
  const io = world({kube: await afterFirstRun()})
  expect(await run(io)).toMatchObject({changed: false, says: 'Istio 1.31.1 is installed already, nothing changed'})
  expect(helmCalls(io)).toEqual([])
})

test('an injector that an uninstall took before it was killed comes back, though helm believes it is there', async () => {
  const io = world({kube: {...(await afterFirstRun()), [`GET ${webhookPaths[0]}`]: []}})
  expect(await run(io)).toMatchObject({changed: true, says: 'Istio 1.31.1: istiod upgraded'})
  expect(helmCalls(io)).toEqual(['upgrade istiod'])
})

test.each<[string, Partial<Inputs>, string[]]>([
  ['a newer version', {istioVersion: '1.31.2'}, ['upgrade istio-base', 'upgrade istiod']],
  ['other values', {values: 'resources: {limits: {cpu: 1}}'}, ['upgrade istiod']],
  ['another hub', {hub: 'mirror.test/istio'}, ['upgrade istiod']],
])('%s: only what differs is upgraded', async (_, more, calls) => {
  const io = world({kube: await afterFirstRun()})
  expect(await run(io, more)).toMatchObject({changed: true})
  expect(helmCalls(io)).toEqual(calls)
})

test('a settled cluster stays green while no chart server answers, an unsettled one does not', async () => {
  const kube = await afterFirstRun()
  const quiet = await run(world({kube, charts: {}}))
  expect(quiet.changed).toBe(false)
  expect(quiet.notes.at(-1)).toContain('from the last run, for no entry of `charts` answers, `sha256:')
  await expect(run(world({kube, charts: {}}), {istioVersion: '1.31.2'})).rejects.toMatchObject({entry: 'charts-unreachable'})
})

test('a fallback entry must hold the chart that was installed before', async () => {
  const kube = await afterFirstRun()
  expect(await run(world({kube, charts: {[https]: 'archive'}}))).toMatchObject({changed: false})
  const io = world({kube, charts: {[https]: 'another archive'}})
  await expect(run(io)).rejects.toMatchObject({entry: 'chart-digest'})
  expect(helmCalls(io)).toEqual([])
})

test('a release left pending by a killed run is repaired before the upgrade', async () => {
  const kube = await afterFirstRun()
  const releases = kube[`GET ${releasesPath}`] as {metadata: {labels: Record<string, string>}}[]
  const istiod = releases.find(({metadata}) => metadata.labels['name'] === 'istiod') as (typeof releases)[number]
  const killed = structuredClone(istiod)
  Object.assign(killed.metadata.labels, {status: 'pending-upgrade', version: '2'})
  const io = world({kube: {...kube, [`GET ${releasesPath}`]: [...releases, killed]}})
  expect(await run(io)).toMatchObject({changed: true})
  expect(helmCalls(io)).toEqual(['rollback istiod', 'upgrade istiod'])
  expect(io.commands.find(([, verb]) => verb === 'rollback')?.[3]).toBe('1')
  expect(labelsOf(io.commands.at(-1))['istio-mtls/helm-revision']).toBe('4')
  // Before the rollback it is noted as ours, afterwards the note is taken off.
  expect(io.requests.filter(({method}) => method === 'PATCH').map(({body}) => body)).toEqual([
    {metadata: {annotations: {'istio-mtls/repairing': '{"istiod":3}'}}},
    {metadata: {annotations: {'istio-mtls/repairing': null}}},
  ])

  const record = '/api/v1/namespaces/istio-system/secrets/sh.helm.release.v1.istiod.v2'
  const lone = (status: string) =>
    world({
      kube: {
        ...kube,
        [`GET ${releasesPath}`]: releases.map((each) => (each === istiod ? killed : each)),
        [`GET ${record}`]: {metadata: {name: 'r', uid: 'u', resourceVersion: '9', labels: {...killed.metadata.labels, status}}},
      },
    })
  const alone = lone('pending-upgrade')
  expect(await run(alone)).toMatchObject({changed: true})
  expect(helmCalls(alone)).toEqual(['upgrade istiod'])
  expect(alone.requests.find(({method}) => method === 'DELETE')).toMatchObject({path: record, options: {uid: 'u', resourceVersion: '9'}})
  expect(labelsOf(alone.commands.at(-1))['istio-mtls/helm-revision']).toBe('1')

  // A helm that lived on has brought it about meanwhile: that record stays.
  const ended = lone('deployed')
  await expect(run(ended)).rejects.toMatchObject({entry: 'release-pending'})
  expect(ended.requests.filter(({method}) => method === 'DELETE')).toEqual([])
})

test.each<[string, {code: number | null; stderr?: string; signal?: string}, string[]]>([
  [
    'refuses: its record is failed, and the upgrade goes on',
    {code: 1, stderr: 'Error: conflict with "pilot-discovery"'},
    ['rollback istiod', 'upgrade istiod'],
  ],
  ['is killed: so is the run', {code: null, signal: 'SIGKILL'}, ['rollback istiod']],
])('a rollback that %s', async (_, answer, calls) => {
  const kube = await afterFirstRun()
  const releases = kube[`GET ${releasesPath}`] as {metadata: {labels: Record<string, string>}}[]
  const killed = structuredClone(releases.find(({metadata}) => metadata.labels['name'] === 'istiod') as (typeof releases)[number])
  Object.assign(killed.metadata.labels, {status: 'pending-upgrade', version: '2'})
  const io = world({
    kube: {...kube, [`GET ${releasesPath}`]: [...releases, killed]},
    helm: (verb) => (verb === 'rollback' ? answer : {code: 0}),
  })
  await run(io).catch(({message}) => expect(message).toContain('ended by SIGKILL'))
  expect(helmCalls(io)).toEqual(calls)
})

test("a failure carries the pods' own reason, and what was done stays done", async () => {
  const io = world({
    helm: (_, command) => (command[2] === 'istiod' ? {code: 1, stderr: 'Error: context deadline exceeded'} : {code: 0}),
    kube: {
      [`GET ${istiodPodsPath('')}`]: [
        {
          metadata: {name: 'istiod-1'},
          status: {containerStatuses: [{name: 'discovery', state: {waiting: {reason: 'ImagePullBackOff', message: 'no such host'}}}]},
        },
      ],
    },
  })
  await expect(run(io, {hub: 'nowhere.test/istio'})).rejects.toMatchObject({
    entry: 'image-pull',
    message: expect.stringMatching(/release `istiod`.*ImagePullBackOff: no such host/),
    cure: expect.stringContaining('nowhere.test/istio'),
  })
})

test('helm is on record for `post` while it runs, and off it afterwards', async () => {
  const during: string[] = []
  const io: FakeIo = world({
    helm: () => {
      during.push(io.states['helm-child'] ?? '')
      return {code: 0}
    },
  })
  await run(io)
  expect(during).toEqual(Array(2).fill('{"pid":4242,"startTime":"1000"}'))
  expect(io.states['helm-child']).toBe('')
})

test('install: never downloads nothing and changes nothing', async () => {
  const io = world({kube: await afterFirstRun()})
  expect(await run(io, {install: 'never'})).toMatchObject({changed: false, istioVersion: '1.31.1', helmPath: ''})
  expect(io.commands).toEqual([])
})

test('a foreign installation is refused before anything is downloaded', async () => {
  const kube = await afterFirstRun()
  const io = world({kube: {...kube, [`GET ${releasesPath}`]: []}})
  await expect(run(io)).rejects.toMatchObject({entry: 'foreign-installation'})
  expect(io.commands).toEqual([])
})
