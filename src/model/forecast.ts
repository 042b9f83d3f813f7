import type {Ref} from './ref.ts'
import type {Problem} from './problem.ts'
import type {MtlsMode} from './policy.ts'

/**
 * What STRICT does to a caller: `breaks` it calls, and will be refused · `may-break` it would be refused if it calls, and nothing shows whether it
 * does · `unknown` it may come with or without mutual TLS · `safe` it comes with mutual TLS.
 */
export type Outlook = 'breaks' | 'may-break' | 'unknown' | 'safe'

/** Why, in one word; docs/plan.md has a line for each. */
export type CallerReason =
  | 'no-proxy'
  | 'host-network'
  | 'seen-plain'
  | 'fell-silent'
  | 'counted-plain'
  | 'destination-rule'
  | 'headless'
  | 'not-labelled'
  | 'auto-mtls-off'
  | 'service-entry'
  | 'ambient-to-sidecar'
  | 'kubelet-probe'
  | 'api-server'
  | 'load-balancer'
  | 'node-port'
  | 'past-the-proxy'
  | 'sidecar-egress'
  | 'proxyless'
  | 'job'
  | 'mutual-tls'

/** Who calls: a workload by its kind, or `sidecars` of a namespace ('' for any), `kubelet`, `API server`, `clients outside`, `address`. */
export interface Caller {
  kind: string
  namespace: string
  name: string
}

/** A port that would turn STRICT, of one workload; null stands for its undeclared ports. */
export interface TurningRow {
  namespace: string
  workload: {kind: string; name: string}
  port: number | null
}

/** One caller and one port that turns STRICT; `server` null: every such port that no other row of this caller names. */
export interface CallerOutlook {
  caller: Caller
  server: TurningRow | null
  outlook: Outlook
  because: CallerReason
  /** One clause: why. */
  reason: string
  /** What was seen of its calls, as one clause; '' where nothing was. */
  seen: string
  /** The object that decides or leads the caller there, if any. */
  by: Ref | null
}

/** Who would be refused if STRICT came into force in the scope. */
export interface Forecast {
  /** The ports that would turn STRICT. */
  turning: TurningRow[]
  /** Worst first. */
  outlooks: CallerOutlook[]
  /** Different callers by their worst outlook. */
  callers: Record<Outlook, number>
  /** Whether calls themselves could be seen, and how: without that, `may-break` is all that can be said of a caller without a proxy. */
  observed: {callers: boolean; says: string}
  /** What could not be read though the forecast rests on it, a clause each: then nothing is certain. */
  blind: string[]
  /** What was not looked at, a sentence each. */
  notRead: string[]
  /** Pods without a proxy that are the cluster's own machinery and call no workload, by namespace/name. */
  machinery: string[]
}

/** What enforcing would do to one helm release; `from` '' where there is none yet. */
export interface PlannedRelease {
  name: string
  chart: string
  does: 'install' | 'upgrade' | 'unchanged'
  from: string
  to: string
  says: string
}

/** What enforcing would do to one PeerAuthentication; `from` null where there is none yet. */
export interface PlannedPolicy {
  namespace: string
  name: string
  does: 'create' | 'change' | 'take over'
  from: MtlsMode | null
  to: MtlsMode
}

/** All that `enforce` would change, and what would stop it. */
export interface Planned {
  releases: PlannedRelease[]
  policies: PlannedPolicy[]
  /** Namespaces that would be labelled. */
  labels: {namespace: string; add: Record<string, string>}[]
  /** Workloads that would be restarted. */
  restarts: {kind: string; namespace: string; name: string; why: string}[]
  /** The user's own policy files. */
  objects: {kind: string; namespace: string; name: string; does: string}[]
  /** What would stop `enforce` before any change. */
  problems: Problem[]
  /** Sentences on what stays, and on what could not be decided here. */
  notes: string[]
}
