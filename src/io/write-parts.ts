import {open} from 'node:fs/promises'

/** Writes the parts of a text one after the other, as UTF-8, through one buffer: however long the text, no more than that is held of it. */
export async function writeParts(path: string, parts: Iterable<string>): Promise<void> {
  const file = await open(path, 'w')
  try {
    const buffer = Buffer.allocUnsafe(bufferSize)
    let filled = 0
    for (const part of parts) {
      const most = part.length * mostBytes
      if (most > bufferSize - filled) {
        await file.writeFile(buffer.subarray(0, filled))
        filled = 0
      }
      if (most > bufferSize) await file.writeFile(part)
      else filled += buffer.write(part, filled)
    }
    await file.writeFile(buffer.subarray(0, filled))
  } finally {
    await file.close()
  }
}

const bufferSize = 1 << 19
/** Of a character of JavaScript's (a UTF-16 unit) in UTF-8. */
const mostBytes = 3
