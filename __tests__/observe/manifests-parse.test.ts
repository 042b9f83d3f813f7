import {Failure} from '../../src/model/failure.ts'
import {manifestFrom} from '../../src/observe/manifests-parse.ts'

const object = (text: string) =>
  manifestFrom(text, 'f.yaml').objects.map(({kind, metadata, line}) => [kind, metadata.namespace, metadata.name, line])

test.each([
  [
    'documents, empty ones among them',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n---\n# two\napiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: n}\n',
    [
      ['Service', 'default', 'a', 1],
      ['Service', 'n', 'b', 7],
    ],
  ],
  [
    'a List',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Service\n  metadata: {name: b}\n',
    [
      ['Namespace', undefined, 'a', 4],
      ['Service', 'default', 'b', 7],
    ],
  ],
  [
    'a typed List',
    'apiVersion: v1\nkind: ServiceList\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: b}\n',
    [['Service', 'default', 'b', 4]],
  ],
  [
    'JSON with tabs',
    '{\n\t"apiVersion": "v1",\n\t"kind": "Namespace",\n\t"metadata": {"name": "a"}\n}',
    [['Namespace', undefined, 'a', 1]],
  ],
  ['a generated name', 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\n', [['Job', 'default', 'run-', 1]]],
  [
    'Windows line ends',
    'apiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: a}\r\n---\r\napiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: b}\r\n',
    [
      ['Namespace', undefined, 'a', 1],
      ['Namespace', undefined, 'b', 5],
    ],
  ],
])('%s are read with their lines', (_, text, expected) => {
  expect(object(text)).toEqual(expected)
})

const policy = (spec: string) => `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nspec:\n${spec}`

test.each([
  [
    'a misspelt field',
    policy('  mtls:\n    mod: STRICT\n'),
    6,
    'PeerAuthentication `a`: unknown field `spec.mtls.mod`: the API server drops it; did you mean `mode`?',
  ],
  [
    'a field in the wrong place',
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nmtls: {mode: STRICT}\n',
    4,
    'PeerAuthentication `a`: unknown field `mtls`: the API server drops it',
  ],
  [
    'matchExpressions, which Istio prunes',
    policy('  selector:\n    matchExpressions: []\n'),
    6,
    'PeerAuthentication `a`: unknown field `spec.selector.matchExpressions`: the API server drops it',
  ],
  [
    'a mode in lower case',
    policy('  mtls: {mode: strict}\n'),
    5,
    'PeerAuthentication `a`: `spec.mtls.mode` is `strict`, which is none of UNSET, DISABLE, PERMISSIVE, STRICT: the API server rejects the object',
  ],
  [
    'a mode below a port',
    policy('  portLevelMtls:\n    8080:\n      mode: OFF\n'),
    7,
    'PeerAuthentication `a`: `spec.portLevelMtls.8080.mode` is `OFF`, which is none of UNSET, DISABLE, PERMISSIVE, STRICT: the API server rejects the object',
  ],
  ['what is no object', 'replicas: 3\n', 1, 'this is no Kubernetes object (no `apiVersion` and `kind`): left out'],
  [
    'an object without a name',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    1,
    'Kustomization without `metadata.name`: left out',
  ],
])('%s is a warning on its line', (_, text, line, message) => {
  const leftOut = message.endsWith(': left out') ? {leftOut: true} : {}
  expect(manifestFrom(text, 'f.yaml').warnings).toEqual([{message, file: 'f.yaml', line, ...leftOut}])
})

test.each([
  [
    'a correct policy',
    policy('  selector: {matchLabels: {any: thing}}\n  mtls: {mode: STRICT}\n  portLevelMtls: {"8080": {mode: DISABLE}}\n'),
  ],
  [
    'a Gateway of the Gateway API',
    'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {gatewayClassName: istio, listeners: []}\n',
  ],
  ['braces inside a string', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {dash: "{{ pod }}"}\n'],
])('%s is no warning', (_, text) => {
  expect(manifestFrom(text, 'f.yaml').warnings).toEqual([])
})

test.each([
  ['broken YAML', 'a: 1\nb: [\n', /`f.yaml`, line \d: this is not YAML/, 'manifest-unreadable'],
  ['a key written twice', 'a: 1\na: 2\n', /line 2: this is not YAML: Map keys must be unique/, 'manifest-unreadable'],
  ['a template', '{{- if x }}\nkind: Foo\n{{- end }}\n', /this is not YAML/, 'manifest-is-a-template'],
  [
    'a templated name',
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n',
    /line 1: this Service has no plain `metadata.name`|this is not YAML/,
    'manifest-is-a-template',
  ],
  [
    'a label without quotes',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {on: true}}\n',
    /`metadata.labels` must hold texts, and `on: true` is none: put it in quotes/,
    'manifest-unreadable',
  ],
  [
    'a name that runs a command',
    'apiVersion: v1\nkind: Service\nmetadata: {name: "a; reboot"}\n',
    /`a; reboot` is no name that Kubernetes accepts/,
    'manifest-unreadable',
  ],
])('%s stops the run, with file and line', (_, text, message, entry) => {
  let thrown: unknown
  try {
    manifestFrom(text, 'f.yaml')
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(Failure)
  expect(thrown).toMatchObject({message: expect.stringMatching(message), entry})
})
