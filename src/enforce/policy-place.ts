/** The name under which the API server remembers which fields are ours. */
export const fieldManager = 'istio-mtls-action'

/** Annotation that keeps the spec of a policy as it was before we took it over. */
export const previousSpec = 'istio-mtls/previous-spec'

/** Annotation that keeps whose mark such a policy carried before ours (label app.kubernetes.io/managed-by). */
export const previousManagedBy = 'istio-mtls/previous-managed-by'

/** Annotation of a policy that others had made before we applied to it: an uninstall leaves it there (install/our-policies.ts). */
export const madeByOthers = 'istio-mtls/made-by-others'

/** Path of a PeerAuthentication. */
export function policyPathOf(namespace: string, name: string): string {
  return `/apis/security.istio.io/v1/namespaces/${namespace}/peerauthentications/${name}`
}

/** A PeerAuthentication in a message. */
export function policyNameText(namespace: string, name: string): string {
  return `PeerAuthentication \`${namespace}/${name}\``
}
