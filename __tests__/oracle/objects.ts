import type {KubeObject} from '../../src/io/io.ts'

/** A namespace as the API server holds it: its name is always among its labels. */
export function namespace(name: string, labels: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {name, labels: {...labels, 'kubernetes.io/metadata.name': name}},
    status: {phase: 'Active'},
  }
}

/** The mesh configuration of one revision, where istiod looks for it. */
export function configMap(revision: string, mesh: object): KubeObject {
  const name = revision === 'default' ? 'istio' : `istio-${revision}`
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name, namespace: 'istio-system'},
    data: {mesh: JSON.stringify(mesh)},
  } as KubeObject
}

/** A PeerAuthentication created in one of the seconds of a minute; what is undefined is left out. */
export function peerAuthentication(sketch: {
  where: string
  name: string
  second: number
  revision?: string | undefined
  selector?: object | undefined
  mtls?: object | undefined
  portLevelMtls?: object | undefined
}): KubeObject & {metadata: {namespace: string}} {
  const {where, name, second, revision, ...spec} = sketch
  return withoutUndefined({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {
      name,
      namespace: where,
      uid: `${where}-${name}`,
      creationTimestamp: `2026-11-22T18:00:0${second}Z`,
      labels: {...(revision !== undefined && {'istio.io/rev': revision})},
    },
    spec,
  })
}

/** A running pod with two TCP ports and one of UDP, enrolled as its data plane writes it into the pod. */
export function pod(
  where: string,
  name: string,
  labels: Record<string, string>,
  {dataPlane, revision, ip, ports = {}}: {dataPlane: DataPlane; revision: string; ip: string; ports?: Record<string, number>},
): KubeObject {
  const declared = Object.entries(ports).map(([named, containerPort]) => ({name: named, containerPort, protocol: 'TCP'}))
  const application = {name: 'app', image: 'app', ports: [...declared, {name: 'dns', containerPort: 5353, protocol: 'UDP'}]}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace: where, uid: `${where}-${name}`, labels, annotations: enrolments[dataPlane](revision)},
    spec: {
      containers: dataPlane === 'sidecar' ? [application, proxy] : [application],
      initContainers: dataPlane === 'sidecar' ? [capture] : [],
    },
    status: {phase: 'Running', podIP: ip, podIPs: [{ip}], conditions: [{type: 'Ready', status: 'True'}]},
  }
}

export type DataPlane = 'sidecar' | 'ambient' | 'none'

const enrolments: Record<DataPlane, (revision: string) => Record<string, string>> = {
  sidecar: (revision) => ({'sidecar.istio.io/status': JSON.stringify({revision})}),
  ambient: () => ({'ambient.istio.io/redirection': 'enabled'}),
  none: () => ({}),
}

const proxy = {name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'sidecar']}
const captureArgs = [
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
const capture = {name: 'istio-init', image: 'proxyv2', args: ['istio-iptables', ...captureArgs]}

function withoutUndefined<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
