import type {PortProbe, Probes, Sighting} from '../../src/model/evidence.ts'
import type {Mesh} from '../../src/model/mesh.ts'
import {read, unread} from '../../src/model/part.ts'
import type {IstioObject, MtlsMode, ObjectMeta, PeerAuthentication} from '../../src/model/policy.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import type {Container, Namespace, Pod, Service} from '../../src/model/workload.ts'
import {defaultMesh} from '../../src/derive/mesh-for.ts'

export function meta(namespace: string, name: string): ObjectMeta {
  return {namespace, name, uid: '', createdAt: '2026-11-22T18:00:00Z', generation: 1, labels: {}, annotations: {}}
}

/** `policy('shop', 'a', 'STRICT', {selector: {app: 'cart'}, ports: {8080: 'DISABLE'}})`; `at`: seconds after the common moment. */
export function policy(
  namespace: string,
  name: string,
  mode: MtlsMode,
  more: {selector?: Record<string, string>; ports?: Record<string, MtlsMode>; at?: number; labels?: Record<string, string>} = {},
): PeerAuthentication {
  const {selector = null, ports = {}, at = 0, labels = {}} = more
  return {...meta(namespace, name), createdAt: new Date(Date.UTC(2026, 10, 22, 18, 0, at)).toISOString(), labels, selector, mode, ports}
}

export function container(name: string, more: Partial<Container> = {}): Container {
  const empty = {
    image: '',
    ports: [],
    args: [],
    env: {},
    probes: [],
    restartPolicy: '',
    runAsUser: null,
    runAsGroup: null,
    ready: true,
    waiting: '',
  }
  return {name, ...empty, ...more}
}

/** A running pod without a proxy, of Deployment `cart`, whose container listens on 8080 under the name `http`. */
export function plainPod(more: Partial<Pod> = {}): Pod {
  return {
    ...meta('shop', 'cart-1'),
    labels: {app: 'cart'},
    hostNetwork: false,
    serviceAccount: 'cart',
    node: 'node-1',
    securityContext: {runAsUser: null, runAsGroup: null},
    containers: [container('cart', {ports: [{name: 'http', port: 8080, protocol: 'TCP'}]})],
    initContainers: [],
    workload: {kind: 'Deployment', name: 'cart'},
    phase: 'Running',
    reason: '',
    ready: true,
    terminating: false,
    ips: ['10.0.0.1'],
    simulated: false,
    ...more,
  }
}

export const initArgs = [
  'istio-iptables',
  '-p',
  '15001',
  '-z',
  '15006',
  '-u',
  '1337',
  '-m',
  'REDIRECT',
  '-i',
  '*',
  '-x',
  '',
  '-b',
  '*',
  '-d',
  '15090,15021,15020',
]

/** The same pod as Istio injects it; `init`: the arguments of istio-init. */
export function sidecarPod(more: Partial<Pod> = {}, init: readonly string[] = initArgs): Pod {
  const pod = plainPod(more)
  return {
    ...pod,
    labels: {'security.istio.io/tlsMode': 'istio', ...pod.labels},
    annotations: {'sidecar.istio.io/status': '{"revision":"default"}', ...pod.annotations},
    containers: [
      ...pod.containers,
      container('istio-proxy', {args: ['proxy', 'sidecar'], ports: [{name: 'http-envoy-prom', port: 15090, protocol: 'TCP'}]}),
    ],
    initContainers: [container('istio-init', {args: [...init]}), ...pod.initContainers],
  }
}

export function ambientPod(more: Partial<Pod> = {}): Pod {
  const pod = plainPod(more)
  return {...pod, annotations: {'ambient.istio.io/redirection': 'enabled', ...pod.annotations}}
}

export function service(name: string, ports: [number, number | string][], more: Partial<Service> = {}): Service {
  return {
    ...meta('shop', name),
    type: 'ClusterIP',
    clusterIP: '10.1.0.1',
    externalName: '',
    selector: {app: 'cart'},
    ports: ports.map(([port, targetPort]) => ({name: '', port, targetPort, protocol: 'TCP', appProtocol: '', nodePort: 0})),
    ...more,
  }
}

export function namespace(name: string, labels: Record<string, string> = {}): Namespace {
  return {name, uid: '', phase: 'Active', labels, annotations: {}}
}

export function istioObject(kind: string, where: string, name: string, spec: Record<string, unknown>): IstioObject {
  return {...meta(where, name), kind, spec}
}

export function mesh(more: Partial<Mesh> = {}): Mesh {
  return {...defaultMesh, ...more}
}

export const asked: Asked = {
  scope: {namespaces: ['*'], exclude: []},
  revision: '',
  istioVersion: '',
  mtlsMode: 'STRICT',
  require: 'proven',
  probes: false,
  requireAuthorization: false,
  accessLogging: false,
  minTls: '',
}

/** A snapshot with every part read and empty, save `more`. */
export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    version: 1,
    takenAt: '2026-11-22T18:30:00Z',
    asked,
    cluster: unread('no cluster in this test'),
    mesh: read([mesh()]),
    controlPlane: unread('no control plane in this test'),
    validation: unread('not asked in this test'),
    namespaces: read([namespace('shop'), namespace('istio-system')]),
    pods: read([]),
    templates: read([]),
    services: read([]),
    policies: read([]),
    destinationRules: read([]),
    serviceEntries: read([]),
    workloadEntries: read([]),
    sidecars: read([]),
    gateways: read([]),
    envoyFilters: read([]),
    authorizationPolicies: read([]),
    requestAuthentications: read([]),
    telemetries: read([]),
    roots: read([]),
    delivered: unread('not inspected in this test'),
    probes: unread('not probed in this test'),
    ...more,
  }
}

export const controls: Probes['controls'] = [
  {name: 'open', expects: 'answer', passed: true, detail: ''},
  {name: 'closed', expects: 'silence', passed: true, detail: ''},
]

export function probes(ports: PortProbe[], more: Partial<Probes> = {}): Snapshot['probes'] {
  return read({by: 'api-server', controls, reachable: [], ports, ...more})
}

/** Both probes of a port of pod `cart-1` unless said otherwise. */
export function probed(port: number, tls: Sighting | null, plain: Sighting | null, more: Partial<PortProbe> = {}): PortProbe {
  const answer = (saw: Sighting | null) => (saw === null ? null : {saw, detail: '', tries: 1, at: '2026-11-22T18:29:00Z'})
  return {namespace: 'shop', pod: 'cart-1', address: '10.0.0.1', port, tls: answer(tls), plain: answer(plain), ...more}
}
