/**
 * What one connection attempt showed, in the words of live-evidence.md, section 1:
 * `plain-text` answered in plain text · `client-certificate` a TLS alert demanded one · `tls` a TLS server that demands none ·
 * `foreign-tls` the application's own TLS · `closed` reset, EOF, broken pipe: never proof · `inconclusive` path, time-out, ciphers · `unread` our request failed.
 */
export type Sighting = 'plain-text' | 'client-certificate' | 'tls' | 'foreign-tls' | 'closed' | 'inconclusive' | 'unread'

/** One answered (or given up) probe; `detail` is untrusted text, shortened; `at` is RFC 3339. */
export interface ProbeAnswer {
  saw: Sighting
  detail: string
  tries: number
  at: string
}

/** Both probes of one pod's port; null: not sent (plain is sent only where STRICT was computed). */
export interface PortProbe {
  namespace: string
  pod: string
  /** Which of the pod's addresses was dialled. */
  address: string
  port: number
  tls: ProbeAnswer | null
  plain: ProbeAnswer | null
}

/** The two-sided control of a run: the open port must answer, the closed one must not (live-evidence.md, section 2). */
export interface Control {
  name: string
  expects: 'answer' | 'silence'
  passed: boolean
  detail: string
}

/** All live probes of a run. */
export interface Probes {
  by: 'api-server'
  controls: Control[]
  /** Pods whose own always-plain health port answered, as `namespace/name`. */
  reachable: string[]
  ports: PortProbe[]
  /** How long ports were asked again until the last change of policy had reached them, in milliseconds; absent when nothing had to settle. */
  settledAfterMs?: number
}

/** One piece of evidence of a row, as the report prints it. */
export interface Evidence {
  kind: 'configured' | 'delivered' | 'probe' | 'counter'
  says: string
  at: string
}
