import {execFileSync} from 'node:child_process'
import {enforce} from '../../src/enforce/enforce.ts'
import {install} from '../../src/install/install.ts'
import {askWebhook} from '../../src/install/webhook.ts'
import {rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {type OnBed, onBed} from './on-bed.ts'

// One cluster through its whole life, in order: each test begins with what the one before left.

let bed: Bed
let on: OnBed

beforeAll(async () => {
  bed = await up({bed: 6})
  await reset(bed)
  on = await onBed(bed)
}, 300_000)

afterAll(async () => {
  on?.close()
  await down({bed: bed.number})
}, 120_000)

const run = (given: Record<string, string> = {}) => install(on.inputs(given), on.kube, on.kubeconfigPath, on.io)
const rule = (given: Record<string, string> = {}) => enforce(on.inputs(given), on.kube, rulingMeshes, on.io)
const kubectl = (...args: string[]) =>
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'}).trim()
const helm = (...args: string[]) =>
  execFileSync(`${bed.bin}/helm`, ['--kubeconfig', bed.kubeconfig, '--namespace', 'istio-system', ...args], {
    encoding: 'utf8',
    env: {...process.env, SSL_CERT_FILE: bed.caFile},
  })
const revisions = () =>
  JSON.parse(helm('list', '--output', 'json')).map(({name, revision}: {name: string; revision: string}) => `${name} ${revision}`)
const everything = () =>
  kubectl(
    'get',
    'all,secrets,configmaps,peerauthentications',
    '-n',
    'istio-system',
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation} {.metadata.labels.version}{"\\n"}{end}',
  )
const image = () => kubectl('-n', 'istio-system', 'get', 'deployment', 'istiod', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')

test('an empty cluster gets base and istiod, and a webhook that answers', async () => {
  const outcome = await run({'istio-version': '1.31.0'})
  expect(outcome).toMatchObject({changed: true, istioVersion: '1.31.0'})
  expect(revisions()).toEqual(['istio-base 1', 'istiod 1'])
  expect(await askWebhook(on.kube, '')).toMatchObject({denied: true})
  expect(await askWebhook(on.kube, 'canary')).toMatchObject({denied: false, message: expect.stringContaining('default revision')})
}, 180_000)

test('the mesh is set to STRICT, by an object under our own field manager', async () => {
  expect(await rule()).toMatchObject({changed: true})
  expect(
    kubectl(
      '-n',
      'istio-system',
      'get',
      'peerauthentication',
      'default',
      '-o',
      'jsonpath={.spec.mtls.mode} {.metadata.managedFields[*].manager}',
    ),
  ).toBe('STRICT istio-mtls-action')
}, 60_000)

test('a second run changes nothing at all', async () => {
  const before = everything()
  expect(await run({'istio-version': '1.31.0'})).toMatchObject({changed: false})
  expect(await rule()).toMatchObject({changed: false})
  expect(revisions()).toEqual(['istio-base 1', 'istiod 1'])
  expect(everything()).toBe(before)
}, 120_000)

test('an upgrade takes its charts from the next entry when the first is down', async () => {
  const outcome = await run({'istio-version': '1.31.1', charts: `oci://${bed.nodeIp}:1/charts, ${bed.charts.http}`})
  expect(outcome).toMatchObject({changed: true, istioVersion: '1.31.1'})
  expect(outcome.notes.join('\n')).toMatch(/No charts from `oci:\/\/[^`]*:1\/charts`.*connection refused/)
  expect(revisions()).toEqual(['istio-base 2', 'istiod 2'])
  expect(image()).toContain('1.31.1')
}, 180_000)

test('a downgrade is refused and changes nothing', async () => {
  await expect(run({'istio-version': '1.31.0'})).rejects.toMatchObject({entry: 'version-jump'})
  expect(revisions()).toEqual(['istio-base 2', 'istiod 2'])
}, 60_000)

test('a release changed by hand is brought back', async () => {
  const chart = [
    'upgrade',
    'istiod',
    `${bed.charts.oci}/istiod`,
    '--version',
    '1.31.1',
    '--reuse-values',
    '--set',
    'env.FOREIGN=yes',
    '--wait',
  ]
  helm(...chart)
  expect(await run()).toMatchObject({changed: true, says: 'Istio 1.31.1: istiod upgraded'})
  expect(kubectl('-n', 'istio-system', 'get', 'deployment', 'istiod', '-o', 'jsonpath={..env[*].name}')).not.toContain('FOREIGN')
}, 180_000)

test('an older policy in the root namespace stops enforce, which names it; take-over changes that very one', async () => {
  kubectl('-n', 'istio-system', 'delete', 'peerauthentication', 'default')
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {input: legacyPolicy})
  await expect(rule()).rejects.toMatchObject({entry: 'older-policy', message: expect.stringContaining('`istio-system/legacy`')})
  expect(kubectl('-n', 'istio-system', 'get', 'peerauthentications', '-o', 'name')).toBe('peerauthentication.security.istio.io/legacy')

  expect(await rule({'take-over': 'true'})).toMatchObject({changed: true})
  const legacy = JSON.parse(kubectl('-n', 'istio-system', 'get', 'peerauthentication', 'legacy', '-o', 'json'))
  expect(legacy.spec.mtls.mode).toBe('STRICT')
  expect(JSON.parse(legacy.metadata.annotations['istio-mtls/previous-spec'])).toEqual({mtls: {mode: 'PERMISSIVE'}})
  expect(await rule()).toMatchObject({changed: false})
}, 60_000)

const legacyPolicy = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: istio-system}
spec: {mtls: {mode: PERMISSIVE}}
`

test("images that cannot be pulled end in an error with the pod's own reason, and the next run mends the release", async () => {
  await reset(bed)
  await expect(run({hub: 'docker.io/nothing-here', timeout: '20s'})).rejects.toMatchObject({
    entry: 'image-pull',
    message: expect.stringMatching(/pod istiod-\S+, container discovery: (ErrImagePull|ImagePullBackOff): .*nothing-here/),
    cure: expect.stringContaining('docker.io/nothing-here'),
  })
  expect(
    on.lines.some((line) => /^waiting for istiod: pod istiod-\S+, container discovery: (ErrImagePull|ImagePullBackOff)/.test(line)),
  ).toBe(true)
  expect(await run()).toMatchObject({changed: true})
  expect(revisions()).toEqual(['istio-base 1', 'istiod 2'])
}, 300_000)

test('an installation made by others is named and left alone, until take-over adopts it', async () => {
  await reset(bed)
  const made = (name: string, chart: string) =>
    helm('install', name, `${bed.charts.oci}/${chart}`, '--version', '1.31.1', '--create-namespace')
  made('istio-base', 'base')
  made('istiod', 'istiod')
  await expect(run()).rejects.toMatchObject({
    entry: 'foreign-installation',
    message: expect.stringContaining('helm release `istio-system/istiod`'),
    cure: expect.stringMatching(/install: never.*take-over: true/s),
  })
  expect(await run({install: 'never'})).toMatchObject({changed: false, istioVersion: '1.31.1'})
  expect(revisions()).toEqual(['istio-base 1', 'istiod 1'])

  expect(await run({'take-over': 'true'})).toMatchObject({changed: true})
  expect(await run()).toMatchObject({changed: false})
}, 300_000)
