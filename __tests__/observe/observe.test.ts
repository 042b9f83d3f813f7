import {describe, expect, test} from '@jest/globals'
import {scopeOf} from '../../src/derive/scope-of.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Asked, Parts} from '../../src/model/snapshot.ts'
import {observe, unreachable} from '../../src/observe/observe.ts'
import type {ObserveOptions} from '../../src/observe/observe-options.ts'
import {fakeIo, refusal, type Scripted} from '../helpers/fake-io.ts'
import {asked as anything} from '../helpers/fixture.ts'

const asked: Asked = {...anything, scope: {namespaces: ['*'], exclude: []}}
const options: ObserveOptions = {
  clusterName: '',
  probes: {mode: 'off', exclude: [], concurrency: 4},
  settleUntil: null,
  deadline: 1000,
  askWebhook: null,
}

describe('a cluster that answers', () => {
  test('every part is read', async () => {
    const snapshot = await observed({})
    expect(unreadOf(snapshot)).toEqual({
      validation: 'the webhook dry run needs `mode: enforce`: it takes the right to create PeerAuthentications',
      probes: 'live proof was not asked for (`probes: off`)',
    })
    expect(snapshot.cluster).toEqual({
      read: true,
      value: {name: 'https://api.test:6443', uid: 'u-1', kubernetes: 'v1.37.2', server: 'https://api.test:6443'},
    })
    expect(snapshot.takenAt).toBe('2026-11-22T18:00:00.000Z')
  })

  test('the name given stands for the URL', async () => {
    expect(await observed({}, {clusterName: 'preview-17'})).toMatchObject({cluster: {value: {name: 'preview-17'}}})
  })

  test('pods fold into Deployments by the ReplicaSets read beside them', async () => {
    const snapshot = await observed({
      'GET /api/v1/pods': [owned('p', 'ReplicaSet', 'cart-x')],
      'GET /apis/apps/v1/replicasets': [owned('cart-x', 'Deployment', 'cart')],
    })
    expect(snapshot.pods).toMatchObject({value: [{name: 'p', workload: {kind: 'Deployment', name: 'cart'}}]})
    expect(snapshot.templates).toMatchObject({read: true, value: [{kind: 'Deployment', name: 'istiod'}]})
  })

  test('the dry run of the webhook, where it may be asked', async () => {
    const answer = {webhook: 'rev.validation.istio.io', denied: true, message: 'denied the request'}
    expect((await observed({}, {askWebhook: async () => answer})).validation).toEqual({read: true, value: answer})
    expect((await observed({}, {askWebhook: async () => Promise.reject(refusal(500, 'no endpoints'))})).validation).toMatchObject({
      read: false,
      reason: expect.stringContaining('no endpoints'),
    })
  })

  test('ready endpoints of the control plane, and its webhooks', async () => {
    const snapshot = await observed({
      'GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': [
        {
          metadata: {name: 'istio-sidecar-injector', labels: {'istio.io/rev': 'default'}},
          webhooks: [{name: 'a.istio.io', clientConfig: {service: {namespace: 'istio-system', name: 'istiod'}}}],
        },
      ],
      'GET /apis/discovery.k8s.io/v1/namespaces/istio-system/endpointslices': [
        {
          metadata: {namespace: 'istio-system', name: 's', labels: {'kubernetes.io/service-name': 'istiod'}},
          endpoints: [{addresses: ['10.0.0.1']}],
        },
      ],
    })
    expect(snapshot.controlPlane).toMatchObject({
      value: {
        istiods: [{name: 'istiod', revision: 'default'}],
        webhooks: [{type: 'mutating', name: 'a.istio.io'}],
        endpoints: {'istio-system/istiod': 1},
      },
    })
  })
})

