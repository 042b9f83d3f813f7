import type {Webhook} from '../model/mesh.ts'

/** Where something that claims to be a control plane lies, and the revision it claims. */
export interface Claim {
  namespace: string
  revision: string
}

/**
 * Judges a claim by what only an administrator of the cluster can write: it holds where a webhook of Istio's leads to its namespace, and in
 * `istio-system` unless the webhooks of its revision all lead elsewhere. A label alone proves nothing: whoever owns a namespace writes it.
 */
export function vouchedBy(webhooks: readonly Webhook[]): (claim: Claim) => boolean {
  const places = webhooks.flatMap(({service, revision}) =>
    service === null ? [] : [{namespace: service.namespace, revision: revision || 'default'}],
  )
  return ({namespace, revision}) =>
    places.some((place) => place.namespace === namespace) ||
    (namespace === 'istio-system' && !places.some((place) => place.revision === revision))
}
