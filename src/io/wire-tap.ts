import {Duplex} from 'node:stream'

/** How what was heard came to its end: hung up in order, by a reset, not in time, or enough was heard. */
export type HeardEnd = 'closed' | 'reset' | 'late' | 'enough'

/** A stream that remembers its first bytes and its end. */
export interface Tap {
  stream: Duplex
  /** The first bytes that came, as latin1, at most `keep`. */
  bytes(): string
  /** How it ended; null while it is open. */
  end(): 'closed' | 'reset' | null
}

/**
 * Wraps a stream so that its errors come as its end: what a peer said before a reset, such as a TLS alert, must not be lost to the reset.
 * Errors of writing are swallowed, for the reading side tells.
 */
export function tapped(inner: Duplex, keep: number): Tap {
  let bytes = ''
  let end: 'closed' | 'reset' | null = null
  const stream = new Duplex({
    read: () => void inner.resume(),
    write(chunk, _encoding, done) {
      inner.write(chunk, () => done())
    },
    final(done) {
      inner.end()
      done()
    },
    destroy(error, done) {
      inner.destroy()
      done(error)
    },
  })
  const ended = (how: 'closed' | 'reset') => {
    if (end !== null) return
    end = how
    if (!stream.destroyed) stream.push(null)
  }
  inner.on('data', (chunk: Buffer) => {
    if (bytes.length < keep) bytes += chunk.toString('latin1').slice(0, keep - bytes.length)
    if (!stream.push(chunk)) inner.pause()
  })
  inner.on('end', () => ended('closed'))
  inner.on('error', () => ended('reset'))
  inner.on('close', () => ended('closed'))
  return {stream, bytes: () => bytes, end: () => end}
}
