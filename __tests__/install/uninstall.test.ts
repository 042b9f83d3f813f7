import {inputsFrom} from '../../src/inputs.ts'
import {findInstalled} from '../../src/install/installed.ts'
import {istiodsPath, releasesPath} from '../../src/install/find-install.ts'
import {uninstall} from '../../src/install/uninstall.ts'
import {webhookPaths} from '../../src/install/webhooks-found.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const {inputs} = inputsFrom({HOME: '/root', INPUT_MODE: 'uninstall', INPUT_KUBECONFIG: '/a'})
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const policies = '/apis/security.istio.io/v1/peerauthentications'
const ofOurs = `${policies}?labelSelector=app.kubernetes.io%2Fmanaged-by%3Distio-mtls-action`
const rootCerts = ['istio-ca-root-cert', 'istio-ca-crl'].map((name) => `/api/v1/configmaps?fieldSelector=metadata.name%3D${name}`)
const services = '/api/v1/namespaces/istio-system/services?labelSelector=app.kubernetes.io%2Fmanaged-by%3Distio-mtls-action'
const inRoot = [
  '/api/v1/namespaces/istio-system/configmaps',
  '/api/v1/namespaces/istio-system/secrets',
  '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases',
]
const crd = {
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'peerauthentications.security.istio.io',
    uid: 'crd',
    annotations: {'meta.helm.sh/release-name': 'istio-base', 'meta.helm.sh/release-namespace': 'istio-system'},
  },
  spec: {
    group: 'security.istio.io',
    names: {plural: 'peerauthentications', kind: 'PeerAuthentication'},
    versions: [{name: 'v1', served: true, storage: true}],
    scope: 'Namespaced',
  },
}

/** A cluster of which nothing is left but what a test puts there. */
function cluster(kube: Script['kube'] = {}) {
  const lists = [
    ...[istiodsPath, releasesPath, crds, '/api/v1/pods', '/api/v1/namespaces', ofOurs, ...rootCerts, services, ...inRoot],
    ...[...webhookPaths, '/api/v1/namespaces/kube-system/secrets?labelSelector=owner%3Dhelm%2Cstatus%21%3Dsuperseded'],
    '/api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm%2Cstatus%3Dsuperseded',
    ...['/apis/apps/v1/daemonsets?labelSelector=k8s-app%3Distio-cni-node'],
    ...['/apis/apps/v1/daemonsets?labelSelector=app.kubernetes.io%2Fname%3Dztunnel'],
  ]
  return fakeIo({
    kube: {
      ...Object.fromEntries(lists.map((path) => [`GET ${path}`, []])),
      'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: true}},
      ...kube,
    },
  })
}
const run = (io: ReturnType<typeof cluster>, more: Partial<typeof inputs> = {}) =>
  uninstall({...inputs, ...more}, {kube: io.kube, kubeconfigPath: '', letGo: async () => {}, deadline: Number.POSITIVE_INFINITY}, io)

test('a tag of ours is found whatever it points at, a tag of others only by its release', async () => {
  const tag = (name: string, keeper: string) => ({
    kind: 'MutatingWebhookConfiguration',
    metadata: {name, uid: name, labels: {'istio.io/tag': 'prod', 'istio.io/rev': 'gone', 'app.kubernetes.io/managed-by': keeper}},
  })
  const io = cluster({[`GET ${webhookPaths[0]}`]: [tag('ours', 'istio-mtls-action'), tag('theirs', 'istioctl')]})
  const {webhooks} = await findInstalled(io.kube)
  expect(webhooks).toMatchObject([{name: 'ours', release: 'istiod-gone', isTag: true, uid: 'ours'}])
})

test('a control plane outside of the cluster is seen by its injector; one whose Service is gone, or that is ours, is none', async () => {
  const injector = (name: string, clientConfig: object, labels = {}) => ({
    kind: 'MutatingWebhookConfiguration',
    metadata: {name, uid: name, labels: {app: 'sidecar-injector', 'istio.io/rev': name, ...labels}},
    webhooks: [{name: 'w', clientConfig}],
  })
  const service = (name: string) => ({service: {namespace: 'istio-system', name}})
  const io = cluster({
    [`GET ${webhookPaths[0]}`]: [
      injector('asm-managed', {url: 'https://mesh.googleapis.com/inject'}),
      injector('remote', service('istiod-remote')),
      injector('theirs-tag', service('istiod-remote'), {'istio.io/rev': 'remote', 'istio.io/tag': 'theirs'}),
      injector('dead', service('gone')),
      injector('tag', service('istiod-remote'), {'app.kubernetes.io/managed-by': 'istio-mtls-action'}),
    ],
    'GET /api/v1/namespaces/istio-system/services/istiod-remote': {metadata: {name: 'istiod-remote'}},
  })
  expect((await findInstalled(io.kube)).elsewhere).toEqual([
    "Google's managed Cloud Service Mesh (revision `asm-managed`)",
    'a control plane behind Service `istio-system/istiod-remote` (revision `remote`)',
  ])
  expect((await findInstalled(io.kube)).othersRevisions).toEqual(['asm-managed', 'remote', 'theirs'])
})

