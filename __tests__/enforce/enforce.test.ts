import {enforce} from '../../src/enforce/enforce.ts'
import {namespacesPath, policiesPath} from '../../src/enforce/found.ts'
import {managedBy} from '../../src/enforce/plan.ts'
import {inputsFrom} from '../../src/inputs.ts'
import {Failure} from '../../src/model/failure.ts'
import {istiodsPath, rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const {inputs} = inputsFrom({HOME: '/root'})
const istiod = {
  metadata: {name: 'istiod', namespace: 'istio-system', labels: {app: 'istiod', 'istio.io/rev': 'default'}},
  status: {readyReplicas: 1},
}
const names = (...all: string[]) => all.map((name) => ({metadata: {name}, status: {phase: 'Active'}}))
const webhooksPath = (type: string) => `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`
const path = (namespace: string, name = 'default') => `/apis/security.istio.io/v1/namespaces/${namespace}/peerauthentications/${name}`
const legacy = {
  metadata: {namespace: 'istio-system', name: 'legacy', creationTimestamp: '2025-01-01T00:00:00Z', resourceVersion: '41'},
  spec: {mtls: {mode: 'PERMISSIVE'}},
}

function cluster(kube: Script['kube'] = {}) {
  return fakeIo({
    kube: {
      [`GET ${istiodsPath}`]: [istiod],
      [`GET ${namespacesPath}`]: names('istio-system', 'shop', 'bank'),
      [`GET ${policiesPath}`]: [],
      [`GET ${webhooksPath('mutating')}`]: [],
      [`GET ${webhooksPath('validating')}`]: [],
      ...kube,
    },
  })
}
const writes = (io: ReturnType<typeof cluster>) => io.requests.filter(({method}) => method !== 'GET')

test('writes our policy in the root namespace, after a dry run, under our own field manager', async () => {
  const io = cluster()
  const outcome = await enforce(inputs, io.kube, rulingMeshes, io)
  expect(outcome).toMatchObject({changed: true, says: 'STRICT written to PeerAuthentication istio-system/default'})
  expect(writes(io).map(({method, path: at, options}) => [method, at, options])).toEqual([
    ['APPLY', path('istio-system'), {fieldManager: 'istio-mtls-action', dryRun: true}],
    ['APPLY', path('istio-system'), {fieldManager: 'istio-mtls-action', dryRun: false}],
  ])
  expect(writes(io).at(-1)?.body).toMatchObject({metadata: {name: 'default', labels: managedBy}, spec: {mtls: {mode: 'STRICT'}}})
})

test('reads root namespace and discovery from the ConfigMap of the control plane', async () => {
  const io = cluster({
    'GET /api/v1/namespaces/istio-system/configmaps/istio': {
      metadata: {namespace: 'istio-system', name: 'istio'},
      data: {mesh: 'rootNamespace: shop'},
    },
  })
  await enforce(inputs, io.kube, rulingMeshes, io)
  expect(writes(io).at(-1)?.path).toBe(path('shop'))
})

test('sends nothing when the mode is in force already', async () => {
  const io = cluster({[`GET ${policiesPath}`]: [{...legacy, spec: {mtls: {mode: 'STRICT'}}}]})
  expect(await enforce(inputs, io.kube, rulingMeshes, io)).toMatchObject({
    changed: false,
    says: 'nothing to do: istio-system: STRICT already, by PeerAuthentication legacy',
  })
  expect(writes(io)).toEqual([])
})

test('a take-over keeps the former spec, and holds only for the version that was read', async () => {
  const io = cluster({[`GET ${policiesPath}`]: [legacy]})
  const outcome = await enforce({...inputs, takeOver: true}, io.kube, rulingMeshes, io)
  const patch = {
    method: 'PATCH',
    path: path('istio-system', 'legacy'),
    body: {
      metadata: {resourceVersion: '41', labels: managedBy, annotations: {'istio-mtls/previous-spec': '{"mtls":{"mode":"PERMISSIVE"}}'}},
      spec: {mtls: {mode: 'STRICT'}},
    },
  }
  const fieldManager = 'istio-mtls-action'
  expect(writes(io)).toEqual([
    {...patch, options: {fieldManager, dryRun: true}},
    {...patch, options: {fieldManager, dryRun: false}},
  ])
  expect(outcome.notes.join()).toContain('istio-mtls/previous-spec')
})

test('a policy that Argo CD applies is never taken over: it would be written back behind a green run', async () => {
  const kept = {...legacy, metadata: {...legacy.metadata, managedFields: [{manager: 'argocd-controller', operation: 'Apply'}]}}
  const io = cluster({[`GET ${policiesPath}`]: [kept]})
  await expect(enforce({...inputs, takeOver: true}, io.kube, rulingMeshes, io)).rejects.toMatchObject({entry: 'policy-kept'})
  expect(writes(io)).toEqual([])
})

test('a second take-over keeps the first former spec', async () => {
  const annotations = {'istio-mtls/previous-spec': '{"mtls":{"mode":"DISABLE"}}'}
  const io = cluster({[`GET ${policiesPath}`]: [{...legacy, metadata: {...legacy.metadata, annotations}}]})
  await enforce({...inputs, takeOver: true}, io.kube, rulingMeshes, io)
  expect(writes(io)[0]?.body).toMatchObject({metadata: {annotations}})
})

test('a refusal of the second namespace leaves the first untouched', async () => {
  const io = cluster({[`APPLY ${path('bank')}`]: refusal(403, 'peerauthentications is forbidden')})
  await expect(enforce({...inputs, namespaces: ['shop', 'bank']}, io.kube, rulingMeshes, io)).rejects.toMatchObject({entry: 'permission'})
  expect(writes(io).every(({options}) => (options as {dryRun: boolean}).dryRun)).toBe(true)
})

test('a take-over that is refused leaves the policy before it untouched, too', async () => {
  const old = (namespace: string) => ({...legacy, metadata: {...legacy.metadata, namespace}})
  const io = cluster({
    [`GET ${policiesPath}`]: [old('shop'), old('bank')],
    [`PATCH ${path('shop', 'legacy')}`]: refusal(400, 'admission webhook "kyverno" denied the request'),
  })
  const wish = {...inputs, namespaces: ['bank', 'shop'], takeOver: true}
  await expect(enforce(wish, io.kube, rulingMeshes, io)).rejects.toMatchObject({entry: 'policy-refused'})
  expect(writes(io).length).toBeGreaterThan(0)
  expect(writes(io).every(({options}) => (options as {dryRun: boolean}).dryRun)).toBe(true)
})

test.each<[string, Error, string, RegExp]>([
  [
    'another manager keeps the field',
    refusal(409, 'Apply failed with 1 conflict: conflict with "argocd-controller" using security.istio.io/v1: .spec.mtls.mode'),
    'field-conflict',
    /`argocd-controller`/,
  ],
  ['the object moved on', refusal(409, 'the object has been modified'), 'changed-meanwhile', /changed while/],
  ['no right to write', refusal(403, 'is forbidden'), 'permission', /may not write/],
  [
    'a webhook with nothing behind it',
    refusal(500, 'failed calling webhook "validation.istio.io": no endpoints'),
    'stale-webhook',
    /did not answer/,
  ],
  ['a policy engine objects', refusal(403, 'admission webhook "kyverno" denied the request: no'), 'policy-refused', /kyverno/],
])('explains: %s', async (_, answer, entry, says) => {
  const io = cluster({[`APPLY ${path('istio-system')}`]: answer})
  const failure = await enforce(inputs, io.kube, rulingMeshes, io).catch((thrown) => thrown)
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({entry, message: expect.stringMatching(says)})
})

test.each<[string, Script['kube'], string]>([
  ['no Istio', {[`GET ${policiesPath}`]: refusal(404, 'the server could not find the requested resource')}, 'no-istio'],
  ['no right to look', {[`GET ${policiesPath}`]: refusal(403, 'forbidden')}, 'permission'],
])('stops before any change: %s', async (_, kube, entry) => {
  const io = cluster(kube)
  await expect(enforce(inputs, io.kube, rulingMeshes, io)).rejects.toMatchObject({entry})
  expect(writes(io)).toEqual([])
})

const claimant = (namespace: string) => ({...istiod, metadata: {...istiod.metadata, namespace}})
const leadingTo = (namespace: string) => [
  {
    metadata: {name: `istio-validator-${namespace}`, labels: {'istio.io/rev': 'default'}},
    webhooks: [{name: 'rev.validation.istio.io', clientConfig: {service: {namespace, name: 'istiod'}}}],
  },
]
const rootedIn = (root: string) => ({metadata: {name: 'istio', namespace: 'shop'}, data: {mesh: `rootNamespace: ${root}`}})

test('a Deployment that calls itself istiod steers no policy: it is named and not heeded', async () => {
  const io = cluster({
    [`GET ${istiodsPath}`]: [claimant('shop'), istiod],
    'GET /api/v1/namespaces/shop/configmaps/istio': rootedIn('bank'),
  })
  const outcome = await enforce(inputs, io.kube, rulingMeshes, io)
  expect(writes(io).map(({path: at}) => at)).toEqual([path('istio-system'), path('istio-system')])
  expect(outcome.notes.join()).toContain('Deployment shop/istiod claims to be a control plane')
})

test('an istiod elsewhere rules once a webhook configuration vouches for its namespace', async () => {
  const io = cluster({
    [`GET ${istiodsPath}`]: [claimant('shop')],
    [`GET ${webhooksPath('validating')}`]: leadingTo('shop'),
    'GET /api/v1/namespaces/shop/configmaps/istio': rootedIn('bank'),
  })
  await enforce(inputs, io.kube, rulingMeshes, io)
  expect(writes(io).at(-1)?.path).toBe(path('bank'))
})

test.each<[string, Script['kube'], string]>([
  ['nobody vouches for the only istiod', {[`GET ${istiodsPath}`]: [claimant('shop')]}, 'no-istio'],
  ['webhook configurations may not be read', {[`GET ${webhooksPath('mutating')}`]: refusal(403, 'forbidden')}, 'permission'],
])('trusts no label alone: %s', async (_, kube, entry) => {
  const io = cluster(kube)
  await expect(enforce(inputs, io.kube, rulingMeshes, io)).rejects.toMatchObject({entry})
  expect(writes(io)).toEqual([])
})

test.each<[string, Record<string, string>, string]>([
  ["by the .proto file's name", {istio: 'root_namespace: shop'}, 'default'],
  ['in the shared configuration', {shared: 'rootNamespace: shop'}, 'default'],
  ["of the revision in istiod's environment", {'istio-blue': 'rootNamespace: shop'}, 'blue'],
])('reads the root namespace as the snapshot does: %s', async (_, configs, revision) => {
  const env = [
    {name: 'REVISION', value: revision},
    {name: 'SHARED_MESH_CONFIG', value: 'shared'},
  ]
  const io = cluster({
    [`GET ${istiodsPath}`]: [{...istiod, spec: {template: {spec: {containers: [{name: 'discovery', env}]}}}}],
    ...Object.fromEntries(
      Object.entries(configs).map(([name, mesh]) => [
        `GET /api/v1/namespaces/istio-system/configmaps/${name}`,
        {metadata: {name, namespace: 'istio-system'}, data: {mesh}},
      ]),
    ),
  })
  await enforce(inputs, io.kube, rulingMeshes, io)
  expect(writes(io).at(-1)?.path).toBe(path('shop'))
})
