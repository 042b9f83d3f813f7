import {describe, expect, test} from '@jest/globals'
import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'
import {read} from '../../src/model/part.ts'
import type {Asked} from '../../src/model/snapshot.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {asked as anything} from '../helpers/fixture.ts'

const takenAt = '2026-11-22T18:00:00Z'
const asked: Asked = {...anything, scope: {namespaces: ['*'], exclude: []}}

describe('a snapshot from a bag of objects', () => {
  test('sorts each kind into its part', () => {
    const kinds: [string, string][] = [
      ['v1', 'Namespace'],
      ['v1', 'Service'],
      ['apps/v1', 'Deployment'],
      ['security.istio.io/v1', 'PeerAuthentication'],
      ['security.istio.io/v1beta1', 'AuthorizationPolicy'],
      ['security.istio.io/v1', 'RequestAuthentication'],
      ['networking.istio.io/v1alpha3', 'DestinationRule'],
      ['networking.istio.io/v1', 'ServiceEntry'],
      ['networking.istio.io/v1', 'WorkloadEntry'],
      ['networking.istio.io/v1', 'Sidecar'],
      ['networking.istio.io/v1', 'Gateway'],
      ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
      ['telemetry.istio.io/v1', 'Telemetry'],
    ]
    const roots = {...object('v1', 'ConfigMap'), metadata: {name: 'istio-ca-root-cert', namespace: 'shop'}}
    const snapshot = snapshotFrom(
      [...kinds.map(([apiVersion, kind]) => object(apiVersion, kind)), {...object('v1', 'Pod'), status: {}}, roots],
      asked,
      {takenAt},
    )
    const counts = Object.entries(snapshot).flatMap(([part, value]) => (Array.isArray(value?.value) ? [[part, value.value.length]] : []))
    expect(Object.fromEntries(counts)).toEqual({
      apiServerCalls: 0,
      mesh: 1,
      namespaces: 1,
      pods: 1,
      templates: 1,
      services: 1,
      policies: 1,
      destinationRules: 1,
      serviceEntries: 1,
      workloadEntries: 1,
      sidecars: 1,
      gateways: 1,
      envoyFilters: 1,
      authorizationPolicies: 1,
      requestAuthentications: 1,
      telemetries: 1,
      roots: 1,
    })
  })

  test("a Gateway of the Gateway API is none of Istio's", () => {
    expect(snapshotFrom([object('gateway.networking.k8s.io/v1', 'Gateway')], asked, {takenAt}).gateways).toEqual(read([]))
  })

  test('ReplicaSets at hand decide what a pod belongs to', () => {
    const owned = (kind: string, name: string, by: string, owner: string): KubeObject => ({
      ...object(kind === 'Pod' ? 'v1' : 'apps/v1', kind),
      metadata: {name, namespace: 'shop', ownerReferences: [{apiVersion: 'apps/v1', kind: by, name: owner, uid: 'u', controller: true}]},
      status: {},
    })
    const {pods, templates} = snapshotFrom(
      [owned('Pod', 'p', 'ReplicaSet', 'cart-1'), owned('ReplicaSet', 'cart-1', 'Deployment', 'cart')],
      asked,
      {takenAt},
    )
    expect(pods).toMatchObject({value: [{workload: {kind: 'Deployment', name: 'cart'}}]})
    expect(templates).toEqual(read([]))
  })

  test('what only a cluster can answer is unread, and the caller may fill it in', () => {
    const snapshot = snapshotFrom([], asked, {takenAt})
    expect([snapshot.cluster.read, snapshot.validation.read, snapshot.probes.read]).toEqual([false, false, false])
    const filled = read({by: 'api-server' as const, controls: [], reachable: [], ports: []})
    expect(snapshotFrom([], asked, {takenAt, probes: filled}).probes).toBe(filled)
  })

  test('an unreadable mesh configuration leaves its part unread', () => {
    const broken = {...object('v1', 'ConfigMap'), metadata: {name: 'istio', namespace: 'istio-system'}, data: {mesh: 'a: ['}}
    expect(snapshotFrom([broken], asked, {takenAt}).mesh).toMatchObject({read: false, reason: expect.stringContaining('is no YAML')})
  })

  test("manifests: a mesh configuration or istiod in a team's namespace counts only where a webhook among them vouches for it", () => {
    const claims: KubeObject[] = [
      {
        ...object('v1', 'ConfigMap'),
        metadata: {name: 'istio-x', namespace: 'shop'},
        data: {mesh: 'rootNamespace: bank'},
        file: 'shop.yaml',
        line: 7,
      },
      {...object('apps/v1', 'Deployment'), metadata: {name: 'istiod-x', namespace: 'shop', labels: {app: 'istiod', 'istio.io/rev': 'x'}}},
    ]
    const manifests = {...asked, manifests: true}
    const alone = snapshotFrom(claims, manifests, {takenAt})
    expect(alone.mesh).toMatchObject({value: [{namespace: 'istio-system', rootNamespace: 'istio-system'}]})
    expect(alone.controlPlane).toMatchObject({
      value: {
        istiods: [],
        impostors: [
          {kind: 'Deployment', namespace: 'shop', name: 'istiod-x'},
          {kind: 'ConfigMap', namespace: 'shop', name: 'istio-x', file: 'shop.yaml', line: 7},
        ],
      },
    })
    const voucher = {
      ...object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'),
      metadata: {name: 'istio-sidecar-injector-x', labels: {'istio.io/rev': 'x'}},
      webhooks: [{name: 'rev.object.sidecar-injector.istio.io', clientConfig: {service: {namespace: 'shop', name: 'istiod-x'}}}],
    }
    const vouched = snapshotFrom([...claims, voucher], manifests, {takenAt})
    expect(vouched.mesh).toMatchObject({value: [{namespace: 'shop', rootNamespace: 'bank', revision: 'x'}]})
    expect(vouched.controlPlane).toMatchObject({value: {istiods: [{name: 'istiod-x'}], impostors: []}})
  })

  test('a bare pod of a manifest is the template of a pod to be created, a live one is a pod', () => {
    const pod = object('v1', 'Pod')
    const manifests = snapshotFrom([pod], {...asked, manifests: true}, {takenAt})
    expect([manifests.pods, manifests.templates]).toMatchObject([{value: []}, {value: [{kind: 'Pod', name: 'a'}]}])
    expect(snapshotFrom([pod], asked, {takenAt}).pods).toMatchObject({value: [{name: 'a'}]})
  })

  test('no object, however odd, makes it throw', () => {
    const kinds = [
      'Pod',
      'Deployment',
      'CronJob',
      'Service',
      'Namespace',
      'ConfigMap',
      'PeerAuthentication',
      'EnvoyFilter',
      'MutatingWebhookConfiguration',
      'EndpointSlice',
    ]
    const field = fc.oneof({depthSize: 'medium'}, fc.jsonValue(), oddSpec())
    const odd = fc.record({
      apiVersion: fc.constantFrom('v1', 'apps/v1', 'batch/v1', 'security.istio.io/v1', 'networking.istio.io/v1', undefined),
      kind: fc.constantFrom(...kinds),
      metadata: field,
      spec: field,
      status: field,
      data: fc.oneof(fc.jsonValue(), fc.record({mesh: fc.string()})),
      webhooks: field,
      endpoints: field,
    })
    fc.assert(
      fc.property(fc.array(odd), fc.boolean(), (objects, manifests) => {
        const snapshot = snapshotFrom(objects as unknown as KubeObject[], {...asked, manifests}, {takenAt})
        expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
      }),
    )
  })
})

/** Known field names with values of any type: reaches deeper than random JSON. */
function oddSpec(): fc.Arbitrary<unknown> {
  const names = [
    'name',
    'namespace',
    'labels',
    'annotations',
    'ownerReferences',
    'containers',
    'initContainers',
    'ports',
    'env',
    'args',
    'template',
    'spec',
    'metadata',
  ]
  const deeper = [
    'jobTemplate',
    'selector',
    'matchLabels',
    'mtls',
    'portLevelMtls',
    'configPatches',
    'patch',
    'value',
    'clientConfig',
    'service',
    'state',
    'podIPs',
    'conditions',
  ]
  return fc.letrec((tie) => ({
    value: fc.oneof(
      {maxDepth: 5},
      fc.constantFrom(null, 1, true, 'x', 'istio-proxy'),
      fc.array(tie('value'), {maxLength: 3}),
      tie('object'),
    ),
    object: fc.dictionary(fc.constantFrom(...names, ...deeper, '__proto__', 'proxy.istio.io/config'), tie('value'), {maxKeys: 5}),
  })).object
}

function object(apiVersion: string, kind: string): KubeObject {
  return {apiVersion, kind, metadata: {name: 'a', namespace: 'shop'}, spec: {}}
}
