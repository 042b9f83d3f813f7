import {readFileSync} from 'node:fs'
import {parse} from 'yaml'
import {inputsFrom} from '../src/inputs.ts'
import {millisecondsFrom} from '../src/inputs-readers.ts'
import {inputTable, plannedInputs, plannedValues} from '../src/inputs-table.ts'
import {Failure} from '../src/model/failure.ts'

const base = {RUNNER_TEMP: '/tmp/runner', GITHUB_ACTION: 'mtls', HOME: '/home/runner'}
const parsed = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  inputsFrom({
    ...base,
    ...env,
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  })
const refused = (inputs: Record<string, string>): string => {
  try {
    parsed(inputs)
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message
    throw thrown
  }
  return 'accepted'
}

test('without any input the contract’s defaults hold', () => {
  const {inputs, warnings} = parsed({})
  expect(warnings).toEqual([])
  expect(inputs).toMatchObject({
    mode: 'enforce',
    kubeconfig: {from: 'path', path: '/home/runner/.kube/config', explicit: false},
    istioVersion: '1.31.1',
    istioVersionGiven: false,
    helmVersion: 'v4.2.4',
    timeoutMs: 300_000,
    deadlineMs: 1_800_000,
    namespaces: ['*'],
    require: 'proven',
    failOn: 'error',
    minCoverage: 100,
    allowEmpty: true,
    probes: 'api-server',
    comment: 'on-change',
    reportDir: '/tmp/runner/istio-mtls/mtls',
  })
  expect(inputs.charts).toEqual(['oci://ghcr.io/istio/release/charts', 'https://blob.istio.io/istio-release/charts'])
})

test('action.yml and the table name the same inputs with the same defaults, and describe each', () => {
  const action = parse(readFileSync('action.yml', 'utf8')) as {
    inputs: Record<string, {description: string; default?: string; required?: boolean}>
  }
  expect(Object.keys(action.inputs)).toEqual(inputTable.map((each) => each.name))
  for (const {name, default: fallback} of inputTable) {
    const spec = action.inputs[name]
    expect([name, (spec?.description ?? '').length > 20]).toEqual([name, true])
    if (name !== 'github-token') expect([name, (spec?.default ?? '').trim()]).toEqual([name, fallback])
  }
})

test('all mistakes are told at once, each with its cure', () => {
  const message = refused({
    mode: 'enforec',
    'fail-on': 'warn',
    timeout: '5 minutes',
    'min-coverage': '101',
    'helm-checksum': 'abc',
    namespaces: 'Shop',
  })
  expect(message).toContain('6 inputs are wrong')
  expect(message).toContain('`mode` is `enforec`: use `enforce`, `validate`, `plan` or `uninstall`; did you mean `enforce`?')
  for (const name of ['fail-on', 'timeout', 'min-coverage', 'helm-checksum', 'namespaces']) expect(message).toContain(`\`${name}\``)
})

test.each([
  [{from: 'k8s/', mode: 'enforce'}, '`from` judges files'],
  [{mode: 'uninstall'}, '`mode: uninstall` needs to be told its cluster'],
  [{gate: 'new'}, 'set `baseline`'],
  [{'chart-digests': 'istiod=abc'}, '`istiod=sha256:…`'],
  [{charts: 'http://charts.example'}, 'plain http'],
  [{'helm-mirror': 'http://mirror.example'}, 'https://'],
  [{install: 'always'}, 'told its cluster'],
  [{'istio-version': 'latest'}, '`istio-version`'],
  [{ignore: 'm301, strict'}, '`STRICT`'],
  [{namespaces: ','}, '`namespaces` is `,`, which names nothing'],
  [{from: ','}, '`from` is `,`, which names nothing'],
  [{from: 'k8s/', 'expected-cluster': 'uid-1'}, '`expected-cluster` guards a cluster'],
])('%j is refused: %s', (inputs, says) => {
  expect(refused(inputs as Record<string, string>)).toContain(says)
})

test('manifests need no cluster: validate, configured, no probes', () => {
  const {inputs} = parsed({from: 'k8s/\npolicies/*.yaml'})
  expect(inputs).toMatchObject({
    mode: 'validate',
    from: ['k8s/', 'policies/*.yaml'],
    require: 'configured',
    probes: 'off',
    kubeconfig: {from: 'none'},
    allowEmpty: false,
  })
})

test.each([
  ['apiVersion: v1\nkind: Config', {from: 'content', content: 'apiVersion: v1\nkind: Config', input: 'kubeconfig'}],
  [
    Buffer.from(`apiVersion: v1\n${'#'.repeat(200)}`).toString('base64'),
    {from: 'content', content: `apiVersion: v1\n${'#'.repeat(200)}`, input: 'kubeconfig'},
  ],
  ['/home/me/config', {from: 'path', path: '/home/me/config', input: 'kubeconfig', explicit: true}],
  ['in-cluster', {from: 'in-cluster'}],
])('kubeconfig %.30s…', (given, source) => {
  expect(parsed({kubeconfig: given}).inputs.kubeconfig).toEqual(source)
})

test('an unknown input is a warning with the nearest name, not an error', () => {
  expect(parsed({namspaces: 'shop'}).warnings).toEqual(['Input `namspaces` is not known; did you mean `namespaces`?'])
})

test('what is not built is refused, never silently ignored', () => {
  for (const name of plannedInputs)
    expect([name, refused({[name]: 'something'}).includes(`\`${name}\` is not built yet`)]).toEqual([name, true])
  for (const [name, values] of Object.entries(plannedValues))
    for (const value of values) expect([name, value, refused({[name]: value}).includes('is not built yet')]).toEqual([name, value, true])
})

test.each([
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['5', null],
  ['5 m', null],
  ['-5m', null],
  ['', null],
])('%s is %s ms', (text, ms) => {
  expect(millisecondsFrom(text)).toBe(ms)
})
