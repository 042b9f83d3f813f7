import type {Part} from './part.ts'
import type {Certificate} from './root.ts'

/** The roles that read delivered evidence (docs/permissions.md): `deliver` reaches istiod's pods, `inspect` those of workloads. */
export type DeliveryRole = 'deliver' | 'inspect'

/** Evidence B: what istiod delivered, and what every proxy in scope really runs. Plain JSON, an allow-list of what Envoy and istiod show. */
export interface Delivered {
  /** Why a role is not granted, as one sentence that names it; '' when it is. */
  withheld: Record<DeliveryRole, string>
  replicas: IstiodReplica[]
  /** Every pod in scope that runs Envoy. */
  proxies: ProxyState[]
  /** What became of a change of this run; null when nothing was changed or the role `deliver` is not granted. */
  propagation: Propagation | null
}

/** One istiod pod: each knows only its own proxies (rule 62). */
export interface IstiodReplica {
  namespace: string
  pod: string
  revision: string
  state: Part<ReplicaState>
}

/** What one istiod holds and whom it serves; `proxies` counts its connections of the whole mesh. */
export interface ReplicaState {
  policies: HeldPolicy[]
  proxies: number
}

/** A PeerAuthentication as istiod holds it (/debug/configz). */
export interface HeldPolicy {
  namespace: string
  name: string
  generation: number
}

/** One proxy in scope, from both sides. */
export interface ProxyState {
  namespace: string
  pod: string
  /** False where it was not to be read: not up, on its way out, gone meanwhile, or its namespace does not grant the role. */
  asked: boolean
  /** null: no istiod that was read knows it. */
  sync: ProxySync | null
  running: Part<RunningProxy>
}

/** /debug/syncz of the istiod that a proxy is connected to; errors are the proxy's own words, shortened. */
export interface ProxySync {
  replica: string
  version: string
  listeners: XdsState
  /** Rejections of any type, as `LDS: …`. */
  errors: string[]
}

/** One xDS type: nonces, and when the last was sent (istiod's clock, RFC 3339). */
export interface XdsState {
  sent: string
  acked: string
  sentAt: string
}

/** What one Envoy shows at its admin port. */
export interface RunningProxy {
  listeners: InboundListener[]
  /** Listeners that Envoy could not make active: neither proves anything, both are findings (rule 59). */
  stuck: {state: 'warming' | 'error'; listener: string; details: string}[]
  /** What it serves under the name `default`; null where it holds none. */
  certificate: OwnCertificate | null
  /** `ROOTCA`: whose certificates it accepts. */
  roots: Certificate[]
  counters: Counters
}

/** An inbound listener in its ACTIVE state; `port` is the one it is bound to, null for an internal listener. */
export interface InboundListener {
  name: string
  port: number | null
  updatedAt: string
  chains: InboundChain[]
}

/**
 * What one filter chain takes: `mutual-tls` only with a certificate of the proxy's roots, `tls` without one (or passed through unread), `plain-text`,
 * `unknown` behind a transport socket of another kind. `port` null: ports that no other chain names; `any`: also where other chains do not match.
 */
export interface InboundChain {
  name: string
  port: number | null
  any: boolean
  accepts: 'mutual-tls' | 'tls' | 'plain-text' | 'unknown'
}

/** A workload's own certificate; `uris` are its URI SANs, `root` the fingerprint of the proxy's root that signed its chain, or ''. */
export interface OwnCertificate {
  uris: string[]
  serial: string
  notBefore: string
  notAfter: string
  root: string
}

/** What Envoy counted since it started, `windowMs` ago; a list is empty where Envoy does not serve the statistic. */
export interface Counters {
  windowMs: number
  /** Inbound requests and connections by whether they came over mutual TLS; `port` null: Istio's own metrics, which name no port. */
  traffic: {port: number | null; plain: number; mutual: number}[]
  /** Connections that no filter chain took; null where not served. */
  refused: number | null
}

/** How a change travelled: `ms` until all had it, or until patience ended with `pending` pods, each with why. */
export interface Propagation {
  ms: number
  complete: boolean
  pending: {pod: string; why: string}[]
}
