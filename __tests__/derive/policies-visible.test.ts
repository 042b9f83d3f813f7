import {labelIndex} from '../../src/derive/label-index.ts'
import {selectorMatches} from '../../src/derive/label-selector.ts'
import {isDiscovered, isOfRevision, policiesVisible} from '../../src/derive/policies-visible.ts'
import type {LabelSelector} from '../../src/model/mesh.ts'
import {mesh, namespace, policy} from './builders.ts'

test.each<[string, Record<string, string>, string, boolean]>([
  ['no label: every revision sees it', {}, 'canary', true],
  ['its own revision', {'istio.io/rev': 'canary'}, 'canary', true],
  ['another revision', {'istio.io/rev': 'canary'}, 'default', false],
  ['`default` is a revision like any other', {'istio.io/rev': 'default'}, 'canary', false],
  ['an empty label names no revision', {'istio.io/rev': ''}, 'default', false],
  ['an empty revision sees everything', {'istio.io/rev': 'canary'}, '', true],
])('rule 2: %s', (_rule, labels, revision, seen) => {
  expect(isOfRevision({labels}, revision)).toBe(seen)
})

const selecting = (...discoverySelectors: LabelSelector[]) => mesh({discoverySelectors})

test.each<[string, LabelSelector[], Record<string, string>, boolean]>([
  ['no selectors: all', [], {}, true],
  ['one that matches', [{matchLabels: {mesh: 'on'}}], {mesh: 'on'}, true],
  ['none that matches', [{matchLabels: {mesh: 'on'}}, {matchLabels: {team: 'a'}}], {mesh: 'off'}, false],
  ['selectors are alternatives', [{matchLabels: {mesh: 'on'}}, {matchLabels: {team: 'a'}}], {team: 'a'}, true],
  ['within one, all must hold', [{matchLabels: {mesh: 'on'}, matchExpressions: [{key: 'team', operator: 'Exists'}]}], {mesh: 'on'}, false],
])('rule 4: %s', (_rule, selectors, labels, seen) => {
  expect(isDiscovered(selecting(...selectors), labels)).toBe(seen)
})

test('rule 4: the root namespace is no exception, and an unknown namespace is not discovered', () => {
  const policies = [policy('istio-system', 'a', 'STRICT'), policy('shop', 'b', 'STRICT'), policy('gone', 'c', 'STRICT')]
  const namespaces = [namespace('istio-system'), namespace('shop', {mesh: 'on'})]
  const visible = policiesVisible(policies, selecting({matchLabels: {mesh: 'on'}}), namespaces)
  expect(visible.map(({name}) => name)).toEqual(['b'])
})

test.each<[LabelSelector, Record<string, string>, boolean]>([
  [{}, {}, true],
  [{matchLabels: {a: '1'}}, {a: '1', b: '2'}, true],
  [{matchLabels: {a: '1'}}, {a: '2'}, false],
  [{matchExpressions: [{key: 'a', operator: 'In', values: ['1', '2']}]}, {a: '2'}, true],
  [{matchExpressions: [{key: 'a', operator: 'In', values: ['1']}]}, {}, false],
  [{matchExpressions: [{key: 'a', operator: 'NotIn', values: ['1']}]}, {}, true],
  [{matchExpressions: [{key: 'a', operator: 'NotIn', values: ['1']}]}, {a: '1'}, false],
  [{matchExpressions: [{key: 'a', operator: 'Exists'}]}, {a: ''}, true],
  [{matchExpressions: [{key: 'a', operator: 'DoesNotExist'}]}, {a: ''}, false],
  [{matchExpressions: [{key: 'constructor', operator: 'Exists'}]}, {}, false],
  [{matchExpressions: [{key: 'a', operator: 'Gt', values: ['1']}]}, {a: '2'}, false],
])('selector %j on %j: %s', (selector, labels, expected) => {
  expect(selectorMatches(selector, labels)).toBe(expected)
})

test('an index finds what a subset test finds, in the order given', () => {
  const items = [{a: '1'}, {}, {a: '1', b: '2'}, {b: '2'}, {c: '3'}] as Record<string, string>[]
  expect(labelIndex(items, (item) => item).matching({a: '1', b: '2'})).toEqual([{a: '1'}, {}, {a: '1', b: '2'}, {b: '2'}])
})
