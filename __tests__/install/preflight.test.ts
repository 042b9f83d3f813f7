import {istiodsPath, releasesPath, supersededPath} from '../../src/install/find-install.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {preflight} from '../../src/install/preflight.ts'
import {inputsFrom} from '../../src/inputs.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'
import {webhookPaths} from '../../src/install/webhooks-found.ts'

const {inputs} = inputsFrom({HOME: '/root'})
const reviews = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
interface Review {
  spec: {resourceAttributes: {group: string; resource: string; verb: string; namespace: string}}
}
const allowing = (may: (attributes: Review['spec']['resourceAttributes']) => boolean) => (body: unknown) => ({
  status: {allowed: may((body as Review).spec.resourceAttributes)},
})

function cluster(kube: Script['kube'] = {}) {
  return fakeIo({
    kube: {
      'GET /version': {gitVersion: 'v1.37.2'},
      'GET /api/v1/namespaces/kube-system': {metadata: {name: 'kube-system', uid: 'uid-1'}},
      [`GET ${istiodsPath}`]: [],
      [`GET ${releasesPath}`]: [],
      [`GET ${supersededPath}`]: [],
      ...Object.fromEntries(webhookPaths.map((path) => [`GET ${path}`, []])),
      [reviews]: allowing(() => true),
      ...kube,
    },
  })
}
const check = (io: ReturnType<typeof cluster>, more: Partial<typeof inputs> & {ownPolicies?: KubeObject[]} = {}) =>
  preflight({...inputs, ...more}, io.kube, 0)

test('an empty cluster with all rights may be installed on; nothing is written to find that out', async () => {
  const io = cluster()
  expect(await check(io)).toMatchObject({plan: {do: 'apply', problems: []}})
  expect(io.requests.every(({method, path}) => ['GET', 'PROBE'].includes(method) || path.endsWith('selfsubjectaccessreviews'))).toBe(true)
})

test('names each missing permission, and only those', async () => {
  const io = cluster({[reviews]: allowing(({resource, verb}) => resource !== '*' && !(resource === 'clusterroles' && verb !== 'get'))})
  await expect(check(io)).rejects.toMatchObject({
    entry: 'permission',
    message:
      'The account of this kubeconfig lacks permissions that this run needs: `list,watch,create,patch` on `rbac.authorization.k8s.io/clusterroles` in the cluster.',
  })
})

test('a cluster administrator is asked about once', async () => {
  const io = cluster()
  await check(io)
  expect(io.requests.filter(({method}) => method === 'POST')).toHaveLength(1)
})

test('install: never asks for no permission to install', async () => {
  const io = cluster({[reviews]: allowing(() => false)})
  expect(await check(io, {install: 'never'})).toMatchObject({plan: {do: 'leave'}})
})

test.each<[string, Partial<typeof inputs>, string]>([
  ['with an install', {}, '`patch` on `apps/statefulsets` in the cluster'],
  ['on a mesh of others', {install: 'never'}, '`patch` on `apps/statefulsets` in the cluster'],
  ['in the namespaces that are named', {namespaces: ['shop', 'bank']}, '`patch` on `apps/statefulsets` in `shop`'],
])('what `enroll` lacks is told before anything is changed: %s', async (_, more, says) => {
  const io = cluster({[reviews]: allowing(({resource}) => !['*', 'statefulsets'].includes(resource))})
  await expect(check(io, {...more, enroll: true})).rejects.toMatchObject({entry: 'permission', message: expect.stringContaining(says)})
  await expect(check(io, more)).resolves.toBeDefined()
})

const shopPolicy = {apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: {name: 'a', namespace: 'shop'}}

