/** Calls without mutual TLS from one address to one port of a pod, as the server's own access log shows them. */
export interface PlainCall {
  namespace: string
  pod: string
  port: number
  /** The caller's address, without its port: untrusted, for a caller may claim another by X-Forwarded-For. */
  address: string
  /** True where the listener refused it: flag NR, no filter chain matched (live-evidence.md, section 5). */
  refused: boolean
  /** A TCP connection tells nothing of who opened it: it may be a probe of ours. Our HTTP probes are left out by their path. */
  protocol: 'http' | 'tcp'
  calls: number
  /** First and last, RFC 3339. */
  first: string
  last: string
}

/** What the access logs of the servers' proxies tell; `until` is when they were read. */
export interface Traffic {
  calls: PlainCall[]
  /** Pods whose log was read, as `namespace/name`. */
  read: string[]
  /** Pods whose log could not be read whole, and why. */
  unread: {pod: string; reason: string}[]
  /** How far back was asked, in seconds. */
  windowSeconds: number
  until: string
}

/** A webhook or an API that the API server itself calls at a Service: a caller that can have no proxy. */
export interface ApiServerCall {
  kind: string
  name: string
  service: {namespace: string; name: string}
  /** The Service's port. */
  port: number
}
