/** What of an object's metadata tells who keeps it. */
export interface KeptMetadata {
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: {kind: string; name: string; controller?: boolean}[]
  managedFields?: {manager?: string}[]
}

/**
 * The GitOps tool that writes an object back to what its repository says, as a sentence names it; null for none. By its tracking marks, else by its
 * field manager (Argo CD, common/common.go: ArgoCDSSAManager; Flux names its managers as its controllers).
 */
export function gitOpsOf({labels = {}, annotations = {}, managedFields = []}: KeptMetadata): string | null {
  const argo = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? labels['argocd.argoproj.io/instance']
  if (argo !== undefined) return `Argo CD application ${argo}`
  const flux = labels['helm.toolkit.fluxcd.io/name'] ?? labels['kustomize.toolkit.fluxcd.io/name']
  if (flux !== undefined) return `Flux release ${flux}`
  const managers = managedFields.map(({manager = ''}) => manager)
  if (managers.some((manager) => manager.startsWith('argocd-'))) return 'Argo CD'
  return managers.some((manager) => manager === 'kustomize-controller' || manager === 'helm-controller') ? 'Flux' : null
}

/** The GitOps tool that owns this very label of an object (managedFields) and would write its value back; null for nobody. */
export function labelKeeper({managedFields = []}: KeptMetadata, label: string): string | null {
  const owners = (managedFields as {manager?: string; fieldsV1?: {'f:metadata'?: {'f:labels'?: Record<string, unknown>}}}[]).filter(
    ({fieldsV1}) => fieldsV1?.['f:metadata']?.['f:labels']?.[`f:${label}`] !== undefined,
  )
  return gitOpsOf({managedFields: owners})
}

/** Whoever would write a change of the object back: an operator that owns it, or a GitOps tool; null for nobody. */
export function keeperOf(metadata: KeptMetadata): string | null {
  const {ownerReferences = []} = metadata
  const owner = ownerReferences.find(({controller}) => controller) ?? ownerReferences[0]
  return owner === undefined ? gitOpsOf(metadata) : `${owner.kind} ${owner.name}`
}
