import {gitOpsOf} from '../derive/keeper.ts'
import type {KubeObject} from '../io/io.ts'

/** Who keeps an object as it is; `release` and `namespace` are helm's, `name` says how to speak of anyone else. */
export type Owner = {by: 'helm'; release: string; namespace: string} | {by: 'istioctl' | 'operator' | 'unknown'; name: string}

/**
 * Who made and keeps an object of Istio. Whoever writes it back (a vendor, an operator, Argo CD, Flux) comes before helm's own marks,
 * because their objects often carry those too. An object without any mark is owned by `unknown`.
 */
export function ownerOf(object: KubeObject): Owner {
  const {labels = {}, annotations = {}, ownerReferences = [], managedFields = [], namespace = ''} = object.metadata
  const keeper = ownerReferences.find(({controller}) => controller) ?? ownerReferences[0]
  if (namespace === 'aks-istio-system') return {by: 'operator', name: 'the AKS service mesh add-on'}
  if (keeper !== undefined) return {by: 'operator', name: keeperName(keeper)}
  const gitOps = gitOpsOf(object.metadata)
  if (gitOps !== null) return {by: 'operator', name: gitOps}
  const vendor = vendorOf(object)
  if (vendor !== null) return {by: 'operator', name: vendor}
  const release = annotations['meta.helm.sh/release-name']
  if (release !== undefined) return {by: 'helm', release, namespace: annotations['meta.helm.sh/release-namespace'] ?? namespace}
  const isIstioctls = managedFields.some(({manager}) => manager === 'istio-operator' || manager === 'istioctl')
  if (isIstioctls || (labels['install.operator.istio.io/owning-resource'] ?? 'unknown') !== 'unknown') {
    return {by: 'istioctl', name: 'istioctl'}
  }
  return {by: 'unknown', name: 'someone who left no mark'}
}

/** Vendors whose add-ons write their objects back, by what they leave on them: field managers, labels, the revision, the image's home. */
function vendorOf(object: KubeObject): string | null {
  const {labels = {}, managedFields = []} = object.metadata
  if (managedFields.some(({manager}) => manager === 'eks')) return 'an EKS add-on'
  if (labels['addonmanager.kubernetes.io/mode'] !== undefined) return "the cluster's add-on manager"
  const spec = object['spec'] as {template?: {spec?: {containers?: {image?: string}[]}}} | undefined
  const isGoogles = (spec?.template?.spec?.containers ?? []).some(({image}) => image?.startsWith('gcr.io/gke-release/asm/'))
  return isGoogles || labels['istio.io/rev']?.startsWith('asm-') ? "Google's Cloud Service Mesh" : null
}

function keeperName({kind, name, apiVersion}: {kind: string; name: string; apiVersion: string}): string {
  if (kind === 'ServiceMeshControlPlane') return `OpenShift Service Mesh (ServiceMeshControlPlane ${name})`
  return apiVersion.startsWith('sailoperator.io/') ? `the Sail operator or OpenShift Service Mesh 3 (${kind} ${name})` : `${kind} ${name}`
}

/** An owner as a sentence names it. */
export function ownerText(owner: Owner): string {
  return owner.by === 'helm' ? `helm release \`${owner.namespace}/${owner.release}\`` : owner.name
}
