import {parse} from 'yaml'
import {type ValueInputs, valuesFor, valuesProblems} from '../../src/install/values.ts'

const inputs: ValueInputs = {
  ...{hub: 'docker.io/istio', revision: '', values: '', baseValues: '', cniValues: '', ztunnelValues: ''},
  ...{profile: 'sidecar', platform: '', imagePullSecrets: []},
}

test.each([
  ['istiod always names the hub', 'istiod', {}, '', {global: {hub: 'docker.io/istio'}, revision: ''}],
  ['istiod of a revision', 'istiod', {revision: 'canary'}, '', {global: {hub: 'docker.io/istio'}, revision: 'canary'}],
  [
    'the chart knows the default revision only as ``',
    'istiod',
    {revision: 'default'},
    '',
    {global: {hub: 'docker.io/istio'}, revision: ''},
  ],
  ['base of a first install', 'base', {}, '', {defaultRevision: 'default'}],
  ['base of a first install with a revision', 'base', {revision: 'canary'}, '', {defaultRevision: 'canary'}],
  [
    'pull secrets and the platform go to every chart',
    'base',
    {imagePullSecrets: ['regcred'], platform: 'gke'},
    '',
    {global: {imagePullSecrets: ['regcred'], platform: 'gke'}, defaultRevision: 'default'},
  ],
  [
    'istiod of ambient',
    'istiod',
    {profile: 'ambient', imagePullSecrets: ['regcred'], platform: 'k3s'},
    '',
    {global: {hub: 'docker.io/istio', imagePullSecrets: ['regcred'], platform: 'k3s'}, profile: 'ambient', revision: ''},
  ],
  [
    'the CNI agent is one for all revisions',
    'cni',
    {profile: 'ambient', revision: 'canary'},
    '',
    {global: {hub: 'docker.io/istio'}, profile: 'ambient'},
  ],
  [
    'ztunnel belongs to a revision',
    'ztunnel',
    {profile: 'ambient', revision: 'canary'},
    '',
    {global: {hub: 'docker.io/istio'}, profile: 'ambient', revision: 'canary'},
  ],
  [
    'sidecars on OpenShift are redirected by the CNI agent',
    'istiod',
    {platform: 'openshift'},
    '',
    {global: {hub: 'docker.io/istio', platform: 'openshift'}, pilot: {cni: {enabled: true}}, revision: ''},
  ],
  ['base beside an installed default keeps it', 'base', {revision: 'canary'}, 'default', {defaultRevision: 'default'}],
] as const)('%s', (_, chart, more, defaultRevision, expected) => {
  expect(parse(valuesFor(chart, {...inputs, ...more} as ValueInputs, defaultRevision).ours)).toEqual(expected)
})

test.each([
  ['order and spelling', 'a: 1\nb: {c: true}', 'b:\n  c: true # why\na: 1', true],
  ['a value', 'a: 1', 'a: 2', false],
  ['the order of a list', 'a: [1, 2]', 'a: [2, 1]', false],
  ['a key without a value, which unsets a default of the chart', 'a: null', '', false],
])('two texts that differ in %s', (_, left, right, isSame) => {
  const canonical = (values: string) => valuesFor('istiod', {...inputs, values}, '').canonical
  expect(canonical(left) === canonical(right)).toBe(isSame)
})

test('each chart takes its own input', () => {
  const both = {...inputs, values: 'pilot: 1', baseValues: 'base: 1'}
  expect([valuesFor('base', both, '').users, valuesFor('istiod', both, '').users]).toEqual(['base: 1', 'pilot: 1'])
})

test.each<[string, Partial<ValueInputs>, RegExp | null]>([
  ['nothing of it', {values: 'pilot: {}'}, null],
  ['another revision', {values: 'revision: blue'}, /`values` sets `revision: blue`/],
  ['tags', {values: 'revisionTags: [prod]'}, /`values` sets `revisionTags`/],
  ['ambient in sidecar mode', {values: 'profile: ambient'}, /`values` sets `profile: ambient`/],
  ['ambient, as the input does', {values: 'global: {profile: ambient}', profile: 'ambient'}, null],
  ['another platform', {values: 'global: {platform: gke}', platform: 'k3s'}, /platform `gke`, but the input `platform` is `k3s`/],
  ['the platform of the input', {values: 'platform: gke', platform: 'gke'}, null],
  ['values of a chart that is not installed', {ztunnelValues: 'logLevel: debug'}, /`ztunnel-values` is given, but `profile` is `sidecar`/],
])('values that say what the inputs say otherwise: %s', (_, changes, says) => {
  const problems = valuesProblems({...inputs, ...changes})
  expect(problems.map(({entry}) => entry)).toEqual(says === null ? [] : ['values'])
  if (says) expect(problems[0]?.says).toMatch(says)
})
