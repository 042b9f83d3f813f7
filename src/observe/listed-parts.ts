import type {KubeObject, ListedKind} from '../io/io.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Parts} from '../model/snapshot.ts'
import {istioObjectFrom} from './project-istio.ts'
import {namespaceFrom} from './project-namespace.ts'
import {peerAuthenticationFrom} from './project-policy.ts'
import {rootsConfigMap, rootsFrom} from './project-roots.ts'
import {serviceFrom} from './project-service.ts'
import type {ListRead, Reader} from './reads.ts'

/** The parts that are one list each: what to read, and how each item is projected. */
const listedParts = {
  namespaces: (reader) => reader.list(core('namespaces', 'Namespace'), namespaceFrom),
  services: (reader) => reader.list(core('services', 'Service'), serviceFrom),
  policies: (reader) => reader.list(istio('security', 'peerauthentications'), peerAuthenticationFrom),
  authorizationPolicies: (reader) => reader.list(istio('security', 'authorizationpolicies'), as('AuthorizationPolicy')),
  requestAuthentications: (reader) => reader.list(istio('security', 'requestauthentications'), as('RequestAuthentication')),
  destinationRules: (reader) => reader.list(istio('networking', 'destinationrules'), as('DestinationRule')),
  serviceEntries: (reader) => reader.list(istio('networking', 'serviceentries'), as('ServiceEntry')),
  workloadEntries: (reader) => reader.list(istio('networking', 'workloadentries'), as('WorkloadEntry')),
  sidecars: (reader) => reader.list(istio('networking', 'sidecars'), as('Sidecar')),
  gateways: (reader) => reader.list(istio('networking', 'gateways'), as('Gateway')),
  envoyFilters: (reader) => reader.list(istio('networking', 'envoyfilters', ['v1alpha3']), as('EnvoyFilter')),
  telemetries: (reader) => reader.list(istio('telemetry', 'telemetries', ['v1', 'v1alpha1']), as('Telemetry')),
  roots: (reader) => reader.list({...core('configmaps', 'ConfigMap'), name: rootsConfigMap}, rootsFrom),
} satisfies {[P in keyof Parts]?: (reader: Reader) => Promise<Parts[P]>}

/** Reads them all in parallel, each on its own. */
export async function readListedParts(reader: Reader): Promise<Pick<Parts, keyof typeof listedParts>> {
  const entries = await Promise.all(Object.entries(listedParts).map(async ([part, readPart]) => [part, await readPart(reader)]))
  return Object.fromEntries(entries)
}

function core(resource: string, kind: ListedKind): ListRead {
  return {resource, group: '', versions: ['v1'], kind}
}

/** v1 since Istio 1.22, v1beta1 before; without the CRD there is no such object. */
function istio(group: 'security' | 'networking' | 'telemetry', resource: string, versions = ['v1', 'v1beta1']): ListRead {
  return {resource, group: `${group}.istio.io`, versions, optional: true}
}

function as(kind: string) {
  return (item: KubeObject): IstioObject => istioObjectFrom(item, kind)
}
