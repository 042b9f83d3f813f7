import {brokenSince, healthOf, refusedSince} from '../../src/derive/rollout-verdict.ts'
import {unread} from '../../src/model/part.ts'
import type {PlainCall} from '../../src/model/traffic.ts'
import type {Pod} from '../../src/model/workload.ts'
import {container, plainPod} from './builders.ts'

const known = {controlPlane: unread('not asked')}
const till = plainPod({namespace: 'legacy', name: 'till-1', uid: 'u1', workload: {kind: 'Deployment', name: 'till'}, ips: ['10.0.0.9']})
const caller = {kind: 'Deployment', namespace: 'legacy', name: 'till'}
const restarted = {...till, containers: [container('till', {restarts: 1})]}

test.each<[string, Pod[], Pod[], string[]]>([
  ['nothing', [till], [till], []],
  ['its readiness lost', [till], [{...till, ready: false}], ['a pod of it lost its readiness']],
  ['never ready', [{...till, ready: false}], [{...till, ready: false}], []],
  ['started anew', [till], [restarted], ['a container of it was started anew']],
  ['started anew before', [restarted], [restarted], []],
  ['another pod that is not ready yet', [till], [till, {...till, uid: 'u2', ready: false}], []],
  ['on its way out', [till], [{...till, ready: false, terminating: true}], []],
  ['ended', [till], [{...till, ready: false, phase: 'Succeeded'}], []],
  [
    'machinery',
    [{...till, namespace: 'kube-system', workload: {kind: 'Deployment', name: 'coredns'}}],
    [{...till, namespace: 'kube-system', ready: false, workload: {kind: 'Deployment', name: 'coredns'}}],
    [],
  ],
])('what became of a pod: %s', (_, before, now, expected) => {
  expect(brokenSince(healthOf(before, known), healthOf(now, known)).map(({how}) => how)).toEqual(expected)
})

const call: PlainCall = {
  ...{namespace: 'shop', pod: 'cart-1', port: 8080, address: '10.0.0.9', refused: true, protocol: 'tcp', calls: 3},
  ...{first: '2026-11-22T18:00:00.000Z', last: '2026-11-22T18:10:00.000Z'},
}

test.each<[string, PlainCall[], PlainCall[], string[]]>([
  ['a new refusal names its caller', [], [call], ['till']],
  ['one more of the same', [call], [{...call, last: '2026-11-22T18:10:05.000Z'}], ['till']],
  ['the window moved on, and nobody called', [call], [{...call, calls: 2}], []],
  ['an accepted call', [], [{...call, refused: false}], []],
  ['an address of no pod', [], [{...call, address: '192.0.2.1'}], ['192.0.2.1']],
])('refused calls: %s', (_, before, now, expected) => {
  expect(refusedSince(before, now, [till]).map((each) => each.caller.name)).toEqual(expected)
})

test('a broken caller is named by its workload', () => {
  expect(brokenSince(healthOf([till], known), healthOf([{...till, ready: false}], known))[0]?.caller).toEqual(caller)
})
