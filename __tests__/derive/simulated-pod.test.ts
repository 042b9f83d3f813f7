import {captureOf} from '../../src/derive/capture.ts'
import {capturedPort} from '../../src/derive/captured-port.ts'
import {dataPlane} from '../../src/derive/membership.ts'
import {revisionOf} from '../../src/derive/mesh-for.ts'
import {simulatedPod} from '../../src/derive/simulated-pod.ts'
import type {Template} from '../../src/model/workload.ts'
import {defaultWebhooks} from '../../src/observe/manifests-webhooks.ts'
import {container, meta, plainPod} from './builders.ts'

const webhooks = defaultWebhooks('default', 'istio-system')
const shop = {name: 'shop', labels: {'istio-injection': 'enabled'}}

function template(annotations: Record<string, string> = {}, more: Partial<Template['pod']> = {}): Template {
  const {hostNetwork, serviceAccount, node, securityContext, containers, initContainers} = plainPod()
  const pod = {hostNetwork, serviceAccount, node, securityContext, containers, initContainers, labels: {app: 'cart'}, annotations, ...more}
  return {
    ...meta('shop', 'cart'),
    kind: 'Deployment',
    replicas: 1,
    readyReplicas: 0,
    selector: {app: 'cart'},
    pod,
    file: 'cart.yaml',
    line: 3,
  }
}

test('an injected template is a sidecar pod whose ports are captured, and it does not run', () => {
  const pod = simulatedPod(template(), shop, webhooks)
  expect(pod).toMatchObject({
    namespace: 'shop',
    workload: {kind: 'Deployment', name: 'cart'},
    simulated: true,
    ips: [],
    file: 'cart.yaml',
    line: 3,
  })
  expect(pod.labels).toEqual({app: 'cart', 'security.istio.io/tlsMode': 'istio'})
  expect([dataPlane(pod), revisionOf(pod), capturedPort(pod, 8080), capturedPort(pod, null)]).toEqual(['sidecar', 'default', true, true])
  expect(captureOf(pod).excludeInbound).toEqual([15090, 15021, 15020])
})

test('a template that nothing injects stays as it is', () => {
  const pod = simulatedPod(template(), {name: 'shop', labels: {}}, webhooks)
  expect([dataPlane(pod), pod.labels, pod.annotations]).toEqual(['none', {app: 'cart'}, {}])
})

test('rules 33 to 37: annotations become arguments', () => {
  const traffic = (name: string) => `traffic.sidecar.istio.io/${name}`
  const pod = simulatedPod(
    template({
      [traffic('excludeInboundPorts')]: '8080',
      [traffic('excludeOutboundPorts')]: '5432',
      [traffic('excludeInterfaces')]: 'net1',
      'status.sidecar.istio.io/port': '15555',
    }),
    shop,
    webhooks,
  )
  const {excludeInbound, excludeInterfaces, outbound} = captureOf(pod)
  expect([excludeInbound, excludeInterfaces, outbound.excludePorts]).toEqual([[15090, 15021, 8080, 15555], ['net1'], '5432'])
  const listed = simulatedPod(template({[traffic('includeInboundPorts')]: '9090'}), shop, webhooks)
  expect([capturedPort(listed, 8080), capturedPort(listed, 9090)]).toEqual([false, true])
})

test('rule 36: interceptionMode NONE writes no rules, by annotation or by the mesh’s default', () => {
  const mode = 'sidecar.istio.io/interceptionMode'
  expect(captureOf(simulatedPod(template({[mode]: 'NONE'}), shop, webhooks)).mode).toBe('NONE')
  expect(captureOf(simulatedPod(template(), shop, webhooks, {interceptionMode: 'TPROXY'})).mode).toBe('TPROXY')
  expect(captureOf(simulatedPod(template({[mode]: 'REDIRECT'}), shop, webhooks, {interceptionMode: 'NONE'})).mode).toBe('REDIRECT')
})

test('gateway and gRPC templates make what they name', () => {
  const image = container('istio-proxy', {image: 'auto'})
  const made = (templates: string) =>
    dataPlane(simulatedPod(template({'inject.istio.io/templates': templates}, {containers: [image]}), shop, webhooks))
  expect([made('gateway'), made('grpc-agent'), made('sidecar,custom')]).toEqual(['gateway', 'proxyless', 'sidecar'])
})

test('rule 24: the label that clients trust is kept where the user set it', () => {
  const pod = simulatedPod(template({}, {labels: {'security.istio.io/tlsMode': 'disabled'}}), shop, webhooks)
  expect(pod.labels['security.istio.io/tlsMode']).toBe('disabled')
})

test('rule 31: an ambient namespace enrols, an already injected template is left alone', () => {
  const ambient = {name: 'shop', labels: {'istio.io/dataplane-mode': 'ambient'}}
  expect(dataPlane(simulatedPod(template(), ambient, webhooks))).toBe('ambient')
  const done = simulatedPod(template({'sidecar.istio.io/status': '{"revision":"old"}'}), shop, webhooks)
  expect(done.initContainers).toEqual([])
})
