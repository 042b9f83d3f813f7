/** Decodes UTF-8; short texts that were met before are handed out again, for ten thousand pods say the same few hundred things. */
export class Texts {
  #known: (string | undefined)[] = new Array(slots)

  /** The text between two places of `bytes`. */
  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    if (length > longest) return bytes.toString('utf8', start, end)
    if (length === 0) return ''
    const slot = slotOf(bytes, start, end)
    const known = this.#known[slot]
    if (known !== undefined && isSame(known, bytes, start, length)) return known
    const text = bytes.toString('utf8', start, end)
    this.#known[slot] = text
    return text
  }
}

function slotOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
  return (hash ^ (hash >>> 15)) & (slots - 1)
}

/** True only for ASCII: another text's characters are no bytes. */
function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) !== bytes[start + index]) return false
  return true
}

const slots = 8192
const longest = 64
