import {execFileSync} from 'node:child_process'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {asAccount} from '../canary/account.ts'
import {type Life, lifeWith} from '../canary/on-life.ts'
import {nowhere} from './nowhere.ts'

// No image of ztunnel or of the CNI agent is on the bed: their charts are applied for real, their pods are wanted on no node, or stay pending.
// What the agents then do is tested on recorded objects alone (agents.test.ts).

let bed: Bed
let life: Life
let withHelm3: Life

beforeAll(async () => {
  bed = await up({bed: 24})
  await reset(bed)
  const account = asAccount(
    bed,
    ['enforce.yaml', 'ambient.yaml'],
    ['istio-mtls-enforce', 'istio-mtls-ambient'],
    ['istio-mtls-enforce-istio-system', 'istio-mtls-ambient-agents'],
  )
  life = await lifeWith('helm', account)
  withHelm3 = await lifeWith('helm3', account)
}, 300_000)

afterAll(async () => {
  life?.on.close()
  withHelm3?.on.close()
  await down({bed: 24})
}, 120_000)

// The profile asks for the distroless variant of istiod's image, which the bed does not have.
const ambient = () => ({
  ...{profile: 'ambient', platform: 'k3s', 'cni-values': nowhere, 'ztunnel-values': nowhere, timeout: '90s'},
  values: bed.istiodValues.replace('global:\n', 'global:\n  variant: ""\n'),
})
const jsonOf = (kind: string, name: string) =>
  JSON.parse(
    execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, '-n', 'istio-system', 'get', kind, name, '-o', 'json'], {
      encoding: 'utf8',
    }),
  )

test('base, istiod, cni and ztunnel are applied in order under the role (their pods are wanted on no node)', async () => {
  const {installed} = await life.run(ambient())
  expect(installed.steps.map(({name}) => name).slice(3)).toEqual(['base', 'istiod', 'webhook', 'cni', 'ztunnel'])
  expect(installed.notes).toContainEqual(expect.stringContaining('`ztunnel` is wanted on no node'))
  const istiod = jsonOf('deployment', 'istiod').spec.template.spec.containers[0].env
  expect(istiod).toContainEqual({name: 'PILOT_ENABLE_AMBIENT', value: 'true'})
  const cni = jsonOf('daemonset', 'istio-cni-node').spec.template.spec
  expect(cni.volumes).toContainEqual({name: 'cni-bin-dir', hostPath: expect.objectContaining({path: '/var/lib/rancher/k3s/data/cni'})})
  expect(jsonOf('configmap', 'istio-cni-config').data.AMBIENT_ENABLED).toBe('true')
  const [ztunnel] = jsonOf('daemonset', 'ztunnel').spec.template.spec.containers
  expect([ztunnel.image, ztunnel.env]).toEqual([
    'docker.io/istio/ztunnel:1.31.1-distroless',
    expect.arrayContaining([{name: 'XDS_ADDRESS', value: 'istiod.istio-system.svc:15012'}]),
  ])
}, 180_000)

test('a second run changes nothing', async () => {
  const {installed} = await life.run(ambient())
  expect(installed.changed).toBe(false)
}, 60_000)

test("an agent whose image cannot be pulled fails the run with its pod's own reason, though helm 3 waits for nothing", async () => {
  await expect(withHelm3.run({...ambient(), 'cni-values': '', timeout: '12s'})).rejects.toMatchObject({
    entry: 'agent-not-ready',
    message: expect.stringMatching(
      /^`cni` is not available after 12 s: 0 of 1 pods are available; pod istio-cni-node-\w+, container install-cni: (ErrImagePull|ImagePullBackOff)/,
    ),
  })
}, 120_000)

test('a platform that the charts do not know is refused before any change', async () => {
  await expect(life.run({...ambient(), platform: 'k8s'})).rejects.toMatchObject({entry: 'platform-unknown'})
}, 60_000)
