import {askedFrom} from '../src/asking.ts'
import {inputsFrom} from '../src/inputs.ts'
import type {KubeObject} from '../src/io/io.ts'
import {planChanges} from '../src/plan.ts'
import {fakeIo, refusal, type Script} from './helpers/fake-io.ts'

const lists = [
  ...['namespaces', 'pods', 'services', 'endpoints'].map((each) => `/api/v1/${each}`),
  ...['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map((each) => `/apis/apps/v1/${each}`),
  ...['jobs', 'cronjobs'].map((each) => `/apis/batch/v1/${each}`),
  ...['mutating', 'validating'].map((each) => `/apis/admissionregistration.k8s.io/v1/${each}webhookconfigurations`),
  '/apis/apps/v1/deployments?labelSelector=app%3Distiod',
  '/api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm%2Cstatus%21%3Dsuperseded',
  '/api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm%2Cstatus%3Dsuperseded',
]
const peerAuthentications = '/apis/security.istio.io/v1/peerauthentications'
const web = {
  metadata: {name: 'web', namespace: 'shop', uid: 'd'},
  spec: {selector: {}, template: {metadata: {labels: {app: 'web'}}, spec: {containers: [{name: 'web'}]}}},
}
const podOf = (annotations: object) => ({
  metadata: {
    name: 'web-1-a',
    namespace: 'shop',
    labels: {app: 'web', 'pod-template-hash': '1'},
    annotations,
    ownerReferences: [{kind: 'ReplicaSet', name: 'web-1', uid: 'r', controller: true}],
  },
  spec: {containers: [{name: 'web'}]},
  status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
})
const replicaSet = {
  metadata: {name: 'web-1', namespace: 'shop', uid: 'r', ownerReferences: [{kind: 'Deployment', name: 'web', uid: 'd', controller: true}]},
  spec: {},
}

function plan(more: Record<string, string>, kube: Script['kube'] = {}) {
  const {inputs} = inputsFrom({HOME: '/root', INPUT_MODE: 'plan', INPUT_ENROLL: 'true', ...more})
  const io = fakeIo({
    kube: {
      ...Object.fromEntries(lists.map((path) => [`GET ${path}`, []])),
      'GET /api/v1/namespaces': [{metadata: {name: 'shop', labels: {}}, status: {phase: 'Active'}}],
      'GET /api/v1/pods': [podOf({})],
      'GET /apis/apps/v1/deployments': [web],
      'GET /apis/apps/v1/replicasets': [replicaSet],
      [`GET ${peerAuthentications}`]: refusal(404, 'no such kind'),
      'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: true}},
      ...kube,
    },
  })
  const options = {asked: askedFrom(inputs), clusterName: '', patienceMs: 1000, deadline: Number.POSITIVE_INFINITY}
  return {io, planned: planChanges(inputs, [] as KubeObject[], options, io.kube, io).then((each) => each.planned)}
}
const writes = (io: ReturnType<typeof plan>['io']) =>
  io.requests.filter(({method, path}) => !['GET', 'PROBE', 'FORWARD'].includes(method) && !path.endsWith('reviews'))

test('on a cluster without Istio: what is installed, labelled, restarted and enforced, and nothing forbids it', async () => {
  const {io, planned} = plan({})
  expect(await planned).toMatchObject({
    problems: [],
    releases: [
      {name: 'istio-base', does: 'install'},
      {name: 'istiod', does: 'install'},
    ],
    labels: [{namespace: 'shop', add: {'istio-injection': 'enabled'}}],
    restarts: [{kind: 'Deployment', namespace: 'shop', name: 'web', why: 'its pods run without a proxy'}],
    policies: [{namespace: 'istio-system', name: 'default', does: 'create', to: 'STRICT'}],
  })
  expect(writes(io)).toEqual([])
})

const owner = (release: string) => ({'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'istio-system'})
const istiod = {
  metadata: {
    name: 'istiod',
    namespace: 'istio-system',
    creationTimestamp: '2026-11-01T00:00:00Z',
    labels: {app: 'istiod', 'istio.io/rev': 'default'},
    annotations: owner('istiod'),
  },
  spec: {selector: {}, template: {metadata: {}, spec: {containers: [{name: 'discovery', image: 'docker.io/istio/pilot:1.30.4'}]}}},
  status: {readyReplicas: 1},
}
const release = (name: string) => ({
  metadata: {
    name: `sh.helm.release.v1.${name}.v1`,
    namespace: 'istio-system',
    labels: {name, status: 'deployed', version: '1', 'istio-mtls/version': '1.30.4', 'istio-mtls/helm-revision': '1'},
  },
})
const injector = {
  kind: 'MutatingWebhookConfiguration',
  metadata: {name: 'istio-sidecar-injector', labels: {app: 'sidecar-injector', 'istio.io/rev': 'default'}, annotations: owner('istiod')},
  webhooks: [
    {
      name: 'namespace.sidecar-injector.istio.io',
      clientConfig: {service: {namespace: 'istio-system', name: 'istiod'}, caBundle: 'eA=='},
      namespaceSelector: {matchLabels: {'istio-injection': 'enabled'}},
    },
  ],
}

test('a canary that is still to come: the move of its namespaces is told, and its own absence forbids nothing', async () => {
  const proxy = {'sidecar.istio.io/status': '{"revision":"default"}'}
  const world = {
    'GET /api/v1/namespaces': ['istio-system', 'shop'].map((name) => ({
      metadata: {name, labels: name === 'shop' ? {'istio-injection': 'enabled'} : {}},
      status: {phase: 'Active'},
    })),
    'GET /api/v1/namespaces/istio-system': {metadata: {name: 'istio-system'}, status: {phase: 'Active'}},
    'GET /api/v1/pods': [podOf(proxy)],
    'GET /apis/apps/v1/deployments': [web, istiod],
    'GET /apis/apps/v1/deployments?labelSelector=app%3Distiod': [istiod],
    'GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': [injector],
    'GET /api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm%2Cstatus%21%3Dsuperseded': [
      release('istio-base'),
      release('istiod'),
    ],
    'GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/peerauthentications.security.istio.io': {
      metadata: {name: 'peerauthentications.security.istio.io', annotations: owner('istio-base')},
    },
    [`GET ${peerAuthentications}`]: [],
  }
  const {io, planned} = plan({INPUT_REVISION: 'canary'}, world)
  expect(await planned).toMatchObject({
    problems: [],
    releases: [
      {name: 'istio-base', does: 'upgrade'},
      {name: 'istiod-canary', does: 'install'},
    ],
    labels: [{namespace: 'shop', add: {'istio.io/rev': 'canary', 'istio-injection': '(removed)'}}],
    restarts: [{namespace: 'shop', name: 'web', why: 'its proxies are of an older revision'}],
    policies: [{namespace: 'istio-system', name: 'default', to: 'STRICT'}],
    notes: expect.arrayContaining(['Revision `default` (1.30.4) would be removed if nobody uses it any more then.']),
  })
  expect(writes(io)).toEqual([])
})
