import {distinctPods, isAlike, oncePerAlike} from '../../src/derive/alike-pods.ts'
import type {Pod} from '../../src/model/workload.ts'
import {container, plainPod, sidecarPod} from './builders.ts'

const base = sidecarPod()

test.each<[string, Partial<Pod>]>([
  ['name', {name: 'cart-2'}],
  ['uid and age', {uid: 'other', createdAt: '2026-01-01T00:00:00Z', generation: 7}],
  ['node', {node: 'node-2'}],
  ['state', {phase: 'Pending', ready: false, terminating: true, reason: 'Evicted'}],
  ['addresses', {ips: ['10.9.9.9']}],
  ['labels of equal content', {labels: structuredClone(base.labels), containers: structuredClone(base.containers)}],
])('pods that differ by %s alone are alike', (_what, more) => {
  expect(isAlike(base, {...base, ...more})).toBe(true)
})

test.each<[string, Partial<Pod>]>([
  ['namespace', {namespace: 'bank'}],
  ['workload', {workload: {kind: 'StatefulSet', name: 'cart'}}],
  ['service account', {serviceAccount: 'other'}],
  ['security context', {securityContext: {runAsUser: 1337, runAsGroup: null}}],
  ['being simulated', {simulated: true}],
  ['a label', {labels: {...base.labels, v: 'b'}}],
  ['an annotation', {annotations: {...base.annotations, 'ambient.istio.io/bypass-inbound-capture': 'true'}}],
  ['the network', {hostNetwork: true}],
  ['a port', {containers: [container('cart', {ports: [{name: 'http', port: 9090, protocol: 'TCP'}]})]}],
  ['the capture rules', {initContainers: []}],
  ['the family of an address', {ips: ['fd00::1']}],
  ['a second address', {ips: [...base.ips, 'fd00::1']}],
  ['no address', {ips: []}],
])('pods that differ by %s are not', (_what, more) => {
  expect(isAlike(base, {...base, ...more})).toBe(false)
  expect(isAlike({...base, ...more}, base)).toBe(false)
})

test('it is asked once for neighbours, and anew for each change', () => {
  const asked: string[] = []
  const answer = oncePerAlike(({name}) => asked.push(name))
  for (const pod of [base, {...base, name: 'b'}, plainPod({name: 'c'}), {...base, name: 'd'}]) answer(pod)
  expect(asked).toEqual([base.name, 'c', 'd'])
})

test('of neighbours that are alike the first is left, and each that comes after another again', () => {
  const pods = [base, {...base, name: 'b'}, plainPod({name: 'c'}), {...base, name: 'd'}, {...base, name: 'e'}]
  expect(distinctPods(pods).map(({name}) => name)).toEqual([base.name, 'c', 'd'])
  expect(distinctPods([])).toEqual([])
})
