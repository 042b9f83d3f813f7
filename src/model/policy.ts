/** A PeerAuthentication mode as written; `UNSET`, an absent `mtls` and `mtls: {}` are all `UNSET` (rule 6). */
export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT'

/** What every object of a snapshot carries. `createdAt` is RFC 3339 with one-second resolution, '' when unknown (a manifest). */
export interface ObjectMeta {
  namespace: string
  name: string
  uid: string
  createdAt: string
  generation: number
  labels: Record<string, string>
  annotations: Record<string, string>
  file?: string
  line?: number
}

/** A PeerAuthentication, projected. `selector` null: absent; {} : present without matchLabels (rules 8, 9, 41 tell them apart). */
export interface PeerAuthentication extends ObjectMeta {
  selector: Record<string, string> | null
  mode: MtlsMode
  /** Container port → mode (rule 14: never the Service port). */
  ports: Record<string, MtlsMode>
}

/** Any other Istio object: its spec as the API server holds it (EnvoyFilter specs are reduced to what they touch). */
export interface IstioObject<Spec = Record<string, unknown>> extends ObjectMeta {
  kind: string
  spec: Spec
}
