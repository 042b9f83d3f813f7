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
  /** What a TLS server showed; only probers that shake hands themselves see it, never the API server's. */
  served?: ServedCertificate
}

/** The certificate that a port served, held against the mesh's roots and the pod it should belong to. */
export interface ServedCertificate {
  /** Its URI names: a workload's is `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`. */
  uris: string[]
  notAfter: string
  /** Why it is not this very pod's of this mesh, as one clause; '' when it is. */
  doubt: string
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
  /** Who asked: the API server's pod proxy, a prober pod outside the mesh (`mesh`: with a second one inside it), or the runner itself. */
  by: 'api-server' | 'pod' | 'mesh' | 'direct'
  controls: Control[]
  /** Pods whose own always-plain health port answered, as `namespace/name`. */
  reachable: string[]
  ports: PortProbe[]
  /** How long ports were asked again until the last change of policy had reached them, in milliseconds; absent when nothing had to settle. */
  settledAfterMs?: number
  /** What a client inside the mesh met, asked through Services (`probes: mesh`): beside the proof, never in its stead. */
  mesh?: MeshCall[]
}

/** One plain request that the sidecar of a meshed prober sent on to a Service's port. */
export interface MeshCall {
  namespace: string
  service: string
  servicePort: number
  /** The pods that may have answered, `name` and container port of each. */
  pods: {name: string; port: number}[]
  /** Did the workload, or the proxy before it, answer? False also where the prober's own sidecar gave up. */
  answered: boolean
  detail: string
  at: string
}

/** One piece of evidence of a row, as the report prints it: `listener` and `certificate` are what the proxy was given, `probe` and `counter` what was seen. */
export interface Evidence {
  kind: 'configured' | 'delivered' | 'listener' | 'certificate' | 'probe' | 'counter'
  says: string
  /** The same in a few words, for a cell of a table; '' has no place there. Absent: `says` is short enough. */
  brief?: string
  at: string
}
