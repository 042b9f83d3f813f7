/** Names one object: of the cluster, or of a manifest when `file` is set (1-based `line`). */
export interface Ref {
  kind: string
  namespace?: string
  name: string
  file?: string
  line?: number
  /** Of a merged report. */
  cluster?: string
}

/** `Kind namespace/name`, with ` in CLUSTER` where several are spoken of: the one way a ref is written in text. */
export function refText(ref: Ref): string {
  return `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}${ref.cluster === undefined ? '' : ` in ${ref.cluster}`}`
}
