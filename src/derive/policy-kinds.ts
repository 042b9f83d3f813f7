/** Where the API server keeps a kind of Istio object. */
export interface PolicyKind {
  group: string
  resource: string
}

/** The kinds that the input `policies` may hold: what decides who may call whom, how, and what is logged of it. */
export const policyKinds: Readonly<Record<string, PolicyKind>> = {
  PeerAuthentication: {group: 'security.istio.io', resource: 'peerauthentications'},
  AuthorizationPolicy: {group: 'security.istio.io', resource: 'authorizationpolicies'},
  RequestAuthentication: {group: 'security.istio.io', resource: 'requestauthentications'},
  DestinationRule: {group: 'networking.istio.io', resource: 'destinationrules'},
  Sidecar: {group: 'networking.istio.io', resource: 'sidecars'},
  Telemetry: {group: 'telemetry.istio.io', resource: 'telemetries'},
}

/** Address of one object of these kinds, at the API version it is written in; throws for any other kind. */
export function policyPath({
  apiVersion,
  kind,
  metadata: {namespace, name},
}: {
  apiVersion: string
  kind: string
  metadata: {namespace?: string; name: string}
}): string {
  const known = policyKinds[kind]
  if (known === undefined) throw new Error(`${kind} is none of the kinds of \`policies\``)
  return `/apis/${apiVersion}/namespaces/${namespace}/${known.resource}/${name}`
}
