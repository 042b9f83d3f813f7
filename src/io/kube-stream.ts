import type {KubeObject} from './io.ts'
import {decoded} from './kube-decode.ts'
import type {MessageName} from './kube-messages.ts'
import type {Texts} from './texts.ts'
import {DELIMITED, Wire} from './protobuf-bytes.ts'

/**
 * Reads a protobuf list while it comes in: `k8s\0`, then a runtime.Unknown whose field `raw` is the list (k8s.io/apimachinery,
 * pkg/runtime/generated.proto). Each item is decoded, handed to `project` and dropped; never more than one item and one chunk is held.
 */
export class ListReader<T> {
  readonly projected: T[] = []
  /** The continue token of the next page; '' on the last one. */
  next = ''
  /** What `project` threw: none of the wire's business. */
  thrown: unknown = null
  readonly #message: MessageName
  readonly #project: (item: KubeObject) => T | null
  readonly #texts: Texts
  #buffer = Buffer.allocUnsafe(1 << 18)
  #start = 0
  #filled = 0
  #apiVersion = ''
  #place: 'magic' | 'unknown' | 'list' = 'magic'
  /** Bytes of the list that were not looked at yet; null before it began. */
  #left: number | null = null

  constructor(message: MessageName, project: (item: KubeObject) => T | null, texts: Texts) {
    this.#message = message
    this.#project = project
    this.#texts = texts
  }

  /** The next bytes; throws a RangeError when they are no such list. */
  take(chunk: Uint8Array): void {
    this.#keep(chunk)
    while (this.#step(this.#filled - this.#start >= longestHeader)) {}
  }

  /** No more bytes come; throws a RangeError when the list is not whole. */
  finish(): void {
    while (this.#start < this.#filled) if (!this.#step(true)) throw new RangeError('the protobuf list is cut off')
    if (this.#left !== 0) throw new RangeError('the protobuf list is cut off')
  }

  #keep(chunk: Uint8Array): void {
    if (this.#filled + chunk.length > this.#buffer.length) {
      const waiting = this.#buffer.subarray(this.#start, this.#filled)
      // What waits is at most one item, so the buffer grows to the largest item met and no further.
      if (waiting.length + chunk.length <= this.#buffer.length) waiting.copy(this.#buffer)
      else {
        const larger = Buffer.allocUnsafe(2 * (waiting.length + chunk.length))
        waiting.copy(larger)
        this.#buffer = larger
      }
      this.#filled -= this.#start
      this.#start = 0
    }
    this.#buffer.set(chunk, this.#filled)
    this.#filled += chunk.length
  }

  /** One field forward; false when more bytes are needed. */
  #step(hasHeader: boolean): boolean {
    if (!hasHeader || this.#start === this.#filled) return false
    if (this.#place === 'magic') return this.#readMagic()
    const wire = new Wire(this.#buffer, this.#start, this.#filled)
    const tag = wire.varint()
    if ((tag & 7) !== DELIMITED) throw new RangeError('what came is no protobuf list')
    const length = wire.varint()
    if (this.#place === 'unknown' && tag >>> 3 === rawField && this.#left === null) {
      this.#left = length
      this.#place = length === 0 ? 'unknown' : 'list'
      this.#start = wire.at
      return true
    }
    const end = wire.at + length
    if (end > this.#filled) return false
    this.#field(tag >>> 3, wire, end)
    if (this.#place === 'list') {
      this.#left = (this.#left ?? 0) - (end - this.#start)
      if (this.#left < 0) throw new RangeError('an item reaches past its list')
      if (this.#left === 0) this.#place = 'unknown'
    }
    this.#start = end
    return true
  }

  #readMagic(): boolean {
    const at = this.#start
    if (this.#filled - at < 4) return false
    if (this.#buffer.toString('latin1', at, at + 4) !== 'k8s\0')
      throw new RangeError("the answer does not begin with Kubernetes' protobuf mark")
    this.#start += 4
    this.#place = 'unknown'
    return true
  }

  /** Field numbers mean something else in another message: a Status would read as a list of nothing. */
  #typeMeta({apiVersion = '', kind}: Record<string, unknown>): void {
    if (kind !== `${this.#message}List`) throw new RangeError(`what came is a ${String(kind)} and no list of ${this.#message}s`)
    this.#apiVersion = String(apiVersion)
  }

  #field(number: number, wire: Wire, end: number): void {
    if (this.#place === 'unknown') {
      if (number === typeMetaField) this.#typeMeta(decoded('TypeMeta', wire, end, this.#texts))
    } else if (number === metadataField) {
      this.next = String(decoded('ListMeta', wire, end, this.#texts)['continue'] ?? '')
    } else if (number === itemsField && this.thrown === null) {
      const item = decoded(this.#message, wire, end, this.#texts) as KubeObject
      item.apiVersion = this.#apiVersion
      item.kind = this.#message
      try {
        const value = this.#project(item)
        if (value !== null) this.projected.push(value)
      } catch (thrown) {
        this.thrown = thrown
      }
    }
  }
}

const [typeMetaField, rawField] = [1, 2]
const [metadataField, itemsField] = [1, 2]

/** A tag of a small field and a length, each as long as a varint of 32 bits can be. */
const longestHeader = 10
