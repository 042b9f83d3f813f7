import {namespacesPath, policiesPath} from '../../src/enforce/found.ts'
import {applyPolicies} from '../../src/enforce/policies.ts'
import {isSame} from '../../src/enforce/policy-difference.ts'
import {inSafeOrder} from '../../src/enforce/policy-order.ts'
import {inputsFrom} from '../../src/inputs.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {readPolicies} from '../../src/observe/policy-files.ts'
import {rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const {inputs} = inputsFrom({HOME: '/root'})
const groups: Record<string, string> = {DestinationRule: 'networking', Sidecar: 'networking', Telemetry: 'telemetry'}

function policy(kind: string, name: string, spec: object = {}, namespace = 'shop'): KubeObject {
  const apiVersion = `${groups[kind] ?? 'security'}.istio.io/v1`
  return {apiVersion, kind, metadata: {name, namespace}, spec, file: 'p.yaml', line: 3}
}

const rules = [{from: [{source: {principals: ['x']}}]}]

test('policies are applied in the order that cuts nobody off', () => {
  const mixed = [
    policy('AuthorizationPolicy', 'shut', {}),
    policy('AuthorizationPolicy', 'shut-root', {}, 'istio-system'),
    policy('AuthorizationPolicy', 'deny', {action: 'DENY', rules}),
    policy('AuthorizationPolicy', 'custom', {action: 'CUSTOM', rules}),
    policy('AuthorizationPolicy', 'allow', {rules}),
    policy('RequestAuthentication', 'tokens', {}),
    policy('PeerAuthentication', 'strict-root', {mtls: {mode: 'STRICT'}}, 'istio-system'),
    policy('PeerAuthentication', 'strict', {mtls: {mode: 'STRICT'}}),
    policy('PeerAuthentication', 'strict-port', {portLevelMtls: {8080: {mode: 'STRICT'}}}),
    policy('PeerAuthentication', 'exception', {mtls: {mode: 'PERMISSIVE'}}),
    policy('DestinationRule', 'send', {}),
    policy('Sidecar', 'egress', {}),
    policy('Telemetry', 'logs', {}),
  ]
  const order = inSafeOrder(mixed, ['istio-system']).map(({metadata}) => metadata.name)
  expect(order).toEqual([
    'logs',
    'egress',
    'send',
    'exception',
    'strict',
    'strict-port',
    'strict-root',
    'tokens',
    'allow',
    'deny',
    'custom',
    'shut',
    'shut-root',
  ])
})

test.each<[string, Partial<KubeObject['metadata']> & {spec?: object}, boolean]>([
  ['another version of the same', {resourceVersion: '9', generation: 2}, true],
  ['fields set at another time', {managedFields: [{manager: 'ours', time: 'later'} as {manager: string}]}, true],
  ['another spec', {spec: {action: 'DENY'}}, false],
  ['another label', {labels: {a: 'b'}}, false],
  ['fields of another manager', {managedFields: [{manager: 'theirs'}]}, false],
])('a change or none: %s', (_, {spec, ...metadata}, same) => {
  const before = policy('AuthorizationPolicy', 'p', {action: 'ALLOW'})
  before.metadata = {...before.metadata, managedFields: [{manager: 'ours'}], resourceVersion: '1', generation: 1}
  const after = {...before, ...(spec === undefined ? {} : {spec}), metadata: {...before.metadata, ...metadata}}
  expect(isSame(before, after)).toBe(same)
})

const files = (text: string) => fakeIo({files: {'mesh/p.yaml': text}})
const yaml = (kind: string, metadata = '{name: p, namespace: shop}', version = 'security.istio.io/v1') =>
  `# first line\napiVersion: ${version}\nkind: ${kind}\nmetadata: ${metadata}\nspec: {}\n`

test.each<[string, string, RegExp]>([
  ['another kind', yaml('VirtualService'), /line 2: `VirtualService` is none of the kinds/],
  ['a kind misspelt', yaml('PeerAuthentification'), /did you mean `PeerAuthentication`/],
  ['a kind of another group', yaml('AuthorizationPolicy', undefined, 'policy.example.com/v1'), /must be of `security.istio.io`/],
  ['no namespace', yaml('AuthorizationPolicy', '{name: p}'), /names no namespace/],
  ['a generated name', yaml('AuthorizationPolicy', '{generateName: p-, namespace: shop}'), /generateName/],
  ['written twice', `${yaml('AuthorizationPolicy')}---\n${yaml('AuthorizationPolicy')}`, /a second time \(first in mesh\/p.yaml, line 2\)/],
  ['no Kubernetes object', 'replicas: 3\n', /no Kubernetes object/],
  ['a template', '{{- if .Values.mesh }}\nkind: PeerAuthentication\n{{- end }}\n', /not YAML/],
])('a file is refused with its line: %s', async (_, text, says) => {
  const io = files(text)
  await expect(readPolicies(['mesh'], io)).rejects.toThrow(says)
})

test('all mistakes of all files are said at once, each at its line', async () => {
  const io = fakeIo({files: {'mesh/a.yaml': yaml('Service'), 'mesh/b.yaml': `${yaml('AuthorizationPolicy')}---\n${yaml('Secret')}`}})
  await expect(readPolicies(['mesh'], io)).rejects.toThrow(/2 mistakes/)
  expect(io.annotations.map(({level, file, line}) => [level, file, line])).toEqual([
    ['error', 'mesh/a.yaml', 2],
    ['error', 'mesh/b.yaml', 8],
  ])
})

test('a path that names nothing is a mistake, and what fits is read with its place', async () => {
  await expect(readPolicies(['nowhere'], files(''))).rejects.toMatchObject({entry: 'policies-file'})
  const {policies} = await readPolicies(['mesh/*.yaml'], files(yaml('AuthorizationPolicy')))
  expect(policies).toMatchObject([{kind: 'AuthorizationPolicy', file: 'mesh/p.yaml', line: 2, metadata: {namespace: 'shop'}}])
})

const istiod = {
  metadata: {name: 'istiod', namespace: 'istio-system', labels: {app: 'istiod', 'istio.io/rev': 'default'}},
  status: {readyReplicas: 1},
}
const webhooksPath = (type: string) => `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`
const telemetriesPath = '/apis/telemetry.istio.io/v1/telemetries'
const allow = policy('AuthorizationPolicy', 'allow', {rules})
const allowPath = '/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/allow'

function cluster(kube: Script['kube'] = {}) {
  return fakeIo({
    kube: {
      'GET /apis/apps/v1/deployments?labelSelector=app%3Distiod': [istiod],
      [`GET ${namespacesPath}`]: ['istio-system', 'shop', 'bank'].map((name) => ({metadata: {name}, status: {phase: 'Active'}})),
      [`GET ${policiesPath}`]: [],
      [`GET ${telemetriesPath}`]: [],
      [`GET ${webhooksPath('mutating')}`]: [],
      [`GET ${webhooksPath('validating')}`]: [],
      ...kube,
    },
  })
}
const writes = (io: ReturnType<typeof cluster>) =>
  io.requests.filter(({method}) => method !== 'GET').map(({path, options}) => [path, (options as {dryRun?: boolean}).dryRun ?? false])
const apply = (io: ReturnType<typeof cluster>, policies: KubeObject[], wish: Partial<typeof inputs> = {}) =>
  applyPolicies({...inputs, ...wish}, policies, io.kube, rulingMeshes, io)

test('every policy is tried before the first is written, under a manager of its own', async () => {
  const io = cluster()
  const other = policy('PeerAuthentication', 'exception', {mtls: {mode: 'PERMISSIVE'}})
  const outcome = await apply(io, [allow, other])
  const otherPath = '/apis/security.istio.io/v1/namespaces/shop/peerauthentications/exception'
  expect(writes(io)).toEqual([
    [otherPath, true],
    [allowPath, true],
    [otherPath, false],
    [allowPath, false],
  ])
  expect(outcome).toMatchObject({changed: true, says: 'PeerAuthentication shop/exception, AuthorizationPolicy shop/allow applied'})
  expect(io.requests.at(-1)).toMatchObject({
    body: {metadata: {labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'}}, spec: {rules}},
    options: {fieldManager: 'istio-mtls-action-policies'},
  })
  expect(io.changes.begun()).toBe(2)
})

const ours = {'app.kubernetes.io/managed-by': 'istio-mtls-action'}
const others = 'istio-mtls/made-by-others'

test.each<[string, {labels?: object; annotations?: object} | null, string | undefined]>([
  ['there is none yet', null, undefined],
  ['we made it before', {labels: ours}, undefined],
  ['others made it', {}, 'true'],
  ['others made it, with a mark of their own', {labels: {'app.kubernetes.io/managed-by': 'Helm'}}, 'true'],
  ['others made it, and we applied to it before', {labels: ours, annotations: {[others]: 'true'}}, 'true'],
])('who made a policy is written down when it is first applied to, for an uninstall to know: %s', async (_, metadata, mark) => {
  const found = metadata === null ? refusal(404, 'none') : {...allow, metadata: {...allow.metadata, ...metadata}, spec: {}}
  const io = cluster({[`GET ${allowPath}`]: found})
  await apply(io, [{...allow, metadata: {...allow.metadata, annotations: {note: 'theirs'}}}])
  const sent = io.requests.filter(({path, method}) => path === allowPath && method === 'APPLY')
  expect(sent.map(({body}) => (body as KubeObject).metadata.annotations)).toEqual(
    Array(2).fill({note: 'theirs', ...(mark === undefined ? {} : {[others]: mark})}),
  )
})

test('a policy that the user marks otherwise is found again as it was sent, and no policy of others', async () => {
  const marked = {...allow, metadata: {...allow.metadata, labels: {'app.kubernetes.io/managed-by': 'team-a'}}}
  const {file: _file, line: _line, ...held} = marked
  const io = cluster({[`GET ${allowPath}`]: held, [`APPLY ${allowPath}`]: (body: unknown) => body})
  expect(await apply(io, [marked])).toMatchObject({changed: false})
})

test('what is in force already is not sent', async () => {
  const held = {...allow, metadata: {...allow.metadata, resourceVersion: '7', labels: ours}}
  const io = cluster({[`GET ${allowPath}`]: held, [`APPLY ${allowPath}`]: {...held, metadata: {...held.metadata, resourceVersion: '8'}}})
  expect(await apply(io, [allow])).toMatchObject({changed: false, says: 'nothing to do: 1 in force already'})
  expect(writes(io)).toEqual([[allowPath, true]])
  expect(io.changes.begun()).toBe(0)
})

test.each<[string, KubeObject, Partial<typeof inputs>, Script['kube'], string, RegExp]>([
  [
    'one that the API server refuses',
    allow,
    {},
    {[`APPLY ${allowPath}`]: refusal(400, 'unknown field "rule"')},
    'policy-refused',
    /`p.yaml`, line 3.*unknown field/,
  ],
  [
    'fields of another manager',
    allow,
    {},
    {[`APPLY ${allowPath}`]: refusal(409, 'conflict with "argocd" using security.istio.io/v1')},
    'field-conflict',
    /`argocd`/,
  ],
  [
    'a namespace that is being deleted, which is no matter of permissions',
    allow,
    {},
    {[`APPLY ${allowPath}`]: refusal(403, 'unable to create new content in namespace shop because it is being terminated')},
    'namespace-terminating',
    /is being deleted/,
  ],
  ['a quota', allow, {}, {[`APPLY ${allowPath}`]: refusal(403, 'forbidden: exceeded quota: few')}, 'policy-refused', /exceeded quota/],
  [
    'one that changed in between',
    allow,
    {},
    {[`APPLY ${allowPath}`]: refusal(409, 'the object has been modified')},
    'changed-meanwhile',
    /changed while/,
  ],
  ['no such namespace', allow, {}, {[`APPLY ${allowPath}`]: refusal(404, 'namespaces "shop" not found')}, 'policies-place', /not found/],
  ['outside the scope', allow, {namespaces: ['bank']}, {}, 'policies-scope', /leave out/],
  [
    'the root namespace in a narrow scope',
    policy('AuthorizationPolicy', 'r', {}, 'istio-system'),
    {namespaces: ['shop']},
    {},
    'policies-scope',
    /whole mesh/,
  ],
  [
    'the opposite of `mtls-mode`',
    policy('PeerAuthentication', 'r', {mtls: {mode: 'PERMISSIVE'}}, 'istio-system'),
    {},
    {},
    'policies-contradict',
    /PERMISSIVE/,
  ],
  [
    'the same in a namespace of the scope',
    policy('PeerAuthentication', 'r', {mtls: {mode: 'DISABLE'}}),
    {namespaces: ['shop']},
    {},
    'policies-contradict',
    /DISABLE/,
  ],
])('nothing is written beside %s', async (_, wrong, wish, kube, entry, says) => {
  const io = cluster(kube)
  const good = policy('Telemetry', 'logs', {})
  await expect(apply(io, [good, wrong], wish)).rejects.toMatchObject({entry, message: expect.stringMatching(says)})
  expect(writes(io).filter(([, dryRun]) => !dryRun)).toEqual([])
  expect(io.annotations[0]).toMatchObject({level: 'error', file: 'p.yaml', line: 3})
})

test.each<[string, KubeObject, Partial<typeof inputs>]>([
  ['an exception for a namespace below a mesh-wide policy', policy('PeerAuthentication', 'r', {mtls: {mode: 'PERMISSIVE'}}), {}],
  [
    'an exception for workloads',
    policy('PeerAuthentication', 'r', {selector: {matchLabels: {app: 'a'}}, mtls: {mode: 'DISABLE'}}),
    {namespaces: ['shop']},
  ],
  [
    'a weaker mesh, where a migration asks for it',
    policy('PeerAuthentication', 'r', {mtls: {mode: 'PERMISSIVE'}}, 'istio-system'),
    {mtlsMode: 'PERMISSIVE'},
  ],
])('is applied and left to the checks: %s', async (_, exception, wish) => {
  expect(await apply(cluster(), [exception], wish)).toMatchObject({changed: true})
})

const ourPath = (namespace: string) => `/apis/telemetry.istio.io/v1/namespaces/${namespace}/telemetries/istio-mtls-access-logging`
const meshLog = {metadata: {namespace: 'istio-system', name: 'istio'}, data: {mesh: 'accessLogFile: /dev/stdout'}}
const telemetry = (namespace: string, spec: object) => ({
  metadata: {namespace, name: 'theirs', creationTimestamp: '2020-01-01T00:00:00Z'},
  spec,
})
const on = {accessLogging: [{providers: [{name: 'envoy'}]}]}

test.each<[string, Script['kube'], Partial<typeof inputs>, string[], RegExp | null]>([
  ['nothing logs yet', {}, {}, [ourPath('istio-system')], null],
  ['a narrow scope', {}, {namespaces: ['shop', 'bank']}, [ourPath('bank'), ourPath('shop')], null],
  ['the mesh configuration logs', {'GET /api/v1/namespaces/istio-system/configmaps/istio': meshLog}, {}, [], null],
  ['another Telemetry logs', {[`GET ${telemetriesPath}`]: [telemetry('istio-system', on)]}, {}, [], null],
  [
    'another Telemetry is heeded and does not log',
    {[`GET ${telemetriesPath}`]: [telemetry('istio-system', {tracing: []})]},
    {},
    [],
    /`istio-system\/theirs` does not log/,
  ],
  ['the root logs, the scope is narrow', {[`GET ${telemetriesPath}`]: [telemetry('istio-system', on)]}, {namespaces: ['shop']}, [], null],
])('access logging: %s', async (_, kube, wish, paths, note) => {
  const io = cluster(kube)
  const outcome = await apply(io, [], {...wish, accessLogging: true})
  expect([...new Set(writes(io).map(([path]) => path))].sort()).toEqual(paths)
  if (note === null) expect(outcome.notes).toEqual([])
  else expect(outcome.notes.join()).toMatch(note)
})

test("the user's own Telemetry of the same run counts", async () => {
  const io = cluster()
  await apply(io, [{...policy('Telemetry', 'mine', on, 'istio-system')}], {accessLogging: true})
  expect(writes(io).map(([path]) => path)).not.toContain(ourPath('istio-system'))
})

test.each<[string, KubeObject, number]>([
  ['STRICT is', policy('PeerAuthentication', 'strict', {mtls: {mode: 'STRICT'}}), 0],
  [
    'STRICT on one port is',
    policy('PeerAuthentication', 'port', {selector: {matchLabels: {a: 'b'}}, portLevelMtls: {8080: {mode: 'STRICT'}}}),
    0,
  ],
  ['who may call is not', allow, 1],
])('without a ready istiod nothing is applied that cuts off who has no certificate: %s', async (_, one, written) => {
  const io = cluster({'GET /apis/apps/v1/deployments?labelSelector=app%3Distiod': [{...istiod, status: {readyReplicas: 0}}]})
  const failure = await apply(io, [one]).then(
    () => null,
    (thrown) => thrown,
  )
  expect(failure?.entry).toBe(written === 0 ? 'istiod-not-ready' : undefined)
  expect(writes(io).filter(([, isDryRun]) => !isDryRun)).toHaveLength(written)
})