describe('one failing read spoils only its part', () => {
  test.each<[string, Scripted, Partial<Record<keyof Parts, string>>]>([
    [
      'GET /api/v1/services',
      refusal(403, 'services is forbidden'),
      {services: 'reading services was refused (403): grant `get, list, watch` on `services` of API group `""` (rbac/read.yaml)'},
    ],
    [
      'GET /api/v1/configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert',
      refusal(403, 'configmaps is forbidden'),
      {roots: 'reading configmaps was refused (403): grant `get, list, watch` on `configmaps` of API group `""` (rbac/read.yaml)'},
    ],
    [
      'GET /apis/security.istio.io/v1/peerauthentications',
      refusal(403, 'forbidden'),
      {
        policies:
          'reading peerauthentications was refused (403): grant `get, list, watch` on `peerauthentications` of API group `security.istio.io` (rbac/read.yaml)',
      },
    ],
    [
      'GET /api/v1/namespaces',
      refusal(401, 'Unauthorized'),
      {namespaces: "reading namespaces was refused (401): the kubeconfig's credentials are not accepted"},
    ],
    [
      'GET /api/v1/namespaces',
      refusal(0, 'no answer from the API server'),
      {namespaces: 'reading namespaces failed: no answer from the API server'},
    ],
    ['GET /apis/apps/v1/statefulsets', refusal(500, 'boom'), {templates: 'reading statefulsets failed: boom'}],
    [
      'GET /apis/apps/v1/deployments',
      refusal(500, 'boom'),
      {
        templates: 'reading deployments failed: boom',
        mesh: 'reading deployments failed: boom',
        controlPlane: 'reading deployments failed: boom',
      },
    ],
    [
      'GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      refusal(500, 'boom'),
      {
        mesh: 'reading validatingwebhookconfigurations failed: boom',
        controlPlane: 'reading validatingwebhookconfigurations failed: boom',
      },
    ],
    ['GET /version', refusal(500, 'boom'), {cluster: 'reading the cluster failed: boom'}],
    ['GET /api/v1/namespaces/istio-system/configmaps/istio', refusal(500, 'boom'), {mesh: 'reading the mesh configuration failed: boom'}],
    [
      'GET /api/v1/namespaces/istio-system/configmaps/istio',
      configMap('istio', 'a: ['),
      {
        mesh: expect.stringContaining(
          'reading the mesh configuration failed: the key `mesh` of ConfigMap istio-system/istio is no YAML',
        ) as unknown as string,
      },
    ],
  ])('%s: %s', async (request, answer, expected) => {
    const snapshot = await observed({[request]: answer})
    const {validation: _, probes: __, ...spoilt} = unreadOf(snapshot)
    expect(spoilt).toEqual(expected)
  })

  test('a built-in kind that is not served is unread, never empty', async () => {
    const {templates} = await observed({'GET /apis/batch/v1/cronjobs': refusal(404, 'not found')})
    expect(templates).toMatchObject({read: false})
  })
})

describe("Istio's own kinds", () => {
  test('without the CRD there is no such object', async () => {
    const crds = Object.keys(answers()).filter((request) => request.includes('istio.io'))
    const snapshot = await observed(Object.fromEntries(crds.map((request) => [request, refusal(404, 'not found')])))
    expect([snapshot.policies, snapshot.envoyFilters, snapshot.telemetries]).toEqual([
      {read: true, value: []},
      {read: true, value: []},
      {read: true, value: []},
    ])
  })

  test('an older Istio serves them in an older version', async () => {
    const snapshot = await observed({
      'GET /apis/networking.istio.io/v1/destinationrules': refusal(404, 'not found'),
      'GET /apis/networking.istio.io/v1beta1/destinationrules': [{metadata: {name: 'a', namespace: 'shop'}, spec: {host: 'b'}}],
    })
    expect(snapshot.destinationRules).toMatchObject({value: [{kind: 'DestinationRule', name: 'a', spec: {host: 'b'}}]})
  })
})

