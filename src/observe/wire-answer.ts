import type {Greeting, Heard} from '../io/io.ts'
import type {Seen} from './probe-answer.ts'

/** Reads what a TLS greeting without a client certificate met on a connection of our own (live-evidence.md, section 1; alerts: RFC 8446, section 6). */
export function seenInGreeting({bytes, protocol, accepted, alert, end}: Greeting): Seen {
  if (bytes !== '' && !isTlsRecord(bytes)) {
    const [, status] = httpStatus.exec(bytes) ?? []
    if (status !== undefined) return {saw: 'plain-text', detail: 'answered a TLS greeting with HTTP in plain text'}
    return {saw: 'plain-text', detail: 'answered a TLS greeting in plain text'}
  }
  if (isClientHello(bytes)) return {saw: 'plain-text', detail: 'echoed the TLS greeting in plain text'}
  if (alert === certificateRequired) return {saw: 'client-certificate', detail: 'TLS alert 116: certificate required'}
  // Envoy ignores protocols that it does not know, so a sidecar never sends this one.
  if (alert === noApplicationProtocol)
    return {saw: 'foreign-tls', detail: "TLS alert 120: no application protocol, the application's own TLS"}
  if (alert !== null) return {saw: 'inconclusive', detail: `TLS alert ${alert}`}
  if (accepted) return {saw: 'tls', detail: `finished a ${protocol} handshake without demanding a client certificate`}
  if (end === 'late') {
    return {saw: 'inconclusive', detail: protocol === '' ? 'no answer in time' : 'finished its handshake and said nothing more in time'}
  }
  if (end === 'enough') return {saw: 'inconclusive', detail: 'a TLS handshake that failed on our side'}
  return {saw: 'closed', detail: endWords[end]}
}

/** Reads what a plain request met on a connection of our own. */
export function seenInHeard({bytes, end}: Heard): Seen {
  if (bytes.startsWith('\x15\x03')) {
    return {saw: 'foreign-tls', detail: "answered plain text with a TLS alert: the application's own TLS"}
  }
  const [, status] = httpStatus.exec(bytes) ?? []
  if (status !== undefined) {
    const redirect = status.startsWith('3') ? ', a redirect that is not followed' : ''
    return {saw: 'plain-text', detail: `answered ${status} in plain text${redirect}`}
  }
  if (bytes !== '') return {saw: 'plain-text', detail: 'answered bytes that are no HTTP, in plain text'}
  if (end === 'late') return {saw: 'inconclusive', detail: 'no answer in time'}
  return {saw: 'closed', detail: end === 'reset' ? endWords.reset : endWords.closed}
}

const httpStatus = /^HTTP\/1\.[01] (\d{3})\b/
const endWords = {closed: 'closed without an answer', reset: 'connection reset'}
const certificateRequired = 116
const noApplicationProtocol = 120

/** Content types 20 to 23 and a version of TLS (RFC 8446, section 5.1); one byte alone tells no more than its type. */
function isTlsRecord(bytes: string): boolean {
  const type = bytes.charCodeAt(0)
  return type >= 20 && type <= 23 && (bytes.length < 2 || bytes.charCodeAt(1) === 3)
}

/** A server never greets: these are our own bytes come back. */
function isClientHello(bytes: string): boolean {
  return bytes.charCodeAt(0) === 22 && bytes.charCodeAt(5) === 1
}
