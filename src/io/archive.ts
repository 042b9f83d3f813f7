import {Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'

/**
 * One regular member of a .tar.gz or .zip, in memory: nothing but its bytes comes out, so no link and no path can lead elsewhere.
 * null when absent; throws past `maxBytes` and on a damaged archive.
 */
export async function archiveMember(archive: Uint8Array, name: string, maxBytes: number): Promise<Uint8Array | null> {
  const isZip = archive[0] === 0x50 && archive[1] === 0x4b
  return isZip ? zipMember(archive, name, maxBytes) : tarMember(archive, name, maxBytes)
}

async function tarMember(archive: Uint8Array, name: string, maxBytes: number): Promise<Uint8Array | null> {
  const {extract} = await import('tar-stream')
  const entries = extract()
  const source = Readable.from([archive])
  const gunzip = createGunzip()
  for (const stream of [source, gunzip]) stream.once('error', (error) => entries.destroy(error))
  source.pipe(gunzip).pipe(entries)
  for await (const entry of entries) {
    const {type, size = 0} = entry.header
    if (entry.header.name !== name || type !== 'file') {
      entry.resume()
      continue
    }
    refuseBig(name, size, maxBytes)
    const chunks: Uint8Array[] = []
    for await (const chunk of entry) chunks.push(chunk as Uint8Array)
    return Buffer.concat(chunks)
  }
  return null
}

async function zipMember(archive: Uint8Array, name: string, maxBytes: number): Promise<Uint8Array | null> {
  const {unzipSync} = await import('fflate')
  const found = unzipSync(archive, {
    filter(file) {
      if (file.name !== name) return false
      refuseBig(name, file.originalSize, maxBytes)
      return true
    },
  })
  return found[name] ?? null
}

function refuseBig(name: string, size: number, maxBytes: number): void {
  if (size > maxBytes) throw new Error(`\`${name}\` is ${size} bytes in the archive, more than the ${maxBytes} allowed`)
}
