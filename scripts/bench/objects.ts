import {readFileSync} from 'node:fs'
import {join} from 'node:path'

/** One object to create: where, what, and the status that only its own subresource takes. */
export interface Seed {
  collection: string
  object: SeedObject
  status?: object
  /** Seeds of one shape differ in their `tokens` alone, and these are as long as those at the same place: one can be stamped from another. */
  shape?: string
  tokens?: string[]
}

/** A Kubernetes object as the seeds write it. */
export interface SeedObject {
  metadata: {name: string; [field: string]: unknown}
  [field: string]: unknown
}

/**
 * The objects of a shared cluster with about that many pods, from workload `from` on, in creation order: 40 workloads a namespace, of 1 to
 * 9 pods. Of ten namespaces five are injected by the default revision, three by `canary`, two have no proxies; of twenty workloads one is a
 * CronJob's finished Job, one a gateway, one a StatefulSet. Every second workload has a Service, every fourth a headless one.
 */
export function* workloadSeeds(pods: {from: number; to: number}): Generator<Seed> {
  let made = 0
  for (let index = 0; made < pods.to; index++) {
    const replicas = sizes[index % sizes.length] as number
    made += replicas
    if (made - replicas < pods.from) continue
    if (index % perNamespace === 0) yield* namespaceSeeds(index / perNamespace)
    yield* workload(index, replicas)
  }
}

/** How many workloads and namespaces make that many pods. */
export function workloadCount(pods: number): {workloads: number; namespaces: number} {
  let workloads = 0
  for (let made = 0; made < pods; workloads++) made += sizes[workloads % sizes.length] as number
  return {workloads, namespaces: Math.ceil(workloads / perNamespace)}
}

/** Name of a namespace by its index, and how its pods get their proxies. */
export function namespaceOf(index: number): {name: string; injection: 'default' | 'canary' | 'none'} {
  return {name: `team-${digits(index, 4)}`, injection: index % 10 < 5 ? 'default' : index % 10 < 8 ? 'canary' : 'none'}
}

