/** A certificate of an authority, projected; `fingerprint` is SHA-256 in hex pairs, times RFC 3339, `keyBits` 0 where the key's kind has no size. */
export interface Certificate {
  fingerprint: string
  subject: string
  notBefore: string
  notAfter: string
  /** `rsa`, `ec`, `ed25519`, …; '' for a key that is not known. */
  keyType: string
  keyBits: number
}

/** The roots that istiod hands the proxies of one namespace: ConfigMap `istio-ca-root-cert`, key `root-cert.pem`. */
export interface DistributedRoots {
  namespace: string
  certificates: Certificate[]
  /** Why some of the key could not be read as certificates, or ''. */
  unreadable: string
  file?: string
  line?: number
}
