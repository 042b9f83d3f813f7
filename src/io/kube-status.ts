import {decoded} from './kube-decode.ts'
import {Texts} from './texts.ts'
import {DELIMITED, Wire} from './protobuf-bytes.ts'

/** A refusal written in protobuf, as the JSON that `refusedBy` reads; '' when it is none. */
export function statusText(body: Buffer): string {
  try {
    if (body.toString('latin1', 0, 4) !== 'k8s\0') return ''
    const wire = new Wire(body, 4)
    while (wire.at < wire.end) {
      const tag = wire.varint()
      if (tag !== rawTag) {
        wire.skip(tag & 7)
        continue
      }
      return JSON.stringify({kind: 'Status', ...decoded('Status', wire, wire.delimited(), new Texts())})
    }
  } catch {
    // What is no Status says nothing; the HTTP status does.
  }
  return ''
}

/** runtime.Unknown, field `raw`. */
const rawTag = (2 << 3) | DELIMITED
