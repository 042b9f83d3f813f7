import {ambientMode} from '../../src/derive/ambient-mode.ts'
import {decidingPolicies, effectiveMode} from '../../src/derive/effective-mode.ts'
import {policiesByLevel, policyIndex} from '../../src/derive/policy-index.ts'
import type {MtlsMode, PeerAuthentication} from '../../src/model/policy.ts'
import {policy} from './builders.ts'

const cart = {app: 'cart'}
const mesh = (mode: MtlsMode, selector?: Record<string, string>) => policy('istio-system', 'mesh', mode, {selector})
const shop = (mode: MtlsMode, selector?: Record<string, string>) => policy('shop', 'shop', mode, {selector})
/** Written after the others, so that its translation knows them. */
const workload = (mode: MtlsMode, ports: Record<string, MtlsMode> = {}) => policy('shop', 'cart', mode, {selector: cart, ports, at: 2})

function ambient(policies: PeerAuthentication[], port: number | null, namespace = 'shop') {
  return ambientMode(policiesByLevel(policyIndex(policies, 'istio-system'), namespace, cart), namespace === 'istio-system', port)
}

test.each<[string, PeerAuthentication[], number | null, string]>([
  ['40: nothing denies', [], 8080, 'PERMISSIVE'],
  ['40: DISABLE is PERMISSIVE', [mesh('DISABLE')], 8080, 'PERMISSIVE'],
  ['42: the mesh', [mesh('STRICT')], 8080, 'STRICT'],
  ['42: the namespace overrides the mesh', [mesh('STRICT'), shop('PERMISSIVE')], 8080, 'PERMISSIVE'],
  ['42: an UNSET namespace does not', [mesh('STRICT'), shop('UNSET')], 8080, 'STRICT'],
  ['42: the workload overrides both', [mesh('STRICT'), shop('STRICT'), workload('DISABLE')], 8080, 'PERMISSIVE'],
  ['42: a STRICT workload with an open port, that port', [workload('STRICT', {8080: 'PERMISSIVE'})], 8080, 'PERMISSIVE'],
  ['42: a STRICT workload with an open port, the others', [workload('STRICT', {8080: 'DISABLE'})], 9090, 'STRICT'],
  ['42: a STRICT workload with STRICT ports', [workload('STRICT', {8080: 'STRICT'})], 9090, 'STRICT'],
  ['42: a PERMISSIVE workload with a STRICT port', [workload('PERMISSIVE', {8080: 'STRICT'})], 8080, 'STRICT'],
  ['42: a PERMISSIVE workload with a STRICT port, the others', [workload('PERMISSIVE', {8080: 'STRICT'})], null, 'PERMISSIVE'],
  ['43: UNSET under a STRICT namespace, its open port', [shop('STRICT'), workload('UNSET', {8080: 'PERMISSIVE'})], 8080, 'PERMISSIVE'],
  ['43: UNSET under a STRICT namespace, the others', [shop('STRICT'), workload('UNSET', {8080: 'PERMISSIVE'})], null, 'STRICT'],
  ['43: UNSET under a STRICT mesh, its open port', [mesh('STRICT'), workload('UNSET', {8080: 'PERMISSIVE'})], 8080, 'PERMISSIVE'],
  ['43: UNSET under nothing, its STRICT port', [workload('UNSET', {8080: 'STRICT'})], 8080, 'STRICT'],
  ['44: UNSET under STRICT, a DISABLE port alone stays STRICT', [shop('STRICT'), workload('UNSET', {8080: 'DISABLE'})], 8080, 'STRICT'],
  [
    '44: STRICT mesh, PERMISSIVE workload: its STRICT port is open',
    [mesh('STRICT'), workload('PERMISSIVE', {8080: 'STRICT'})],
    8080,
    'PERMISSIVE',
  ],
  [
    '44: STRICT mesh, DISABLE workload: its STRICT port is open',
    [mesh('STRICT'), shop('UNSET'), workload('DISABLE', {8080: 'STRICT'})],
    8080,
    'PERMISSIVE',
  ],
  ['44: a STRICT namespace saves that port', [mesh('STRICT'), shop('STRICT'), workload('PERMISSIVE', {8080: 'STRICT'})], 8080, 'STRICT'],
  [
    '44: STRICT mesh, UNSET namespace, one open port: all ports open',
    [mesh('STRICT'), shop('UNSET'), workload('UNSET', {8080: 'PERMISSIVE'})],
    9090,
    'PERMISSIVE',
  ],
  [
    '44: a namespace STRICT by `selector: {}`, one open port: all ports open',
    [shop('STRICT', {}), workload('UNSET', {8080: 'PERMISSIVE'})],
    9090,
    'PERMISSIVE',
  ],
  ['41: a mesh STRICT by `selector: {}` has no effect', [mesh('STRICT', {})], 8080, 'PERMISSIVE'],
  ['41: a namespace STRICT by `selector: {}` has', [shop('STRICT', {})], 8080, 'STRICT'],
])('rule %s', (_rule, policies, port, expected) => {
  expect(ambient(policies, port)).toMatchObject({mode: expected, doubt: ''})
})

