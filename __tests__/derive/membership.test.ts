import {dataPlane, isFinished, proxyContainer} from '../../src/derive/membership.ts'
import {meshFor, revisionOf} from '../../src/derive/mesh-for.ts'
import type {DataPlane} from '../../src/model/endpoint.ts'
import type {Pod} from '../../src/model/workload.ts'
import {ambientPod, container, mesh, plainPod, sidecarPod} from './builders.ts'

const status = {'sidecar.istio.io/status': '{"revision":"default"}'}
const proxy = (args: string[], env = {}) => [container('istio-proxy', {args, env, restartPolicy: 'Always'})]

test.each<[string, Pod, DataPlane]>([
  ['21: no proxy', plainPod(), 'none'],
  ['21: injected', sidecarPod(), 'sidecar'],
  ['21: a native sidecar', plainPod({annotations: status, initContainers: proxy(['proxy', 'sidecar'])}), 'sidecar'],
  ['21: on its node’s network, whatever else it says', sidecarPod({hostNetwork: true}), 'none'],
  ['21: redirected to ztunnel', ambientPod(), 'ambient'],
  ['21: not yet redirected', ambientPod({annotations: {'ambient.istio.io/redirection': 'pending'}}), 'none'],
  ['21: a sidecar comes before ambient', sidecarPod({annotations: {'ambient.istio.io/redirection': 'enabled'}}), 'sidecar'],
  ['21: the namespace’s wish counts for nothing', plainPod({labels: {'sidecar.istio.io/inject': 'true'}}), 'none'],
  ['23: a container of that name, not injected', plainPod({containers: proxy(['sleep'])}), 'none'],
  ['23: which ambient may enrol', ambientPod({containers: proxy(['sleep'])}), 'ambient'],
  ['23: the annotation without the container', plainPod({annotations: status}), 'none'],
  ['25: a gateway, injected', plainPod({annotations: status, containers: proxy(['proxy', 'router'])}), 'gateway'],
  ['25: a gateway, from a chart', plainPod({containers: proxy(['proxy', 'router'])}), 'gateway'],
  ['21: an application that says `router` alone', plainPod({containers: proxy(['serve', 'router'])}), 'none'],
  ['26: a waypoint', plainPod({containers: proxy(['proxy', 'waypoint'])}), 'waypoint'],
  [
    '27: proxyless by generator',
    plainPod({annotations: status, containers: proxy(['proxy', 'sidecar'], {ISTIO_META_GENERATOR: 'grpc'})}),
    'proxyless',
  ],
  [
    '27: proxyless without Envoy',
    plainPod({annotations: status, containers: proxy(['proxy', 'sidecar'], {DISABLE_ENVOY: 'true'})}),
    'proxyless',
  ],
])('rule %s', (_rule, pod, expected) => {
  expect(dataPlane(pod)).toBe(expected)
})

test('rule 21: the proxy is found among init containers too', () => {
  expect(proxyContainer(plainPod({initContainers: proxy([])}))?.name).toBe('istio-proxy')
  expect(proxyContainer(plainPod())).toBeNull()
})

test.each(['Succeeded', 'Failed', 'Running', 'Pending', ''])('rule 22: a pod in phase `%s` is finished or not', (phase) => {
  expect(isFinished({phase})).toBe(phase === 'Succeeded' || phase === 'Failed')
})

describe('rule 3: the revision is the proxy’s own', () => {
  const annotated = (text: string) => ({annotations: {'sidecar.istio.io/status': text}})
  test.each([
    ['{"revision":"canary"}', 'canary'],
    ['{"revision":""}', 'default'],
    ['{}', 'default'],
    ['not JSON', 'default'],
  ])('status %s', (text, revision) => {
    expect(revisionOf(annotated(text))).toBe(revision)
  })

  const meshes = [mesh({revision: 'canary', rootNamespace: 'canary-root'}), mesh({rootNamespace: 'default-root'})]
  test.each([
    ['{"revision":"canary"}', 'canary-root', 'canary'],
    ['{"revision":"default"}', 'default-root', 'default'],
    ['{"revision":"gone"}', 'default-root', 'gone'],
  ])('mesh of %s', (text, rootNamespace, revision) => {
    expect(meshFor(annotated(text), meshes)).toMatchObject({rootNamespace, revision})
  })
  test('a pod that names none gets the default one, else the only one, else Istio’s defaults', () => {
    expect(meshFor({annotations: {}}, meshes).rootNamespace).toBe('default-root')
    expect(meshFor({annotations: {}}, meshes.slice(0, 1)).rootNamespace).toBe('canary-root')
    expect(meshFor({annotations: {}}, []).rootNamespace).toBe('istio-system')
  })
})
