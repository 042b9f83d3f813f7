import {execFileSync} from 'node:child_process'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {asAccount} from './account.ts'
import {appsIn, type Life, lifeWith} from './on-life.ts'

// One canary upgrade by helm 3 and by an account with the roles for it, from the revision without a name to a named one with a tag; each test begins with what the one before left.

let bed: Bed
let life: Life

beforeAll(async () => {
  bed = await up({bed: 14})
  await reset(bed)
  const account = asAccount(
    bed,
    ['enforce.yaml', 'enroll.yaml'],
    ['istio-mtls-enforce', 'istio-mtls-enroll'],
    ['istio-mtls-enforce-istio-system'],
  )
  life = await lifeWith('helm3', account)
}, 300_000)

afterAll(async () => {
  life?.on.close()
  await down({bed: 14})
}, 120_000)

const kubectl = (args: string[], input?: string) =>
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', ...(input && {input})}).trim()
const labelsOf = (namespace: string) => {
  const {'kubernetes.io/metadata.name': _, ...labels} = JSON.parse(
    life.kubectl(['get', 'namespace', namespace, '-o', 'jsonpath={.metadata.labels}']),
  )
  return labels
}
const canary = {'istio-version': '1.31.1', revision: 'canary', tags: 'prod', enroll: 'true', timeout: '90s', namespaces: 'alpha,beta'}

test('the old revision serves two namespaces, one by istio-injection and one by a tag', async () => {
  const {installed, moved} = await life.run({'istio-version': bed.istioBefore, tags: 'prod'})
  expect(installed).toMatchObject({changed: true})
  expect(moved).toMatchObject({changed: true, says: 'tags prod point at default'})
  kubectl(['apply', '-f', '-'], appsIn('alpha', {'istio-injection': 'enabled'}, ['web', 'api'], bed.images.echo))
  kubectl(['apply', '-f', '-'], appsIn('beta', {'istio.io/rev': 'prod'}, ['db'], bed.images.echo))
  for (const namespace of ['alpha', 'beta'])
    kubectl(['-n', namespace, 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=90s'])
  expect([life.proxies('alpha'), life.proxies('beta')]).toEqual([['api default', 'web default'], ['db default']])
}, 240_000)

test('a sick namespace stops the upgrade and is put back whole; the tag and the old revision stay', async () => {
  const sick = {...canary, values: `${bed.istiodValues.replace('proxy: {', 'proxy: {image: docker.io/istio/none:1, ')}`}
  await expect(life.run(sick, {patience: '6s'})).rejects.toMatchObject({
    entry: 'canary-sick',
    message: expect.stringMatching(/^Namespace `alpha` does not get well on revision `canary`: Deployment `alpha\/\w+`: /),
    cure: expect.stringContaining('It has its former labels and proxies again.'),
  })
  expect(labelsOf('alpha')).toEqual({'istio-injection': 'enabled'})
  expect(labelsOf('beta')).toEqual({'istio.io/rev': 'prod'})
  expect([life.proxies('alpha'), life.proxies('beta')]).toEqual([['api default', 'web default'], ['db default']])
  expect(
    life.kubectl(['get', 'mutatingwebhookconfiguration', 'istio-revision-tag-prod', '-o', 'jsonpath={.metadata.labels.istio\\.io/rev}']),
  ).toBe('default')
  expect(life.releases().map((line) => line.split(' ')[0])).toEqual(['istio-base', 'istiod', 'istiod-canary'])
}, 180_000)

test('mended, the same run moves both, points the tag at the new revision, and removes the old one that nobody uses', async () => {
  const {moved} = await life.run(canary)
  expect(moved?.notes).toEqual([])
  expect(moved?.says).toBe('moved alpha, beta to revision canary; tags prod point at canary; removed revision default')
  expect([life.proxies('alpha'), life.proxies('beta')]).toEqual([['api canary', 'web canary'], ['db canary']])
  expect([labelsOf('alpha'), labelsOf('beta')]).toEqual([{'istio.io/rev': 'prod'}, {'istio.io/rev': 'prod'}])
  expect(life.releases().map((line) => line.split(' ')[0])).toEqual(['istio-base', 'istiod-canary'])
  // Without its istiod the validator of unlabelled objects would refuse every policy.
  const policy =
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: alpha}\nspec: {mtls: {mode: STRICT}}'
  expect(kubectl(['apply', '-f', '-'], policy)).toContain('created')
}, 240_000)
