import {decidingPolicies, effectiveMode} from '../../src/derive/effective-mode.ts'
import {policiesByLevel, policyIndex} from '../../src/derive/policy-index.ts'
import type {MtlsMode, PeerAuthentication} from '../../src/model/policy.ts'
import {policy} from './builders.ts'

const cart = {app: 'cart'}
const mesh = (mode: MtlsMode) => policy('istio-system', 'mesh', mode)
const shop = (mode: MtlsMode) => policy('shop', 'shop', mode)
const workload = (mode: MtlsMode, ports = {}) => policy('shop', 'cart', mode, {selector: cart, ports})

function decided(policies: PeerAuthentication[], port: number | null, namespace = 'shop', labels: Record<string, string> = cart) {
  const {mode, by} = effectiveMode(decidingPolicies(policyIndex(policies, 'istio-system'), namespace, labels), port)
  return [mode, by && `${by.namespace}/${by.name}`]
}

test.each<[string, PeerAuthentication[], number | null, string, string | null]>([
  ['12: no policy is PERMISSIVE', [], 8080, 'PERMISSIVE', null],
  ['12: the mesh decides alone', [mesh('STRICT')], 8080, 'STRICT', 'istio-system/mesh'],
  ['12: the namespace overrides the mesh', [mesh('STRICT'), shop('PERMISSIVE')], 8080, 'PERMISSIVE', 'shop/shop'],
  ['12: the workload overrides the namespace', [shop('STRICT'), workload('DISABLE')], 8080, 'DISABLE', 'shop/cart'],
  ['12: UNSET overrides nothing', [mesh('STRICT'), shop('UNSET'), workload('UNSET')], 8080, 'STRICT', 'istio-system/mesh'],
  ['13: a port entry overrides its workload', [workload('STRICT', {8080: 'PERMISSIVE'})], 8080, 'PERMISSIVE', 'shop/cart'],
  ['13: a port entry leaves other ports', [workload('STRICT', {8080: 'PERMISSIVE'})], 9090, 'STRICT', 'shop/cart'],
  ['13: an UNSET port entry is no entry', [mesh('STRICT'), workload('UNSET', {8080: 'UNSET'})], 8080, 'STRICT', 'istio-system/mesh'],
  ['15: a port entry leaves undeclared ports', [mesh('STRICT'), workload('UNSET', {8080: 'DISABLE'})], null, 'STRICT', 'istio-system/mesh'],
  ['7: ports without a selector have no effect', [policy('shop', 'a', 'STRICT', {ports: {8080: 'DISABLE'}})], 8080, 'STRICT', 'shop/a'],
  ['8: `selector: {}` widens to the namespace', [policy('shop', 'a', 'STRICT', {selector: {}})], 8080, 'STRICT', 'shop/a'],
  [
    '9: `selector: {}` in the root namespace is mesh-wide',
    [policy('istio-system', 'a', 'STRICT', {selector: {}})],
    8080,
    'STRICT',
    'istio-system/a',
  ],
  ['9: a selector in the root namespace is ignored', [policy('istio-system', 'a', 'STRICT', {selector: cart})], 8080, 'PERMISSIVE', null],
  ['9: the name plays no part', [policy('istio-system', 'zzz', 'STRICT')], 8080, 'STRICT', 'istio-system/zzz'],
  ['10: a selector needs every label', [policy('shop', 'a', 'STRICT', {selector: {...cart, tier: 'x'}})], 8080, 'PERMISSIVE', null],
  ['10: another namespace has no say', [policy('bank', 'a', 'STRICT')], 8080, 'PERMISSIVE', null],
])('rule %s', (_rule, policies, port, mode, by) => {
  expect(decided(policies, port)).toEqual([mode, by])
  expect(decided([...policies].reverse(), port)).toEqual([mode, by])
})

test('rule 9: in the root namespace its selector policies are ignored for its own workloads too', () => {
  const policies = [policy('istio-system', 'a', 'DISABLE', {selector: cart}), policy('istio-system', 'b', 'STRICT')]
  expect(decided(policies, 8080, 'istio-system')).toEqual(['STRICT', 'istio-system/b'])
})

test.each<[string, PeerAuthentication[], string]>([
  ['the oldest wins, not the strictest', [policy('shop', 'b', 'STRICT', {at: 1}), policy('shop', 'a', 'PERMISSIVE')], 'shop/a'],
  ['the oldest wins, whatever its name', [policy('shop', 'z', 'STRICT'), policy('shop', 'a', 'DISABLE', {at: 1})], 'shop/z'],
  ['a tie goes to the smallest name', [policy('shop', 'b', 'STRICT'), policy('shop', 'a', 'DISABLE')], 'shop/a'],
  ['names compare bytewise', [policy('shop', 'a-1', 'STRICT'), policy('shop', 'a', 'DISABLE'), policy('shop', 'a0', 'DISABLE')], 'shop/a'],
  [
    'the more specific selector does not win',
    [policy('shop', 'b', 'STRICT', {selector: {...cart, v: '1'}, at: 1}), policy('shop', 'a', 'DISABLE', {selector: cart})],
    'shop/a',
  ],
  [
    'what exists comes before what is only written',
    [{...policy('shop', 'a', 'STRICT'), createdAt: ''}, policy('shop', 'b', 'DISABLE', {at: 3600})],
    'shop/b',
  ],
])('rule 11: %s', (_rule, policies, by) => {
  expect(decided(policies, null, 'shop', {...cart, v: '1'})[1]).toBe(by)
  expect(decided([...policies].reverse(), null, 'shop', {...cart, v: '1'})[1]).toBe(by)
})

test('rule 11: fractions of a second do not count', () => {
  const later = {...policy('shop', 'a', 'STRICT'), createdAt: '2026-11-22T18:00:00.900Z'}
  expect(decided([policy('shop', 'b', 'DISABLE'), later], null)).toEqual(['STRICT', 'shop/a'])
})

test('rule 12: an older UNSET policy hides a newer STRICT one of its level', () => {
  expect(decided([policy('shop', 'a', 'UNSET'), policy('shop', 'b', 'STRICT', {at: 1})], null)).toEqual(['PERMISSIVE', null])
})

test('rule 13: ports of other matching workload policies are dropped, never merged', () => {
  const other = policy('shop', 'b', 'STRICT', {selector: cart, ports: {8080: 'DISABLE'}, at: 1})
  expect(decided([workload('STRICT'), other], 8080)).toEqual(['STRICT', 'shop/cart'])
})

test('the losers of a level stand behind its winner', () => {
  const policies = [policy('shop', 'c', 'STRICT', {at: 2}), policy('shop', 'b', 'STRICT'), policy('shop', 'a', 'STRICT', {selector: cart})]
  const {namespace, workload} = policiesByLevel(policyIndex(policies, 'istio-system'), 'shop', cart)
  expect(namespace.map(({name}) => name)).toEqual(['b', 'c'])
  expect(workload.map(({name}) => name)).toEqual(['a'])
})