test('rule 41: `selector: {}` of the root namespace reaches its own workloads', () => {
  expect(ambient([mesh('STRICT', {})], 8080, 'istio-system').mode).toBe('STRICT')
})

test('where ambient agrees with sidecars, so does the policy that decided; where not, the port policy did', () => {
  const agreeing = [mesh('STRICT'), workload('STRICT', {8080: 'PERMISSIVE'})]
  const sidecar = effectiveMode(decidingPolicies(policyIndex(agreeing, 'istio-system'), 'shop', cart), 8080)
  expect(ambient(agreeing, 8080).by).toBe(sidecar.by)
  expect(ambient([mesh('STRICT'), shop('UNSET'), workload('UNSET', {8080: 'PERMISSIVE'})], 9090).by?.name).toBe('cart')
})

test.each<[string, PeerAuthentication[], boolean]>([
  ['contradict', [policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'PERMISSIVE')], true],
  ['agree', [policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'STRICT')], false],
  ['are of different seconds', [policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'PERMISSIVE', {at: 1})], false],
  [
    'tie behind the oldest',
    [policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'PERMISSIVE', {at: 1}), policy('shop', 'c', 'STRICT', {at: 1})],
    false,
  ],
  ['contradict but are overridden', [policy('shop', 'a', 'STRICT'), policy('shop', 'b', 'PERMISSIVE'), workload('STRICT')], false],
])('rule 42: policies of one second that %s', (_what, policies, undecided) => {
  const answer = ambient(policies, 8080)
  expect(answer.doubt !== '').toBe(undecided)
  if (undecided) expect(answer.mode).toBe('PERMISSIVE')
})

const edited = (one: PeerAuthentication) => ({...one, generation: 2})
const later = (one: PeerAuthentication, seconds = 3) => ({
  ...one,
  createdAt: new Date(Date.UTC(2026, 10, 22, 18, 0, seconds)).toISOString(),
})
const unknown = (one: PeerAuthentication) => ({...one, createdAt: ''})
const exempting = workload('UNSET', {8080: 'PERMISSIVE'})

// A sidecar's answer is the same in each row, whoever was written first.
test.each<[string, PeerAuthentication[], number | null, string]>([
  ['a namespace policy that came later', [exempting, later(shop('STRICT'))], 9090, 'PERMISSIVE in doubt'],
  ['and all undeclared ports', [exempting, later(shop('STRICT'))], null, 'PERMISSIVE in doubt'],
  ['its open port is open either way', [exempting, later(shop('STRICT'))], 8080, 'PERMISSIVE'],
  ['a mesh policy that came later', [exempting, later(mesh('STRICT'))], 9090, 'PERMISSIVE in doubt'],
  ['one of the same second', [exempting, later(shop('STRICT'), 2)], 9090, 'PERMISSIVE in doubt'],
  ['one that came first', [exempting, shop('STRICT')], 9090, 'STRICT'],
  ['one that came first and was edited', [exempting, edited(shop('STRICT'))], 9090, 'PERMISSIVE in doubt'],
  ['an edited mesh policy behind a namespace that was not', [exempting, shop('STRICT'), edited(mesh('STRICT'))], 9090, 'STRICT'],
  [
    'a STRICT port whose parents were STRICT once',
    [workload('UNSET', {8080: 'STRICT'}), edited(shop('PERMISSIVE'))],
    8080,
    'PERMISSIVE in doubt',
  ],
  ['a mode of its own needs no parent', [workload('STRICT', {8080: 'PERMISSIVE'}), later(shop('STRICT'))], 9090, 'STRICT'],
  ['a policy that is not translated needs none', [workload('UNSET', {8080: 'DISABLE'}), later(shop('STRICT'))], 9090, 'STRICT'],
  ['manifests have no order', [unknown(exempting), unknown(shop('STRICT'))], 9090, 'STRICT'],
])('rule 43: istiod is not told of a changed parent: %s', (_what, policies, port, expected) => {
  const {mode, doubt} = ambient(policies, port)
  expect(doubt === '' ? mode : `${mode} in doubt`).toBe(expected)
})

test('rule 43: the doubt names both policies and the way out', () => {
  expect(ambient([exempting, later(shop('STRICT'))], 9090)).toMatchObject({
    by: exempting,
    doubt:
      'istiod does not translate PeerAuthentication shop/cart for ztunnel again when PeerAuthentication shop/shop changes, so its ports may still be open: write its `mtls.mode`, or create it anew',
  })
})

test('rule 43: a sidecar goes by the parents as they are', () => {
  const all = (shopPolicy: PeerAuthentication) => decidingPolicies(policyIndex([exempting, shopPolicy], 'istio-system'), 'shop', cart)
  for (const port of [8080, 9090, null])
    expect(effectiveMode(all(later(edited(shop('STRICT')))), port).mode).toBe(effectiveMode(all(shop('STRICT')), port).mode)
})