test.each<[string, Parameters<typeof check>[1], string, RegExp | null]>([
  ['the mesh-wide policy', {}, 'peerauthentications', /`patch` on `security.istio.io\/peerauthentications` in `istio-system`/],
  [
    'the policy of a namespace',
    {namespaces: ['shop']},
    'peerauthentications',
    /`patch` on `security.istio.io\/peerauthentications` in `shop`/,
  ],
  ['policies of whatever matches', {namespaces: ['team-*']}, 'peerauthentications', /peerauthentications` in the cluster/],
  [
    "the user's own policies",
    {ownPolicies: [shopPolicy]},
    'authorizationpolicies',
    /`patch` on `security.istio.io\/authorizationpolicies` in `shop`/,
  ],
  ['access logging', {accessLogging: true}, 'telemetries', /`patch` on `telemetry.istio.io\/telemetries` in `istio-system`/],
  ['after `enroll` on a mesh of others', {install: 'never', enroll: true, namespaces: ['shop']}, 'peerauthentications', /in `shop`/],
  ['never where nothing comes before it', {install: 'never', namespaces: ['shop']}, 'peerauthentications', null],
  ["never about a mesh of others' own policy", {install: 'never', enroll: true}, 'peerauthentications', null],
  ['never about a root namespace that is not known yet', {values: 'meshConfig: {rootNamespace: mesh}'}, 'peerauthentications', null],
])('the right to enforce is asked for before anything is installed: %s', async (_, more, denied, says) => {
  const io = cluster({[reviews]: allowing(({resource, verb}) => resource !== '*' && !(resource === denied && verb === 'patch'))})
  const answer = check(io, more)
  if (says === null) await expect(answer).resolves.toBeDefined()
  else await expect(answer).rejects.toMatchObject({entry: 'permission', message: expect.stringMatching(says)})
})

test('ambient restarts nothing, so it asks for labels alone', async () => {
  const io = cluster({[reviews]: allowing(({resource}) => !['*', 'statefulsets'].includes(resource))})
  await expect(check(io, {install: 'never', profile: 'ambient', enroll: true})).resolves.toBeDefined()
})

test.each([
  ['revision: blue', 'canary', false],
  ['revision: canary', 'canary', true],
  ['revision: blue', '', false],
  ['revision: ""', 'default', true],
  ['pilot: {}', 'canary', true],
])('values that say `%s` beside the input revision `%s` are fine: %s', async (values, revision, isFine) => {
  const answer = await check(cluster(), {values, revision}).catch((thrown) => thrown)
  expect(answer.entry).toBe(isFine ? undefined : 'values')
})

test('names all problems at once, each with its cure', async () => {
  const io = cluster({
    [reviews]: allowing(() => false),
    'GET /api/v1/namespaces/istio-system': {metadata: {name: 'istio-system'}, status: {phase: 'Terminating'}},
  })
  const failure = await check(io).catch((thrown) => thrown)
  expect(failure.message).toMatch(/^2 things forbid this run:.*being deleted.*lacks permissions/s)
  expect(failure.cure.split('\n').filter((line: string) => line.startsWith('- '))).toHaveLength(2)
})

test('explains an account that may not look', async () => {
  await expect(check(cluster({[`GET ${releasesPath}`]: refusal(403, 'secrets is forbidden')}))).rejects.toMatchObject({
    entry: 'permission',
    message: expect.stringMatching(/secrets is forbidden/),
  })
})

const crdPath = (name: string) => `GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`
const crd = (name: string, release: string) => ({
  metadata: {
    name,
    annotations: release === '' ? {} : {'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'istio-system'},
  },
})

test('a single CRD that helm does not know is named before helm meets it; take-over lets helm adopt it', async () => {
  const [ours, bare] = ['peerauthentications.security.istio.io', 'telemetries.telemetry.istio.io']
  const world = {[crdPath(ours)]: crd(ours, 'istio-base'), [crdPath(bare)]: crd(bare, '')}
  await expect(check(cluster(world))).rejects.toMatchObject({
    entry: 'foreign-installation',
    message: 'helm does not know these CRDs as its own: `telemetries.telemetry.istio.io` (someone who left no mark).',
  })
  const {plan} = await check(cluster(world), {takeOver: true})
  expect(plan.do === 'apply' && plan.releases.map(({name, adopt}) => [name, adopt])).toEqual([
    ['istio-base', true],
    ['istiod', false],
  ])
})

test("warns of the API server's clock and version, and stops for neither", async () => {
  const io = cluster({'PROBE /version': {status: 200, headers: {date: 'Thu, 01 Jan 1970 01:00:00 GMT'}, body: '{"gitVersion": "v1.20.0"}'}})
  const {warnings} = await check(io)
  expect(warnings).toEqual([
    expect.stringMatching(/^Istio 1\.31\.1 is tested with Kubernetes/),
    expect.stringMatching(/^helm v4\.2\.4 is tested with Kubernetes/),
    expect.stringMatching(/3600 s behind/),
  ])
})

test('how long a release has been pending is told by the clock that dated it', async () => {
  const release = {
    metadata: {
      name: 'sh.helm.release.v1.istio-base.v2',
      creationTimestamp: '2026-11-22T18:00:00Z',
      labels: {
        name: 'istio-base',
        status: 'pending-upgrade',
        version: '2',
        'istio-mtls/version': '1.31.1',
        'istio-mtls/helm-revision': '1',
      },
    },
  }
  const at = (date: string) => cluster({[`GET ${releasesPath}`]: [release], 'PROBE /version': {status: 200, headers: {date}, body: ''}})
  // This runner believes it is tomorrow: somebody else's helm, ten seconds at work, would be taken for a wreck.
  const tomorrow = Date.parse('2026-11-23T18:00:00Z')
  await expect(preflight(inputs, at('Sun, 22 Nov 2026 18:00:10 GMT').kube, tomorrow)).rejects.toMatchObject({
    entry: 'release-pending',
    message: expect.stringContaining('for 10 s'),
  })
  await expect(preflight(inputs, at('Sun, 22 Nov 2026 19:00:00 GMT').kube, 0)).resolves.toBeDefined()
})

test('a hub that is being retired is warned of', async () => {
  expect((await check(cluster(), {hub: 'gcr.io/istio-release'})).warnings).toEqual([
    expect.stringContaining('`gcr.io/istio-release` is retired'),
  ])
})

test('an istiod of ours whose Deployment somebody deleted is brought back: its webhook and Service are no control plane elsewhere', async () => {
  const release = (name: string) => ({
    metadata: {name, labels: {name, status: 'deployed', version: '1', 'istio-mtls/version': '1.31.1', 'istio-mtls/helm-revision': '1'}},
  })
  const injector = {
    metadata: {name: 'istio-sidecar-injector', labels: {app: 'sidecar-injector', 'istio.io/rev': 'default'}},
    webhooks: [{name: 'w', clientConfig: {service: {namespace: 'istio-system', name: 'istiod'}}}],
  }
  const world = (releases: object[]) => ({
    [`GET ${webhookPaths[0]}`]: [injector],
    [`GET ${releasesPath}`]: releases,
    'GET /api/v1/namespaces/istio-system/services/istiod': {metadata: {name: 'istiod'}},
  })
  const {plan} = await check(cluster(world([release('istio-base'), release('istiod')])))
  expect(plan.do === 'apply' && plan.releases.map(({name, present}) => [name, present])).toContainEqual(['istiod', false])
  await expect(check(cluster(world([])))).rejects.toMatchObject({entry: 'foreign-installation'})
})