test('a tag that points at nothing is taken away, by its uid, and then nothing is left', async () => {
  let isThere = true
  const tag = {
    metadata: {
      name: 'istio-revision-tag-prod',
      uid: 'u-1',
      labels: {'istio.io/rev': 'gone', 'app.kubernetes.io/managed-by': 'istio-mtls-action'},
    },
  }
  const io = cluster({
    [`GET ${webhookPaths[0]}`]: () => (isThere ? [tag] : []),
    [`DELETE ${webhookPaths[0]}/istio-revision-tag-prod`]: () => {
      isThere = false
      return {}
    },
  })
  expect(await run(io)).toMatchObject({changed: true, says: 'removed: 1 webhook configurations'})
  expect(io.requests.filter(({method}) => method === 'DELETE')).toMatchObject([{options: {uid: 'u-1'}}])
  expect(await run(cluster())).toMatchObject({changed: false})
})

test('a tag that comes back every time is no success', async () => {
  const tag = {
    metadata: {
      name: 'istio-revision-tag-prod',
      uid: 'u-1',
      labels: {'istio.io/rev': 'gone', 'app.kubernetes.io/managed-by': 'istio-mtls-action'},
    },
  }
  const io = cluster({[`GET ${webhookPaths[0]}`]: [tag], [`DELETE ${webhookPaths[0]}/istio-revision-tag-prod`]: {}})
  await expect(run(io)).rejects.toMatchObject({entry: 'uninstall-left', message: expect.stringContaining('istio-revision-tag-prod')})
})

test('a CRD that was deleted is waited for, and one that is used is not said to be removed', async () => {
  let looks = 0
  const world = {
    [`GET ${crds}`]: () => (looks > 3 ? [] : [crd]),
    [`GET ${policies}`]: [],
    [`DELETE ${crds}/${crd.metadata.name}`]: {},
    [`GET ${crds}/${crd.metadata.name}`]: () => (looks++ < 3 ? crd : refusal(404, 'gone')),
  }
  expect(await run(cluster(world), {purgeCrds: true})).toMatchObject({says: 'removed: 1 CRDs'})
  expect(looks).toBeGreaterThan(3)

  const used = cluster({...world, [`GET ${crds}`]: [crd], [`GET ${policies}`]: [{metadata: {namespace: 'shop', name: 'own'}}]})
  const outcome = await run(used, {purgeCrds: true})
  expect(outcome.says).not.toContain('CRD')
  expect(outcome.notes).toContain('CRD peerauthentications.security.istio.io stays, for others use it: shop/own.')
  expect(used.requests.filter(({method}) => method === 'DELETE')).toEqual([])
})

test('a CRD whose deletion hangs is named, not passed over', async () => {
  const io = cluster({
    [`GET ${crds}`]: [crd],
    [`GET ${policies}`]: [],
    [`DELETE ${crds}/${crd.metadata.name}`]: {},
    [`GET ${crds}/${crd.metadata.name}`]: crd,
  })
  await expect(run(io, {purgeCrds: true})).rejects.toMatchObject({
    entry: 'uninstall-left',
    message: expect.stringContaining('CRD peerauthentications.security.istio.io'),
  })
})

test('the namespace that others use stays, and is not said to be removed', async () => {
  const namespace = '/api/v1/namespaces/istio-system'
  const io = cluster({
    [`GET ${namespace}`]: {metadata: {name: 'istio-system', uid: 'ns', labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'}}},
    'GET /apis': {groups: []},
    'GET /api/v1': {resources: [{name: 'configmaps', namespaced: true, verbs: ['list', 'delete']}]},
    [`GET ${namespace}/configmaps`]: [{kind: 'ConfigMap', metadata: {name: 'theirs'}}],
  })
  const outcome = await run(io)
  expect(outcome.says).not.toContain('namespace')
  expect(outcome.notes.join()).toContain('stays, for others keep something in it: ConfigMap theirs')
  expect(io.requests.filter(({method}) => method === 'DELETE')).toEqual([])
})

test('a namespace that was deleted while its labels were to be given back is no failure', async () => {
  let looks = 0
  const shop = {metadata: {name: 'shop', resourceVersion: '4', annotations: {'istio-mtls/previous-labels': '{"istio-injection":null}'}}}
  const io = cluster({
    'GET /api/v1/namespaces': () => (looks++ === 0 ? [shop] : []),
    'PATCH /api/v1/namespaces/shop': refusal(404, 'namespaces "shop" not found'),
  })
  expect(await run(io)).toMatchObject({changed: true})
})
