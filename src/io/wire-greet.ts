import type {Duplex} from 'node:stream'
import {connect, type DetailedPeerCertificate, type TLSSocket} from 'node:tls'
import type {Greeting} from './wire-forms.ts'
import {tapped} from './wire-tap.ts'
import {after} from './timer.ts'

/**
 * Shakes hands as a TLS 1.2 or 1.3 client without a certificate, sends nothing inside, and listens until the peer says what it thinks of that: with
 * TLS 1.3 the demand for a certificate comes after the client's side is done (RFC 8446, section 4.4.2.4). Then hangs up. Never rejects.
 */
export function greet(inner: Duplex, {alpn, timeoutMs}: {alpn: string[]; timeoutMs: number}): Promise<Greeting> {
  const tap = tapped(inner, keptBytes)
  const seen: Greeting = {bytes: '', protocol: '', accepted: false, alert: null, chain: [], end: 'late'}
  return new Promise((resolve) => {
    // Whoever answers is judged by the caller, who knows the mesh's roots: node's own list of authorities knows none of them.
    const socket = connect({
      socket: tap.stream,
      ALPNProtocols: alpn,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    })
    let linger: NodeJS.Timeout | undefined
    const finish = (end: Greeting['end']) => {
      clearTimeout(timer)
      clearTimeout(linger)
      socket.destroy()
      tap.stream.destroy()
      resolve({...seen, bytes: tap.bytes(), end})
    }
    const timer = after(timeoutMs, () => finish('late'))
    const accepted = () => {
      seen.accepted = true
      // An alert may yet come behind a session ticket.
      linger ??= after(lingerMs, () => finish('enough'))
    }
    socket.on('secureConnect', () => {
      seen.protocol = socket.getProtocol() ?? ''
      seen.chain = chainOf(socket)
      // In TLS 1.2 the server's side is done first, and it would have failed without a certificate that it demands.
      if (seen.protocol === 'TLSv1.2') accepted()
    })
    socket.on('session', () => {
      if (seen.protocol === 'TLSv1.3') accepted()
    })
    socket.on('data', accepted)
    socket.on('error', (error) => {
      const [, alert] = /SSL alert number (\d+)/.exec(error.message) ?? []
      if (alert !== undefined) seen.alert = Number(alert)
      finish(tap.end() ?? 'enough')
    })
    socket.on('end', () => finish(tap.end() ?? 'closed'))
    socket.on('close', () => finish(tap.end() ?? 'closed'))
  })
}

/** What was served, leaf first, as PEM. */
function chainOf(socket: TLSSocket): string[] {
  const chain: string[] = []
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.raw !== undefined && chain.length < longestChain) {
    chain.push(`-----BEGIN CERTIFICATE-----\n${certificate.raw.toString('base64')}\n-----END CERTIFICATE-----\n`)
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain
}

const keptBytes = 64
const lingerMs = 250
const longestChain = 8
