/** Protobuf's wire types that Kubernetes' messages use here (protobuf.dev/programming-guides/encoding). */
export const VARINT = 0
export const DELIMITED = 2

/** A place in protobuf bytes, read forward; `end` bounds what may be read. Throws a RangeError for what reaches past it. */
export class Wire {
  at: number
  end: number
  readonly bytes: Buffer

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** A varint as a number; negative ones are ten bytes long. */
  varint(): number {
    const first = this.bytes[this.at] as number
    // Nearly all tags and lengths are of one byte.
    if (first < 0x80 && this.at < this.end) {
      this.at++
      return first
    }
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw new RangeError('a protobuf varint reaches past its message')
      const byte = this.bytes[this.at++] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0)
    }
    throw new RangeError('a protobuf varint is too long')
  }

  /** Reads a length and returns where the delimited content that begins here ends. */
  delimited(): number {
    const length = this.varint()
    const end = this.at + length
    if (length < 0 || end > this.end) throw new RangeError('a protobuf field reaches past its message')
    return end
  }

  /** Skips a field of a wire type. */
  skip(type: number): void {
    if (type === VARINT) this.varint()
    else if (type === DELIMITED) this.at = this.delimited()
    else if (type === 1 || type === 5) this.at += type === 1 ? 8 : 4
    else throw new RangeError(`protobuf wire type ${type} is not known`)
    if (this.at > this.end) throw new RangeError('a protobuf field reaches past its message')
  }
}
