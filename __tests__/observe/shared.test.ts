import {podFrom} from '../../src/observe/project-pod.ts'
import {noOwners} from '../../src/observe/owners.ts'
import {sharing} from '../../src/observe/shared.ts'
import type {KubeObject} from '../../src/io/io.ts'

const pod = (name: string, {image = 'app:1', ready = true, app = 'a', restarts = 0} = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace: 'shop', uid: name, labels: {app}, annotations: {'sidecar.istio.io/status': '{}', 'x.example/at': name}},
    spec: {containers: [{name: 'app', image}], initContainers: [{name: 'istio-init', args: ['-b', '*']}]},
    status: {phase: 'Running', podIP: `10.0.0.${name.length}`, containerStatuses: [{name: 'app', ready, restartCount: restarts}]},
  }) as unknown as KubeObject

test('what is alike is one object, next to each other or not; what differs is its own', () => {
  const share = sharing()
  const all = [pod('p'), pod('pp'), pod('ppp', {image: 'app:2', app: 'b'}), pod('pppp')].map((each) => podFrom(each, noOwners, share))
  const [first, second, other, again] = all
  for (const same of [second, again]) {
    expect(same?.labels).toBe(first?.labels)
    expect(same?.annotations).toBe(first?.annotations)
    expect(same?.containers).toBe(first?.containers)
    expect(same?.initContainers).toBe(first?.initContainers)
  }
  expect(other?.containers).not.toBe(first?.containers)
  expect(other?.initContainers).toBe(first?.initContainers)
  expect(other?.labels).not.toBe(first?.labels)
})

test.each([
  ['image', {image: 'app:2'}],
  ['readiness', {ready: false}],
  ['restarts', {restarts: 3}],
  ['labels', {app: 'b'}],
])('a pod that differs by its %s from the one before is projected as if it stood alone', (_what, differs) => {
  const share = sharing()
  podFrom(pod('p'), noOwners, share)
  expect(podFrom(pod('q', differs), noOwners, share)).toEqual(podFrom(pod('q', differs)))
  expect(podFrom(pod('p'), noOwners, share)).toEqual(podFrom(pod('p')))
})

test('containers and init containers of the same fields are never taken for each other', () => {
  const share = sharing()
  const both = {...pod('p'), spec: {containers: [{name: 'istio-init'}], initContainers: [{name: 'istio-init'}]}, status: {}} as KubeObject
  expect(podFrom(both, noOwners, share)).toEqual(podFrom(both))
})
