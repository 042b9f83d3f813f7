import {vouchedBy} from '../derive/vouched.ts'
import type {KubeObject} from '../io/io.ts'
import type {ControlPlane, Mesh, Webhook} from '../model/mesh.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {Ref} from '../model/ref.ts'
import type {Asked, Parts, Snapshot} from '../model/snapshot.ts'
import {apiServerCallsFrom} from './api-server-calls.ts'
import {claimants} from './control-plane.ts'
import {readyEndpoints} from './endpoint-slices.ts'
import {type Owners, ownerEntry} from './owners.ts'
import {istiodFrom} from './project-istiod.ts'
import {istioObjectFrom} from './project-istio.ts'
import {defaultMesh, isMeshConfig, meshFrom, meshRevision} from './project-mesh.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {namespaceFrom} from './project-namespace.ts'
import {podFrom} from './project-pod.ts'
import {peerAuthenticationFrom} from './project-policy.ts'
import {rootsFrom} from './project-roots.ts'
import {serviceFrom} from './project-service.ts'
import {templateFrom} from './project-template.ts'
import {webhooksFrom} from './project-webhook.ts'

/**
 * A whole snapshot from a bag of objects: manifests and fixtures. Every part is read with what the bag holds, save those that only a
 * cluster can answer; `meta` overrides any part. A Pod without status, judged from manifests, is the template of a pod to be created.
 */
export function snapshotFrom(objects: KubeObject[], asked: Asked, meta: {takenAt: string} & Partial<Parts>): Snapshot {
  const bag = bagOf(objects)
  const owners: Owners = new Map(['ReplicaSet', 'Job'].flatMap((kind) => bag(kind).map((object) => ownerEntry(kind, object))))
  const created = (pod: KubeObject) => !asked.manifests || pod['status'] !== undefined
  const istio = (kind: string) => read(bag(kind).map((object) => istioObjectFrom(object, kind)))
  const webhooks = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap(bag).flatMap((object) => webhooksFrom(object))
  const configMaps = meshConfigs(bag('ConfigMap'), webhooks)
  return {
    version: 1,
    asked,
    cluster: unread('judged from manifests, without a cluster'),
    mesh: meshPart(configMaps.vouched, asked.revision),
    controlPlane: read(controlPlaneFrom(bag, webhooks, configMaps.impostors)),
    validation: unread('judged from manifests: there is no webhook to ask'),
    namespaces: read(bag('Namespace').map(namespaceFrom)),
    pods: read(
      bag('Pod')
        .filter(created)
        .map((object) => podFrom(object, owners)),
    ),
    templates: read(
      [...templateKinds.flatMap(bag), ...bag('Pod').filter((pod) => !created(pod))].flatMap((object) => templateFrom(object) ?? []),
    ),
    services: read(bag('Service').map(serviceFrom)),
    policies: read(bag('PeerAuthentication').map(peerAuthenticationFrom)),
    destinationRules: istio('DestinationRule'),
    serviceEntries: istio('ServiceEntry'),
    workloadEntries: istio('WorkloadEntry'),
    sidecars: istio('Sidecar'),
    gateways: istio('Gateway'),
    envoyFilters: istio('EnvoyFilter'),
    authorizationPolicies: istio('AuthorizationPolicy'),
    requestAuthentications: istio('RequestAuthentication'),
    telemetries: istio('Telemetry'),
    roots: read(bag('ConfigMap').flatMap((configMap) => rootsFrom(configMap) ?? [])),
    delivered: unread('judged from manifests: no proxy runs'),
    probes: unread('judged from manifests: there is nothing to probe'),
    apiServerCalls: read(objects.flatMap(apiServerCallsFrom)),
    ...meta,
  }
}

/** Kinds with a pod template, in the order of a snapshot. */
export const templateKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicaSet']

type Bag = (kind: string) => KubeObject[]

function bagOf(objects: KubeObject[]): Bag {
  const byKind = Map.groupBy(objects.filter(isKnown), ({kind}) => kind)
  return (kind) => byKind.get(kind) ?? []
}

/** Some kinds share a name with those of others: Gateway is also the Gateway API's. */
function isKnown({apiVersion, kind}: KubeObject): boolean {
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const expected = groups[kind]
  return expected === undefined || expected === group
}

const groups: Record<string, string> = {
  Pod: '',
  Service: '',
  Namespace: '',
  ConfigMap: '',
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  Job: 'batch',
  CronJob: 'batch',
  PeerAuthentication: 'security.istio.io',
  AuthorizationPolicy: 'security.istio.io',
  RequestAuthentication: 'security.istio.io',
  DestinationRule: 'networking.istio.io',
  ServiceEntry: 'networking.istio.io',
  WorkloadEntry: 'networking.istio.io',
  Sidecar: 'networking.istio.io',
  Gateway: 'networking.istio.io',
  EnvoyFilter: 'networking.istio.io',
  Telemetry: 'telemetry.istio.io',
}

/** The ConfigMaps that an istiod reads, and those that would only be read by one that nobody vouches for. */
function meshConfigs(configMaps: KubeObject[], webhooks: Webhook[]): {vouched: KubeObject[]; impostors: Ref[]} {
  const isVouched = vouchedBy(webhooks)
  const all = configMaps.filter(isMeshConfig).map((configMap) => {
    const {namespace, name} = metaFrom(configMap)
    const ref: Ref = {kind: 'ConfigMap', namespace, name, ...placeOf(configMap)}
    return {configMap, ref, isReal: isVouched({namespace, revision: meshRevision(name)})}
  })
  return {
    vouched: all.filter(({isReal}) => isReal).map(({configMap}) => configMap),
    impostors: all.filter(({isReal}) => !isReal).map(({ref}) => ref),
  }
}

function meshPart(configMaps: KubeObject[], revision: string): Part<Mesh[]> {
  try {
    const meshes = configMaps.map((configMap) => meshFrom(configMap))
    return read(meshes.length > 0 ? meshes : [defaultMesh(revision)])
  } catch (error) {
    return unread(error instanceof Error ? error.message : String(error))
  }
}

function controlPlaneFrom(bag: Bag, webhooks: Webhook[], configMaps: Ref[]): ControlPlane {
  const {istiods, impostors} = claimants(
    bag('Deployment').flatMap((deployment) => istiodFrom(deployment) ?? []),
    webhooks,
  )
  return {istiods, webhooks, endpoints: readyEndpoints(bag('EndpointSlice')), impostors: [...impostors, ...configMaps]}
}
