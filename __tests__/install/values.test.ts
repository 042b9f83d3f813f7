import {parse} from 'yaml'
import {type ValueInputs, valuesFor} from '../../src/install/values.ts'

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
  ['base beside an installed default keeps it', 'base', {revision: 'canary'}, 'default', {defaultRevision: 'default'}],
] as const)('%s', (_, chart, more, defaultRevision, expected) => {
  expect(parse(valuesFor(chart, {...inputs, ...more}, defaultRevision).ours)).toEqual(expected)
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
