import type {ControlPlane, Mesh} from '../model/mesh.ts'
import type {DistributedRoots} from '../model/root.ts'

/** The roots of a mesh as its root namespace was given them, else its control plane's; null where neither was given any. */
export function meshRoots({rootNamespace, namespace}: Mesh, roots: readonly DistributedRoots[]): DistributedRoots | null {
  return roots.find((each) => each.namespace === rootNamespace) ?? roots.find((each) => each.namespace === namespace) ?? null
}

/** The istiod setting by which a mesh hands out its root otherwise than by the ConfigMap `istio-ca-root-cert` (pilot/pkg/features), or ''. */
export function otherDistribution({revision, namespace}: Mesh, {istiods}: Pick<ControlPlane, 'istiods'>): string {
  const env = istiods.find((istiod) => istiod.revision === revision && istiod.namespace === namespace)?.env ?? {}
  if (env['ENABLE_CLUSTER_TRUST_BUNDLE_API'] === 'true') return 'ENABLE_CLUSTER_TRUST_BUNDLE_API'
  return (env['PILOT_CA_CERT_CONFIGMAP'] ?? 'istio-ca-root-cert') === 'istio-ca-root-cert' ? '' : 'PILOT_CA_CERT_CONFIGMAP'
}