/** Name of a workload by its index; as long as any other's. */
export function appName(index: number): string {
  return `app-${digits(index, 5)}`
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

export const perNamespace = 40
const sizes = [1, 2, 3, 5, 9]
const recorded = readFileSync(join(import.meta.dirname, 'injected-pod.json'), 'utf8')

function* namespaceSeeds(index: number): Generator<Seed> {
  const {name, injection} = namespaceOf(index)
  const labels = injection === 'none' ? {} : injection === 'canary' ? {'istio.io/rev': 'canary'} : {'istio-injection': 'enabled'}
  yield {collection: '/api/v1/namespaces', object: {metadata: {name, labels}}}
  yield {
    collection: `/api/v1/namespaces/${name}/configmaps`,
    shape: 'roots',
    tokens: [name],
    object: {metadata: {name: 'istio-ca-root-cert'}, data: {'root-cert.pem': rootCertificate}},
  }
}

/** Any authority will do: what is read is its dates and key. */
const rootCertificate = readFileSync(join(import.meta.dirname, 'root-cert.pem'), 'utf8')

function* workload(index: number, replicas: number): Generator<Seed> {
  const {name: namespace, injection} = namespaceOf(Math.floor(index / perNamespace))
  const name = appName(index)
  const labels = {app: name, version: 'v1', 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': namespace}
  const template = {metadata: {labels}, spec: {containers: [appContainer(name)]}}
  const place = {name, namespace, labels}
  const core = `/api/v1/namespaces/${namespace}`
  const apps = `/apis/apps/v1/namespaces/${namespace}`
  const turn = index % 20
  const selector = {matchLabels: {app: name}}
  const hash = ((index + 1) * 2654435761).toString(36).padStart(9, '0').slice(-9)
  const tokens = [name, namespace, hash]
  const shape = (kind: string) => ({shape: `${kind} ${replicas} ${turn > 16 ? turn : ''}`, tokens})
  let owner = {apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${hash}`}
  if (turn === 19) {
    owner = {apiVersion: 'batch/v1', kind: 'Job', name: `${name}-29333520`}
    const jobTemplate = {spec: {template: {...template, spec: {...template.spec, restartPolicy: 'Never'}}}}
    yield {
      ...shape('cronjob'),
      collection: `/apis/batch/v1/namespaces/${namespace}/cronjobs`,
      object: {metadata: place, spec: {schedule: '0 * * * *', suspend: true, jobTemplate}},
    }
  } else if (turn === 17) {
    owner = {apiVersion: 'apps/v1', kind: 'StatefulSet', name}
    yield {
      ...shape('statefulset'),
      collection: `${apps}/statefulsets`,
      object: {metadata: place, spec: {replicas, selector, serviceName: name, template}},
    }
  } else {
    const hashed = {...labels, 'pod-template-hash': hash}
    yield {...shape('deployment'), collection: `${apps}/deployments`, object: {metadata: place, spec: {replicas, selector, template}}}
    yield {
      ...shape('replicaset'),
      collection: `${apps}/replicasets`,
      object: {
        metadata: {name: owner.name, namespace, labels: hashed, ownerReferences: [ownerReference('apps/v1', 'Deployment', name)]},
        spec: {
          replicas,
          selector: {matchLabels: {app: name, 'pod-template-hash': hash}},
          template: {...template, metadata: {labels: hashed}},
        },
      },
    }
  }
  if (index % 2 === 0) {
    yield {
      // The others have addresses, which only the API server hands out.
      ...(index % 4 === 0 && shape('service')),
      collection: `${core}/services`,
      object: {
        metadata: place,
        spec: {...(index % 4 === 0 && {clusterIP: 'None'}), selector: {app: name}, ports: servicePorts},
      },
    }
  }
  const role = turn === 19 ? 'job' : turn === 18 ? 'gateway' : 'app'
  for (let pod = 0; pod < replicas; pod++) {
    const podName = `${owner.name}-${digits(pod, 5)}`
    const ip = addressOf(index * 9 + pod)
    const {status, ...object} = withAddress(podFrom({name: podName, namespace, app: name, injection, role, owner, labels, hash}), ip)
    // The longest first: a pod's name begins with that of its workload.
    const stamp = {shape: `pod ${role} ${injection} ${turn === 17}`, tokens: [podName, ...tokens, ip]}
    yield {collection: `${core}/pods`, object, status, ...stamp}
  }
}

const servicePorts = [
  {name: 'http', port: 80, targetPort: 'http'},
  {name: 'tcp', port: 9090, targetPort: 9090},
]

interface PodPlan {
  name: string
  namespace: string
  app: string
  injection: string
  role: 'app' | 'gateway' | 'job'
  owner: {apiVersion: string; kind: string; name: string}
  labels: Record<string, string>
  hash: string
}

interface SeedPod extends SeedObject {
  status: Record<string, unknown>
}

/** The pod that Istio's own injector made on the test bed, under another name; without a proxy, or with nothing but one (a gateway). */
function podFrom({name, namespace, app, injection, role, owner, labels, hash}: PodPlan): SeedPod {
  const text = recorded.replaceAll('orders-955749d7f', owner.name).replaceAll('deployments/orders', `deployments/${app}`)
  const pod = JSON.parse(text.replaceAll('namespaces/shop', `namespaces/${namespace}`))
  const proxied = injection !== 'none'
  pod.metadata = {
    ...pod.metadata,
    name,
    namespace,
    labels: {...labels, 'pod-template-hash': hash, ...(proxied && meshLabels(app))},
    annotations: proxied ? withRevision(pod.metadata.annotations, injection) : {},
    ownerReferences: [ownerReference(owner.apiVersion, owner.kind, owner.name)],
  }
  if (role === 'gateway' && proxied) {
    const proxy = pod.spec.initContainers[1]
    const {restartPolicy, ...container} = {...proxy, args: ['proxy', 'router', ...proxy.args.slice(2)]}
    pod.spec.containers = [container]
    pod.spec.initContainers = []
    pod.status.containerStatuses = [pod.status.initContainerStatuses[1]]
    pod.status.initContainerStatuses = []
  } else {
    Object.assign(pod.spec.containers[0], appContainer(app))
  }
  if (!proxied) {
    pod.spec.initContainers = []
    pod.status.initContainerStatuses = []
  }
  if (role === 'job') {
    pod.spec.restartPolicy = 'Never'
    pod.status.phase = 'Succeeded'
  }
  return pod
}

function withAddress(pod: SeedPod, ip: string): SeedPod {
  return {...pod, status: {...pod.status, podIP: ip, podIPs: [{ip}]}}
}

/** One of a million addresses, all of three digits a part. */
function addressOf(number: number): string {
  const part = (size: number) => 100 + (Math.floor(number / size) % 100)
  return `10.${part(10_000)}.${part(100)}.${part(1)}`
}

function meshLabels(app: string): Record<string, string> {
  return {
    'security.istio.io/tlsMode': 'istio',
    'service.istio.io/canonical-name': app,
    'service.istio.io/canonical-revision': 'v1',
  }
}

function withRevision(annotations: Record<string, string>, revision: string): Record<string, string> {
  const status = annotations['sidecar.istio.io/status']?.replace('"revision":"default"', `"revision":"${revision}"`)
  return {...annotations, 'istio.io/rev': revision, 'sidecar.istio.io/status': status ?? ''}
}

function ownerReference(apiVersion: string, kind: string, name: string): object {
  return {apiVersion, kind, name, uid: '11111111-2222-3333-4444-555555555555', controller: true, blockOwnerDeletion: true}
}

/** As big as the containers of common applications: twenty settings, resources, two probes. */
function appContainer(app: string): object {
  // As the injector rewrites them: the agent asks in the kubelet's place.
  const probe = (path: string) => ({
    httpGet: {path: `/app-health/app${path}z`, port: 15020, scheme: 'HTTP'},
    periodSeconds: 10,
    failureThreshold: 3,
  })
  return {
    name: 'app',
    image: `docker.io/example/${app}:1.4.2`,
    ports: [
      {name: 'http', containerPort: 8080, protocol: 'TCP'},
      {name: 'tcp', containerPort: 9090, protocol: 'TCP'},
    ],
    env: Array.from({length: 20}, (_, at) => ({name: `SETTING_${at}`, value: `value-of-setting-${at}-for-${app}`})),
    resources: {requests: {cpu: '100m', memory: '128Mi'}, limits: {memory: '256Mi'}},
    readinessProbe: probe('/ready'),
    livenessProbe: probe('/live'),
  }
}