describe('the mesh configuration', () => {
  test('rule 5: of every istiod, from its own namespace and revision', async () => {
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [istiod('istio-system', 'default'), istiod('mesh-b', 'canary')],
      ...leadingTo('mesh-b', 'canary'),
      'GET /api/v1/namespaces/mesh-b/configmaps/istio-canary': configMap('istio-canary', 'rootNamespace: mesh-b'),
      'GET /apis/discovery.k8s.io/v1/namespaces/mesh-b/endpointslices': [],
    })
    expect(snapshot.mesh).toMatchObject({
      value: [
        {revision: 'default', namespace: 'istio-system', rootNamespace: 'istio-system'},
        {revision: 'canary', namespace: 'mesh-b', rootNamespace: 'mesh-b'},
      ],
    })
  })

  test('a Deployment that calls itself istiod excludes no namespace, and is named', async () => {
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [istiod('shop', 'x'), istiod('istio-system', 'default')],
      ...leadingTo('istio-system', 'default'),
      'GET /api/v1/namespaces/shop/configmaps/istio-x': configMap('istio-x', 'rootNamespace: bank'),
    })
    expect(snapshot.mesh).toMatchObject({value: [{namespace: 'istio-system', rootNamespace: 'istio-system'}]})
    expect(snapshot.controlPlane).toMatchObject({
      value: {istiods: [{namespace: 'istio-system'}], impostors: [{kind: 'Deployment', namespace: 'shop', name: 'istiod'}]},
    })
    const inScope = scopeOf(asked, snapshot.mesh.read ? snapshot.mesh.value : [])
    expect(['shop', 'bank', 'istio-system'].map(inScope)).toEqual([true, true, false])
  })

  test('istio-system itself is no control plane where the webhooks of its revision lead elsewhere', async () => {
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [istiod('istio-system', 'default'), istiod('mesh-b', 'default')],
      ...leadingTo('mesh-b', 'default'),
      'GET /apis/discovery.k8s.io/v1/namespaces/mesh-b/endpointslices': [],
    })
    expect(snapshot.controlPlane).toMatchObject({value: {istiods: [{namespace: 'mesh-b'}], impostors: [{namespace: 'istio-system'}]}})
  })

  test("webhooks of others than Istio's vouch for nobody", async () => {
    const webhooks = [{name: 'cert.example.com', clientConfig: {service: {namespace: 'shop', name: 'istiod'}}}]
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [istiod('shop', 'default')],
      'GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': [{metadata: {name: 'certs'}, webhooks}],
    })
    expect(snapshot.controlPlane).toMatchObject({value: {istiods: [], impostors: [{namespace: 'shop'}]}})
  })

  test('with the shared one below it', async () => {
    const shared = istiod('istio-system', 'default', [{name: 'SHARED_MESH_CONFIG', value: 'shared'}])
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [shared],
      'GET /api/v1/namespaces/istio-system/configmaps/istio': configMap('istio', 'trustDomain: own'),
      'GET /api/v1/namespaces/istio-system/configmaps/shared': configMap('shared', 'trustDomain: shared\nrootNamespace: roots'),
    })
    expect(snapshot.mesh).toMatchObject({value: [{trustDomain: 'own', rootNamespace: 'roots'}]})
  })

  test("absent: Istio's defaults, as istiod itself takes them", async () => {
    const snapshot = await observed({'GET /api/v1/namespaces/istio-system/configmaps/istio': refusal(404, 'not found')})
    expect(snapshot.mesh).toMatchObject({value: [{revision: 'default', rootNamespace: 'istio-system'}]})
  })

  test('no istiod and no injected pod: the defaults', async () => {
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [],
      'GET /api/v1/namespaces/istio-system/configmaps/istio': refusal(404, 'not found'),
    })
    expect(snapshot.mesh).toMatchObject({value: [{revision: 'default'}]})
  })

  test('no istiod, but injected pods: ruled from elsewhere, so unread', async () => {
    const pod = {metadata: {name: 'p', namespace: 'shop', annotations: {'sidecar.istio.io/status': '{}'}}, spec: {}, status: {}}
    const snapshot = await observed({
      'GET /apis/apps/v1/deployments': [],
      'GET /api/v1/namespaces/istio-system/configmaps/istio': refusal(404, 'not found'),
      'GET /api/v1/pods': [pod],
    })
    expect(snapshot.mesh).toMatchObject({read: false, reason: expect.stringContaining('lies in another cluster')})
  })
})

