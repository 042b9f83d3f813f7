import {vouchedBy} from '../derive/vouched.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import type {ControlPlane, Istiod, Mesh, Webhook} from '../model/mesh.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {Ref} from '../model/ref.ts'
import type {Pod} from '../model/workload.ts'
import {readyEndpoints} from './endpoint-slices.ts'
import {defaultMesh, meshFrom} from './project-mesh.ts'
import {webhooksFrom} from './project-webhook.ts'
import {type ListRead, type Reader, ruleFor} from './reads.ts'

/** Istio's webhooks of both types. */
export async function readWebhooks(reader: Reader): Promise<Part<Webhook[]>> {
  const parts = await Promise.all(webhookReads.map(([kind, what]) => reader.list(what, (item) => webhooksFrom(item, kind))))
  return parts.find((part) => !part.read) ?? read(parts.flatMap((part) => (part.read ? part.value.flat() : [])))
}

/** The istiods that webhook configurations vouch for, and the other Deployments that claim to be one. */
export interface Claimants {
  istiods: Istiod[]
  impostors: Ref[]
}

/** Tells istiods from impostors (derive/vouched.ts); unread where the webhook configurations are, for a label alone proves nothing. */
export function claimantsOf(istiods: Part<Istiod[]>, webhooks: Part<Webhook[]>): Part<Claimants> {
  if (!istiods.read) return istiods
  if (istiods.value.length === 0) return read({istiods: [], impostors: []})
  return webhooks.read ? read(claimants(istiods.value, webhooks.value)) : webhooks
}

/** The same of what was read. */
export function claimants(istiods: Istiod[], webhooks: Webhook[]): Claimants {
  const isVouched = vouchedBy(webhooks)
  return {istiods: istiods.filter(isVouched), impostors: istiods.filter((istiod) => !isVouched(istiod)).map(deploymentRef)}
}

function deploymentRef({namespace, name, file, line}: Istiod): Ref {
  return {kind: 'Deployment', namespace, name, ...(file !== undefined && {file, line})}
}

/** The control plane: its istiods, its webhooks, and how many ready pods stand behind each of its Services. */
export async function readControlPlane(found: Part<Claimants>, webhooks: Part<Webhook[]>, reader: Reader): Promise<Part<ControlPlane>> {
  if (!found.read) return found
  if (!webhooks.read) return webhooks
  const {istiods, impostors} = found.value
  const services = webhooks.value.map(({service}) => service?.namespace ?? '')
  const namespaces = [...new Set([...istiods.map(({namespace}) => namespace), ...services])].filter(Boolean)
  const parts = await Promise.all(namespaces.map((namespace) => reader.listIn(namespace, endpointSlices, (item) => item)))
  const missing = parts.find((part) => !part.read)
  if (missing !== undefined) return missing
  const endpoints = readyEndpoints(parts.flatMap((part) => (part.read ? part.value : [])))
  return read({istiods, webhooks: webhooks.value, endpoints, impostors})
}

/**
 * The mesh configuration of every istiod vouched for (rule 5), in the order found. Without an istiod: that of `istio-system`, else Istio's
 * defaults, unless injected pods run: then a control plane elsewhere rules them, and its configuration cannot be read here.
 */
export async function readMesh(
  claimed: Part<Claimants>,
  pods: Part<Pod[]>,
  revision: string,
  kube: Kube,
  reader: Reader,
): Promise<Part<Mesh[]>> {
  if (!claimed.read) return claimed
  const {istiods} = claimed.value
  const wanted = istiods.length > 0 ? istiods : [{namespace: 'istio-system', revision: revision || 'default', env: {}}]
  const meshes = await reader.part('the mesh configuration', ruleFor({resource: 'configmaps', group: ''}), () =>
    Promise.all(wanted.map((istiod) => meshOf(istiod, kube))),
  )
  if (!meshes.read) return meshes
  const found = meshes.value.filter((mesh) => mesh !== null)
  if (istiods.length === 0 && found.length === 0 && (!pods.read || pods.value.some(isInjected))) {
    return unread(
      'no istiod (Deployment with label `app: istiod`, vouched for by a webhook configuration) runs in this cluster, yet pods are injected: their mesh configuration lies in another cluster',
    )
  }
  return read(wanted.map((istiod, at) => meshes.value[at] ?? defaultMesh(istiod.revision, istiod.namespace)))
}

/** What an istiod reads as its mesh configuration, with the shared one below it; null where it has none. */
export async function meshOf({namespace, revision, env}: Pick<Istiod, 'namespace' | 'revision' | 'env'>, kube: Kube): Promise<Mesh | null> {
  const configMap = async (name: string) => kube.find<KubeObject>(`/api/v1/namespaces/${namespace}/configmaps/${name}`)
  const own = await configMap(revision === 'default' ? 'istio' : `istio-${revision}`)
  const shared = env['SHARED_MESH_CONFIG'] ? await configMap(env['SHARED_MESH_CONFIG']) : null
  if (own === null && shared === null) return null
  return {...meshFrom(own ?? emptyConfigMap(namespace), shared), revision, namespace}
}

function emptyConfigMap(namespace: string): KubeObject {
  return {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'istio', namespace}}
}

function isInjected({annotations}: Pod): boolean {
  return annotations['sidecar.istio.io/status'] !== undefined
}

const endpointSlices: ListRead = {resource: 'endpointslices', group: 'discovery.k8s.io', versions: ['v1']}

/** Where Istio's webhooks stand. */
export const webhookReads: [string, ListRead][] = [
  ['MutatingWebhookConfiguration', {resource: 'mutatingwebhookconfigurations', group: 'admissionregistration.k8s.io', versions: ['v1']}],
  [
    'ValidatingWebhookConfiguration',
    {resource: 'validatingwebhookconfigurations', group: 'admissionregistration.k8s.io', versions: ['v1']},
  ],
]
