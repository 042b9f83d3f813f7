import fc from 'fast-check'
import {captureOf} from '../../src/derive/capture.ts'
import {dataPlane} from '../../src/derive/membership.ts'
import {simulatedPod} from '../../src/derive/simulated-pod.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Pod} from '../../src/model/workload.ts'
import {defaultWebhooks} from '../../src/observe/manifests-webhooks.ts'
import {podFrom} from '../../src/observe/project-pod.ts'
import {expectAgreement, keptWorlds, runs} from './agreement.ts'
import {configMap, namespace} from './objects.ts'
import {Oracle} from './oracle.ts'
import {contentOf, snapshotOf} from './product.ts'

/** No run is cut short: what the asked number of sets takes, it takes; a cold Go build some minutes. */
const hour = 3_600_000

let oracle: Oracle
beforeAll(async () => {
  oracle = await Oracle.start()
}, hour)
afterAll(() => oracle.close())

interface World {
  objects: KubeObject[]
  revision: string
  /** What a hand-made world shows. */
  expects?: Record<string, object>
}

describe('injection: the pod that is stored when a manifest is applied', () => {
  const share = Math.ceil(runs / 10)
  test(`agrees with Istio's charts and injector on ${share} random sets`, () => expectAgreement('injection', worlds, stored, share), hour)
  test.each(keptWorlds<World>('injection'))('agrees on %s', async (_, world) => {
    const {istio, product} = await stored(world)
    expect(product).toEqual(istio)
    expect(istio).toMatchObject(world.expects ?? {})
  })

  async function stored({objects, revision}: World) {
    const {injected = {}} = await oracle.ask({kind: 'injection', revision, objects})
    const istio = Object.entries(injected).map(([name, pod]) => [name, pod === null ? outside : traits(podFrom(pod))])
    return {istio: Object.fromEntries(istio), product: productPods(objects, revision)}
  }
})

/** What decides about mutual TLS on a pod's ports. */
interface Traits {
  plane: string
  capture: object | null
  tlsLabel: string
}

const outside: Traits = {plane: 'none', capture: null, tlsLabel: ''}

function traits(pod: Pod): Traits {
  const plane = dataPlane(pod)
  if (plane === 'none') return outside
  return {plane, capture: plane === 'sidecar' ? captureOf(pod) : null, tlsLabel: pod.labels['security.istio.io/tlsMode'] ?? ''}
}

function productPods(objects: KubeObject[], revision: string): Record<string, Traits> {
  const snapshot = snapshotOf(objects, {manifests: true})
  const namespaces = new Map(contentOf(snapshot.namespaces).map((each) => [each.name, each]))
  const webhooks = defaultWebhooks(revision, 'istio-system')
  return Object.fromEntries(
    contentOf(snapshot.templates).map((template) => {
      const home = namespaces.get(template.namespace) ?? {name: template.namespace, labels: {}}
      return [`${template.namespace}/${template.name}`, traits(simulatedPod(template, home, webhooks))]
    }),
  )
}

const injectLabel = 'sidecar.istio.io/inject'

const namespaceLabels = fc.record(
  {'istio-injection': fc.constantFrom('enabled', 'disabled', 'true'), 'istio.io/rev': fc.constantFrom('default', 'canary')},
  {requiredKeys: []},
)

const podLabels = fc.record(
  {
    [injectLabel]: fc.constantFrom('true', 'false', 'yes'),
    'istio.io/rev': fc.constantFrom('default', 'canary'),
    'security.istio.io/tlsMode': fc.constantFrom('istio', 'disabled'),
  },
  {requiredKeys: []},
)

const podAnnotations = fc.record(
  {
    [injectLabel]: fc.constantFrom('true', 'false', 'no'),
    'traffic.sidecar.istio.io/includeInboundPorts': fc.constantFrom('*', '8080', '80,8080', ''),
    'traffic.sidecar.istio.io/excludeInboundPorts': fc.constantFrom('8080', '80,15020', ''),
    'traffic.sidecar.istio.io/excludeInterfaces': fc.constantFrom('net1', 'net1,net2'),
    'traffic.sidecar.istio.io/excludeOutboundIPRanges': fc.constantFrom('10.0.0.0/8', ''),
    'traffic.sidecar.istio.io/excludeOutboundPorts': fc.constantFrom('443', ''),
    'traffic.sidecar.istio.io/includeOutboundIPRanges': fc.constantFrom('*', '10.96.0.0/12'),
    'sidecar.istio.io/interceptionMode': fc.constantFrom('REDIRECT', 'TPROXY', 'NONE'),
    'status.sidecar.istio.io/port': fc.constantFrom('15020', '15099'),
  },
  {requiredKeys: []},
)

const worlds: fc.Arbitrary<World> = fc
  .record({
    where: fc.constantFrom('shop', 'shop', 'shop', 'kube-system'),
    namespaceLabels,
    labels: podLabels,
    annotations: podAnnotations,
    hostNetwork: fc.constantFrom(false, false, false, true),
    revision: fc.constantFrom('default', 'canary'),
  })
  .map(({where, namespaceLabels, labels, annotations, hostNetwork, revision}) => ({
    revision,
    objects: [
      namespace(where, namespaceLabels),
      configMap(revision, {}),
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {name: 'app', namespace: where, labels, annotations},
        spec: {...(hostNetwork && {hostNetwork}), containers: [{name: 'app', image: 'app'}]},
      },
    ],
  }))
