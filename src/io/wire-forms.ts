import type {Duplex} from 'node:stream'

/** Raw connections for live proof, and what is heard on them; what it means is decided in observe. */
export interface Wire {
  /** From this very machine. */
  dial: Dial
  /** From the far end of a stream, where an HTTP/2 proxy takes CONNECT; `open` is called again once the stream broke. */
  tunnel(open: () => Promise<Duplex>): Tunnel
  /** A TLS handshake without a client certificate, heard until the peer took or refused it; hangs up, never rejects. */
  greet(stream: Duplex, options: {alpn: string[]; timeoutMs: number}): Promise<Greeting>
  /** Sends `request` and hears until `until` (a line's end unless told), at most `maxBytes`; hangs up, never rejects. */
  exchange(stream: Duplex, request: string, options: {timeoutMs: number; maxBytes: number; until?: string}): Promise<Heard>
}

/** Opens TCP connections to pods; rejects when not the target but our own path to it failed. */
export type Dial = (address: string, port: number, options: {timeoutMs: number}) => Promise<Dialed>

/** A connection, or why the target could not be reached, in the network's words. `isLost`: did our own path to the connection break? */
export type Dialed = {stream: Duplex; isLost?: () => boolean} | {unreached: string}

export interface Tunnel {
  dial: Dial
  close(): void
}

/** What was heard in answer to plain bytes; `bytes` is latin1. */
export interface Heard {
  bytes: string
  /** Hung up in order or by a reset, not in time, or enough was heard. */
  end: 'closed' | 'reset' | 'late' | 'enough'
}

/** What a TLS handshake without a client certificate met. */
export interface Greeting {
  /** The first bytes that came, latin1, TLS or not. */
  bytes: string
  /** `TLSv1.2` or `TLSv1.3` once our side of the handshake was done, else ''. */
  protocol: string
  /** The peer went on without a client certificate: it finished TLS 1.2, or sent a ticket or data after TLS 1.3's handshake. */
  accepted: boolean
  /** Number of the peer's alert (RFC 8446, section 6), or null. */
  alert: number | null
  /** The served chain as PEM, leaf first; [] unless our side of the handshake was done. */
  chain: string[]
  end: Heard['end']
}
