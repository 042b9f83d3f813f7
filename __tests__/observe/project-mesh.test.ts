import {describe, expect, test} from '@jest/globals'
import type {KubeObject} from '../../src/io/io.ts'
import type {Mesh} from '../../src/model/mesh.ts'
import {defaultMesh, isMeshConfig, meshFrom} from '../../src/observe/project-mesh.ts'

test('an empty configuration gives the defaults of Istio (DefaultMeshConfig)', () => {
  expect(meshFrom(configMap('istio', ''))).toEqual({
    revision: 'default',
    namespace: 'istio-system',
    rootNamespace: 'istio-system',
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    enableAutoMtls: true,
    discoverySelectors: [],
    minProtocolVersion: 'TLSV1_2',
    accessLogFile: '',
    outboundTrafficPolicy: 'ALLOW_ANY',
    caCertificates: 0,
    drainDurationSeconds: 45,
    defaultConfigInterceptionMode: 'REDIRECT',
  })
})

test.each<[string, string, Partial<Mesh>]>([
  ['rule 5: the root namespace', 'rootNamespace: mesh-config', {rootNamespace: 'mesh-config'}],
  [
    'names as in the .proto file',
    'root_namespace: mesh-config\nenable_auto_mtls: false',
    {rootNamespace: 'mesh-config', enableAutoMtls: false},
  ],
  ['auto mTLS switched off', 'enableAutoMtls: false', {enableAutoMtls: false}],
  ['rule 19: the TLS floor', 'meshMTLS: {minProtocolVersion: TLSV1_3}', {minProtocolVersion: 'TLSV1_3'}],
  ['the floor left to Istio', 'meshMTLS: {minProtocolVersion: TLS_AUTO}', {minProtocolVersion: 'TLSV1_2'}],
  ['aliases, once and sorted', 'trustDomainAliases: [b, a, b]', {trustDomainAliases: ['a', 'b']}],
  [
    'the drain time',
    'defaultConfig: {drainDuration: 5s, interceptionMode: TPROXY}',
    {drainDurationSeconds: 5, defaultConfigInterceptionMode: 'TPROXY'},
  ],
  ['outbound traffic', 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}', {outboundTrafficPolicy: 'REGISTRY_ONLY'}],
  [
    'rule 4: discovery selectors',
    'discoverySelectors: [{matchLabels: {team: a}}, {matchExpressions: [{key: env, operator: In, values: [prod]}]}]',
    {discoverySelectors: [{matchLabels: {team: 'a'}}, {matchExpressions: [{key: 'env', operator: 'In', values: ['prod']}]}]},
  ],
  [
    'wrong types read as absent',
    'rootNamespace: 7\ntrustDomain: [x]\ndiscoverySelectors: no',
    {rootNamespace: 'istio-system', trustDomain: 'cluster.local', discoverySelectors: []},
  ],
])('%s', (_title, text, expected) => {
  expect(meshFrom(configMap('istio', text))).toMatchObject(expected)
})

describe('whose configuration it is (getMeshConfigMapName)', () => {
  test.each([
    ['istio', 'default'],
    ['istio-canary', 'canary'],
    ['istio-1-31-1', '1-31-1'],
  ])('ConfigMap %s belongs to revision %s', (name, revision) => {
    expect(meshFrom(configMap(name, '')).revision).toBe(revision)
  })

  test.each([
    ['istio', {mesh: ''}, true],
    ['istio-canary', {mesh: ''}, true],
    ['istio-ca-root-cert', {'root-cert.pem': ''}, false],
    ['mesh', {mesh: ''}, false],
  ])('%s with %j', (name, data, expected) => {
    expect(isMeshConfig({...configMap(name, ''), data})).toBe(expected)
  })

  test('without any: the defaults under the revision asked for', () => {
    expect(defaultMesh('canary').revision).toBe('canary')
    expect(defaultMesh('').revision).toBe('default')
  })
})

test('a shared configuration yields field by field, proxy settings merge and aliases add up (ApplyMeshConfig)', () => {
  const own = configMap('istio', 'rootNamespace: own\ndefaultConfig: {drainDuration: 5s}\ntrustDomainAliases: [a]')
  const shared = configMap(
    'shared',
    'rootNamespace: shared\ntrustDomain: shared\ndefaultConfig: {drainDuration: 9s, interceptionMode: TPROXY}\ntrustDomainAliases: [b]',
  )
  expect(meshFrom(own, shared)).toMatchObject({
    rootNamespace: 'own',
    trustDomain: 'shared',
    drainDurationSeconds: 5,
    defaultConfigInterceptionMode: 'TPROXY',
    trustDomainAliases: ['a', 'b'],
  })
})

test.each([
  ['no YAML', 'a: [', /^the key `mesh` of ConfigMap istio-system\/istio is no YAML: /],
  ['no fields', '- a', /^the key `mesh` of ConfigMap istio-system\/istio is no mesh configuration: it holds no fields$/],
])('%s is an error in one sentence, never a default', (_title, text, message) => {
  expect(() => meshFrom(configMap('istio', text))).toThrow(message)
})

function configMap(name: string, mesh: string): KubeObject {
  return {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name, namespace: 'istio-system'}, data: {mesh}}
}
