import {describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import type {KubeObject} from '../../src/io/io.ts'
import type {MtlsMode} from '../../src/model/policy.ts'
import {readyEndpoints} from '../../src/observe/endpoint-slices.ts'
import {istioObjectFrom} from '../../src/observe/project-istio.ts'
import {istiodFrom} from '../../src/observe/project-istiod.ts'
import {namespaceFrom} from '../../src/observe/project-namespace.ts'
import {peerAuthenticationFrom} from '../../src/observe/project-policy.ts'
import {serviceFrom} from '../../src/observe/project-service.ts'
import {templateFrom} from '../../src/observe/project-template.ts'
import {webhooksFrom} from '../../src/observe/project-webhook.ts'

describe('PeerAuthentication', () => {
  test.each<[string, string, MtlsMode]>([
    ['rule 6: no mtls', '{}', 'UNSET'],
    ['rule 6: an empty mtls', '{mtls: {}}', 'UNSET'],
    ['rule 6: UNSET', '{mtls: {mode: UNSET}}', 'UNSET'],
    ['STRICT', '{mtls: {mode: STRICT}}', 'STRICT'],
    ['PERMISSIVE', '{mtls: {mode: PERMISSIVE}}', 'PERMISSIVE'],
    ['DISABLE', '{mtls: {mode: DISABLE}}', 'DISABLE'],
    ['a mode the CRD refuses', '{mtls: {mode: strict}}', 'UNSET'],
    ['mtls of a wrong type', '{mtls: [STRICT]}', 'UNSET'],
  ])('%s', (_title, spec, mode) => {
    expect(peerAuthenticationFrom(object('PeerAuthentication', spec)).mode).toBe(mode)
  })

  test.each([
    ['absent', '{}', null],
    ['null', '{selector: null}', null],
    ['rule 8: present and empty', '{selector: {}}', {}],
    ['rule 8: matchExpressions alone', '{selector: {matchExpressions: []}}', {}],
    ['labels', '{selector: {matchLabels: {app: cart}}}', {app: 'cart'}],
  ])('selector %s', (_title, spec, selector) => {
    expect(peerAuthenticationFrom(object('PeerAuthentication', spec)).selector).toEqual(selector)
  })

  test('ports by container port', () => {
    const spec = '{selector: {matchLabels: {a: b}}, portLevelMtls: {8080: {mode: DISABLE}, "9090": {}}}'
    expect(peerAuthenticationFrom(object('PeerAuthentication', spec)).ports).toEqual({'8080': 'DISABLE', '9090': 'UNSET'})
  })

  test('file and line of a manifest are kept, those of a cluster do not exist', () => {
    expect(peerAuthenticationFrom({...object('PeerAuthentication', '{}'), file: 'a.yaml', line: 7})).toMatchObject({
      file: 'a.yaml',
      line: 7,
    })
    expect(peerAuthenticationFrom(object('PeerAuthentication', '{}'))).not.toHaveProperty('file')
  })
})

describe('other Istio objects', () => {
  test('a DestinationRule keeps its spec as written', () => {
    expect(istioObjectFrom(object('DestinationRule', '{host: a, trafficPolicy: {tls: {}}}'))).toMatchObject({
      kind: 'DestinationRule',
      namespace: 'shop',
      spec: {host: 'a', trafficPolicy: {tls: {}}},
    })
  })

  test('an EnvoyFilter keeps what it touches and no text that could be a secret', () => {
    const filter = istioObjectFrom(
      object(
        'EnvoyFilter',
        `
workloadSelector: {labels: {app: cart}}
configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND, listener: {portNumber: 8080}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.lua
        typed_config: {"@type": type.googleapis.com/lua, inline_code: hunter2, port: 7, on: true, headers: [hunter2]}
`,
      ),
    )
    expect(filter.spec).toEqual({
      workloadSelector: {labels: {app: 'cart'}},
      configPatches: [
        {
          applyTo: 'HTTP_FILTER',
          match: {context: 'SIDECAR_INBOUND', listener: {portNumber: 8080}},
          patch: {
            operation: 'INSERT_BEFORE',
            value: {
              name: 'envoy.filters.http.lua',
              typed_config: {'@type': 'type.googleapis.com/lua', inline_code: '', port: 7, on: true, headers: ['']},
            },
          },
        },
      ],
    })
  })

  test('inline keys of a RequestAuthentication stay behind', () => {
    const {spec} = istioObjectFrom(
      object('RequestAuthentication', '{jwtRules: [{issuer: a, jwks: hunter2}, {issuer: b, jwksUri: "https://b"}]}'),
    )
    expect(spec).toEqual({
      jwtRules: [
        {issuer: 'a', jwks: '(inline)'},
        {issuer: 'b', jwksUri: 'https://b'},
      ],
    })
  })
})

test('an AuthorizationPolicy keeps the keys of its conditions, and masks what headers are compared with', () => {
  const {spec} = istioObjectFrom(
    object(
      'AuthorizationPolicy',
      `
action: ALLOW
rules:
  - {}
  - from: [{source: {principals: [a]}}]
    when:
      - {key: "request.headers[x-api-key]", values: [hunter2, hunter3], notValues: [hunter2]}
      - {key: source.namespace, values: [shop]}
`,
    ),
  )
  expect(spec).toEqual({
    action: 'ALLOW',
    rules: [
      {},
      {
        from: [{source: {principals: ['a']}}],
        when: [
          {key: 'request.headers[x-api-key]', values: ['(masked)', '(masked)'], notValues: ['(masked)']},
          {key: 'source.namespace', values: ['shop']},
        ],
      },
    ],
  })
})

describe('Service', () => {
  test('targetPort: a number, a name, or the port itself', () => {
    const {ports} = serviceFrom(
      object(
        'Service',
        '{ports: [{port: 80, targetPort: 8080}, {port: 81, targetPort: web, name: b, appProtocol: http}, {port: 82, protocol: UDP, nodePort: 30000}, {port: 0}]}',
      ),
    )
    expect(ports).toEqual([
      {name: '', port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: '', nodePort: 0},
      {name: 'b', port: 81, targetPort: 'web', protocol: 'TCP', appProtocol: 'http', nodePort: 0},
      {name: '', port: 82, targetPort: 82, protocol: 'UDP', appProtocol: '', nodePort: 30000},
    ])
  })

  test.each([
    ['none', '{}', null],
    ['empty', '{selector: {}}', {}],
    ['labels', '{selector: {app: cart}}', {app: 'cart'}],
  ])('selector: %s', (_title, spec, selector) => {
    expect(serviceFrom(object('Service', spec)).selector).toEqual(selector)
  })

  test('type and addresses', () => {
    expect(serviceFrom(object('Service', '{clusterIP: None}'))).toMatchObject({type: 'ClusterIP', clusterIP: 'None', externalName: ''})
    expect(serviceFrom(object('Service', '{type: ExternalName, externalName: db.example}'))).toMatchObject({
      type: 'ExternalName',
      externalName: 'db.example',
    })
  })
})

describe('pod templates', () => {
  const template =
    '{metadata: {labels: {app: cart}, annotations: {sidecar.istio.io/inject: "true", secret: hunter2}}, spec: {hostNetwork: true}}'

  test.each([
    ['Deployment', `{replicas: 3, selector: {matchLabels: {app: cart}}, template: ${template}}`, 3],
    ['StatefulSet', `{replicas: 0, selector: {matchLabels: {app: cart}}, template: ${template}}`, 0],
    ['Job', `{selector: {matchLabels: {app: cart}}, template: ${template}}`, 1],
    ['CronJob', `{selector: {matchLabels: {app: cart}}, jobTemplate: {spec: {template: ${template}}}}`, 1],
  ])('%s', (kind, spec, replicas) => {
    expect(templateFrom(object(kind, spec))).toMatchObject({
      kind,
      replicas,
      selector: {app: 'cart'},
      pod: {hostNetwork: true, labels: {app: 'cart'}, annotations: {'sidecar.istio.io/inject': 'true'}},
    })
  })

  test('a DaemonSet counts the nodes it runs on', () => {
    const daemons = {...object('DaemonSet', `{template: ${template}}`), status: {desiredNumberScheduled: 5, numberReady: 4}}
    expect(templateFrom(daemons)).toMatchObject({replicas: 5, readyReplicas: 4})
  })

  test.each([
    ['ReplicaSet', 'Deployment', true],
    ['ReplicaSet', 'Rollout', false],
    ['Job', 'CronJob', true],
    ['StatefulSet', 'Prometheus', false],
    ['Deployment', 'Gateway', false],
  ])('a %s of a %s is left out: %s', (kind, owner, leftOut) => {
    const owned = object(kind, `{template: ${template}}`)
    owned.metadata.ownerReferences = [{apiVersion: 'v1', kind: owner, name: 'x', uid: 'u', controller: true}]
    expect(templateFrom(owned) === null).toBe(leftOut)
  })

  test('items of a list carry no kind: the reader gives it', () => {
    const {kind: _, ...item} = object('Deployment', `{template: ${template}}`)
    expect(templateFrom(item as KubeObject, 'Deployment')?.kind).toBe('Deployment')
  })
})

describe('istiod', () => {
  test('revision, version, switches; no other environment', () => {
    expect(istiodFrom(istiod('docker.io/istio/pilot:1.31.1-distroless', {'istio.io/rev': 'canary'}))).toMatchObject({
      revision: 'canary',
      version: '1.31.1',
      replicas: 2,
      readyReplicas: 1,
      env: {PILOT_ENABLE_AMBIENT: 'true', SHARED_MESH_CONFIG: 'shared'},
    })
    expect(JSON.stringify(istiodFrom(istiod('pilot:1', {})))).not.toContain('hunter2')
  })

  test.each([
    ['registry.example:5000/istio/pilot:1.30.2', '1.30.2'],
    ['pilot:v1.29.0-debug', '1.29.0'],
    ['pilot:1.31.1@sha256:0123', '1.31.1'],
    ['pilot@sha256:0123', '1.28.0'],
    ['pilot:latest', '1.28.0'],
  ])('version of image %s', (image, version) => {
    expect(istiodFrom(istiod(image, {'app.kubernetes.io/version': '1.28.0'}))?.version).toBe(version)
  })

  test('another Deployment is none', () => {
    expect(istiodFrom(object('Deployment', '{}'))).toBeNull()
  })

  function istiod(image: string, labels: Record<string, string>): KubeObject {
    const env = '[{name: PILOT_ENABLE_AMBIENT, value: "true"}, {name: SHARED_MESH_CONFIG, value: shared}, {name: PASSWORD, value: hunter2}]'
    const deployment = object(
      'Deployment',
      `{replicas: 2, template: {spec: {containers: [{name: x}, {name: discovery, image: "${image}", env: ${env}}]}}}`,
    )
    return {...deployment, metadata: {...deployment.metadata, labels: {app: 'istiod', ...labels}}, status: {readyReplicas: 1}}
  }
})

describe('webhooks', () => {
  const configuration = parse(`
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default, istio.io/tag: prod}}
webhooks:
  - name: rev.namespace.sidecar-injector.istio.io
    clientConfig: {service: {namespace: istio-system, name: istiod, path: /inject, port: 443}, caBundle: QUJD}
    namespaceSelector: {matchExpressions: [{key: istio.io/rev, operator: In, values: [default]}, {key: istio-injection, operator: DoesNotExist}]}
  - name: url.sidecar-injector.istio.io
    failurePolicy: Ignore
    clientConfig: {url: "https://istiod.example/inject"}
`) as KubeObject

  test('each with its selectors, its target and its trust', () => {
    const [first, second] = webhooksFrom(configuration)
    expect(first).toEqual({
      configuration: 'istio-sidecar-injector',
      type: 'mutating',
      name: 'rev.namespace.sidecar-injector.istio.io',
      revision: 'default',
      tag: 'prod',
      namespaceSelector: {
        matchExpressions: [
          {key: 'istio.io/rev', operator: 'In', values: ['default']},
          {key: 'istio-injection', operator: 'DoesNotExist'},
        ],
      },
      objectSelector: {},
      failurePolicy: 'Fail',
      target: 'istio-system/istiod:443/inject',
      service: {namespace: 'istio-system', name: 'istiod'},
      caBundle: 'QUJD',
    })
    expect(second).toMatchObject({failurePolicy: 'Ignore', target: 'https://istiod.example/inject', service: null})
  })

  test('those of others are left out', () => {
    const others = {...configuration, metadata: {name: 'cert-manager'}, webhooks: [{name: 'webhook.cert-manager.io'}, {name: 'x.istio.io'}]}
    expect(webhooksFrom(others).map(({name}) => name)).toEqual(['x.istio.io'])
  })

  test('items of a list carry no kind: the reader gives it', () => {
    expect(webhooksFrom(configuration, 'ValidatingWebhookConfiguration')[0]?.type).toBe('validating')
  })
})

test('ready pods behind a Service: each once over families, unready ones not', () => {
  const slice = (addresses: string[], ready?: boolean, pod = 'a'): KubeObject => ({
    ...object('EndpointSlice', '{}'),
    metadata: {name: 's', namespace: 'istio-system', labels: {'kubernetes.io/service-name': 'istiod'}},
    endpoints: [{addresses, conditions: ready === undefined ? {} : {ready}, targetRef: {name: pod}}],
  })
  expect(
    readyEndpoints([
      slice(['10.0.0.1'], true),
      slice(['fd00::1'], true),
      slice(['10.0.0.2'], false, 'b'),
      slice(['10.0.0.3'], undefined, 'c'),
    ]),
  ).toEqual({
    'istio-system/istiod': 2,
  })
  expect(readyEndpoints([slice(['10.0.0.1'], false)])).toEqual({'istio-system/istiod': 0})
})

test('a namespace', () => {
  const namespace = {...object('Namespace', '{}'), metadata: {name: 'shop', labels: {'istio-injection': 'enabled'}}}
  expect(namespaceFrom(namespace)).toEqual({
    name: 'shop',
    uid: '',
    phase: 'Active',
    labels: {'istio-injection': 'enabled'},
    annotations: {},
  })
  expect(namespaceFrom({...namespace, status: {phase: 'Terminating'}}).phase).toBe('Terminating')
})

function object(kind: string, spec: string): KubeObject {
  return {apiVersion: 'v1', kind, metadata: {name: 'a', namespace: 'shop'}, spec: parse(spec)}
}