describe('no time, no cluster', () => {
  test('past the deadline every part is unread and says so', async () => {
    const io = fakeIo({kube: answers()})
    const snapshot = await observe(asked, {...options, deadline: 0}, io.kube, io)
    expect(Object.keys(unreadOf(snapshot))).toHaveLength(21)
    expect(snapshot.pods).toMatchObject({reason: "reading pods had not begun when the run's `deadline` was over: give it more time"})
    expect(io.requests).toEqual([])
  })

  test.each([
    ['', 'the cluster was not reached: see the stage `connect`'],
    ['preview-17', 'cluster `preview-17` was not reached: see the stage `connect`'],
  ])('an unreachable cluster named `%s`: every part unread for the same reason', (name, reason) => {
    const reasons = Object.values(unreadOf(unreachable(asked, name, fakeIo())))
    expect(reasons).toEqual(new Array(21).fill(reason))
  })

  test('whatever every single read does, observing never throws', async () => {
    for (const odd of [null, 7, 'x', [], {items: null}, {items: [null]}, new Error('boom')]) {
      const io = fakeIo({kube: Object.fromEntries(Object.keys(answers()).map((request) => [request, odd]))})
      await expect(observe(asked, {...options, probes: {...options.probes, mode: 'api-server'}}, io.kube, io)).resolves.toMatchObject({
        version: 1,
      })
    }
  })
})

async function observed(script: Record<string, Scripted>, more: Partial<ObserveOptions> = {}) {
  const io = fakeIo({kube: {...answers(), ...script}})
  return observe(asked, {...options, ...more}, io.kube, io)
}

function unreadOf(snapshot: object): Record<string, string> {
  const parts = Object.entries(snapshot) as [string, {read?: boolean; reason?: string}][]
  return Object.fromEntries(parts.flatMap(([part, {read, reason}]) => (read === false ? [[part, reason ?? '']] : [])))
}

/** A small cluster with one istiod; items carry no kind, as in a real list of a built-in kind. */
function answers(): Record<string, Scripted> {
  const lists = [
    '/api/v1/namespaces',
    '/api/v1/services',
    '/api/v1/pods',
    ...['statefulsets', 'daemonsets', 'replicasets'].map((resource) => `/apis/apps/v1/${resource}`),
    ...['jobs', 'cronjobs'].map((resource) => `/apis/batch/v1/${resource}`),
    ...['mutating', 'validating'].map((type) => `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`),
    ...['peerauthentications', 'authorizationpolicies', 'requestauthentications'].map(
      (resource) => `/apis/security.istio.io/v1/${resource}`,
    ),
    ...['destinationrules', 'serviceentries', 'workloadentries', 'sidecars', 'gateways'].map(
      (resource) => `/apis/networking.istio.io/v1/${resource}`,
    ),
    '/apis/networking.istio.io/v1alpha3/envoyfilters',
    '/apis/telemetry.istio.io/v1/telemetries',
    '/api/v1/configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert',
    '/apis/discovery.k8s.io/v1/namespaces/istio-system/endpointslices',
  ]
  return {
    ...Object.fromEntries(lists.map((path) => [`GET ${path}`, []])),
    'GET /apis/apps/v1/deployments': [istiod('istio-system', 'default')],
    'GET /api/v1/namespaces/kube-system': {metadata: {name: 'kube-system', uid: 'u-1'}},
    'GET /version': {gitVersion: 'v1.37.2'},
    'GET /api/v1/namespaces/istio-system/configmaps/istio': configMap('istio', ''),
  }
}

function istiod(namespace: string, revision: string, env: object[] = []): Partial<KubeObject> {
  return {
    metadata: {name: 'istiod', namespace, labels: {app: 'istiod', 'istio.io/rev': revision}},
    spec: {template: {spec: {containers: [{name: 'discovery', image: 'pilot:1.31.1', env}]}}},
  }
}

/** A validating webhook of Istio's, whose service lies in `namespace`. */
function leadingTo(namespace: string, revision: string): Record<string, Scripted> {
  const webhooks = [{name: 'rev.validation.istio.io', clientConfig: {service: {namespace, name: 'istiod'}}}]
  return {
    'GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': [
      {metadata: {name: 'istio-validator', labels: {'istio.io/rev': revision}}, webhooks},
    ],
  }
}

function configMap(name: string, mesh: string): Partial<KubeObject> {
  return {metadata: {name, namespace: 'istio-system'}, data: {mesh}}
}

function owned(name: string, kind: string, owner: string): Partial<KubeObject> {
  return {
    metadata: {name, namespace: 'shop', ownerReferences: [{apiVersion: 'v1', kind, name: owner, uid: 'u', controller: true}]},
    spec: {},
    status: {},
  }
}
