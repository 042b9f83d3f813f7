import type {KubeObject} from '../io/io.ts'

/**
 * The user's policies in the order in which applying them one by one cuts nobody off who is let in at the end (docs/policies.md):
 * first what is looked at and how calls leave, then exceptions from mutual TLS before what demands it, then how tokens are read, and
 * last who may call, where what opens comes before what closes all the rest.
 */
export function inSafeOrder(policies: readonly KubeObject[], rootNamespaces: readonly string[]): KubeObject[] {
  const placed = policies.map((policy, at) => ({policy, at, rank: rankOf(policy, rootNamespaces)}))
  return placed.sort((a, b) => a.rank - b.rank || a.at - b.at).map(({policy}) => policy)
}

function rankOf(policy: KubeObject, rootNamespaces: readonly string[]): number {
  const wide = rootNamespaces.includes(policy.metadata.namespace ?? '') ? 1 : 0
  switch (policy.kind) {
    case 'Telemetry':
      // The log then shows what the rest does to callers.
      return 0
    case 'Sidecar':
      return 10
    case 'DestinationRule':
      // Clients send mutual TLS before a server demands it.
      return 20
    case 'PeerAuthentication':
      return (demands(policy) ? 35 : 30) + wide
    case 'RequestAuthentication':
      // Before a policy that lets in only whom a token names: without it nobody has one.
      return 40
    default:
      return authorizationRank(policy) + wide
  }
}

/** True where the policy, or one of its ports, demands mutual TLS. */
export function demands({spec}: KubeObject): boolean {
  const {mtls, portLevelMtls = {}} = (spec ?? {}) as {mtls?: {mode?: string}; portLevelMtls?: Record<string, {mode?: string}>}
  return [mtls, ...Object.values(portLevelMtls)].some((each) => each?.mode === 'STRICT')
}

/** An ALLOW without rules denies everything: applied before those with rules it would cut off whom they let in. */
function authorizationRank({spec}: KubeObject): number {
  const {action = 'ALLOW', rules} = (spec ?? {}) as {action?: string; rules?: unknown[]}
  if (action === 'AUDIT') return 50
  if (action === 'ALLOW') return (rules ?? []).length === 0 ? 90 : 60
  return action === 'DENY' ? 70 : 80
}
