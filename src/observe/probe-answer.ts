import type {RawAnswer} from '../io/io.ts'
import type {Sighting} from '../model/evidence.ts'
import {isFields} from './untrusted.ts'

/** What one attempt showed; `detail` is untrusted text, shortened and without addresses. */
export interface Seen {
  saw: Sighting
  detail: string
}

/** How the API server was asked to speak to the pod: `tls` is the `https:` form. */
export type Scheme = 'plain' | 'tls'

/**
 * Reads an answer of the API server's pod proxy (live-evidence.md, section 1; the messages: k8s.io/apimachinery/pkg/util/proxy and Go's
 * net/http and crypto/tls). A pod can forge what its own HTTP server says, headers included, so a forged failure may hide plain text from
 * one probe: proof needs both probes of a port. An upgraded request has a pod's answer relayed raw: what lacks the API server's own
 * Audit-Id (k8s.io/apiserver/pkg/endpoints/filters/audit_init.go) is then the pod's.
 */
export function seenIn(scheme: Scheme, answer: RawAnswer): Seen {
  const message = statusMessage(answer.body)
  // The API server reports failures with a failing status; a `Status` under any other comes from the pod.
  const isRelayedRaw = scheme === 'tls' && answer.headers['audit-id'] === undefined
  if (message !== null && answer.status >= 400 && !isRelayedRaw) {
    const phrase = proxyPhrase(message)
    return phrase === null ? unread('the API server', answer.status, message) : seenInPhrase(scheme, phrase)
  }
  if (ownPage.test(answer.body)) return unread('the API server', answer.status, answer.body)
  if (isGatewayError(answer)) return unread('something in front of the API server', answer.status, '')
  return spoke(scheme, answer.status)
}

function unread(who: string, status: number, message: string): Seen {
  return {saw: 'unread', detail: `${who} answered ${status}${message === '' ? '' : `: ${shortened(message)}`}`}
}

/** What the API server says without a `Status` (k8s.io/apiserver/pkg/server/filters, endpoints/handlers/responsewriters). */
const ownPage = /^(?:Too many requests, please try again later\.|Internal Server Error: "\/api|This request caused apiserver to panic)/

/** Reads a request that got no answer at all; our own time-out is a hint, anything else a broken path to the API server. */
export function seenInFailure(message: string): Seen {
  if (message.startsWith('no answer within')) return {saw: 'inconclusive', detail: 'no answer in time'}
  return {saw: 'unread', detail: `the API server could not be asked: ${shortened(message)}`}
}

function spoke(scheme: Scheme, status: number): Seen {
  const redirect = status >= 300 && status < 400 ? ', a redirect that is not followed' : ''
  if (scheme === 'tls') return {saw: 'tls', detail: `answered ${status} over TLS without demanding a client certificate${redirect}`}
  return {saw: 'plain-text', detail: `answered ${status} in plain text${redirect}`}
}

/** The message of a `Status` body, though cut short; null for any other body. */
function statusMessage(body: string): string | null {
  try {
    const status: unknown = JSON.parse(body)
    return isFields(status) && status['kind'] === 'Status' && typeof status['message'] === 'string' ? status['message'] : null
  } catch {
    if (!/^\s*\{\s*"kind":\s*"Status"/.test(body)) return null
    const [, text = ''] = /"message":\s*"((?:[^"\\\p{Cc}]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*)/u.exec(body) ?? []
    return JSON.parse(`"${text}"`) as string
  }
}

/** The part of a Status message that tells how the connection to the pod went, or null when the API server speaks of something else. */
function proxyPhrase(message: string): string | null {
  const [wrapper] = /^(?:error trying to reach service|error dialing backend|error sending request): /.exec(message) ?? ['']
  const phrase = message.slice(wrapper.length).replace(/^net\/http: HTTP\/1\.x transport connection broken: /, '')
  // The upgraded form has no wrapper: then only Go's own words for a connection count.
  return wrapper !== '' || bare.test(phrase) ? phrase : null
}

const bare =
  /^(?:remote error: |local error: |tls: |read tcp |write tcp |EOF$|unexpected EOF$|malformed (?:HTTP|MIME) |invalid upgrade response: |http2?: |context )/

/** In this order: a phrase may quote what the pod sent, so those that quote come first. */
const phrases: [RegExp, (match: RegExpExecArray, scheme: Scheme) => Seen][] = [
  [
    /^malformed HTTP \w+ (?:code )?"\\x15\\x03/,
    () => ({saw: 'foreign-tls', detail: "answered plain text with a TLS alert: the application's own TLS"}),
  ],
  [/^malformed (?:HTTP|MIME) /, () => ({saw: 'plain-text', detail: 'answered bytes that are no HTTP, in plain text'})],
  // Go says so, without a cause, when bytes came before the request was sent (net/http/transport.go: readLoopPeekFailLocked).
  [/^readLoopPeekFailLocked: %!w\(<nil>\)$/, () => ({saw: 'plain-text', detail: 'spoke first, in plain text'})],
  [/^net\/http: server response headers exceeded/, () => ({saw: 'plain-text', detail: 'answered endless headers in plain text'})],
  [/^invalid upgrade response: status code (\d+)/, (match, scheme) => spoke(scheme, Number(match[1]))],
  [/^remote error: tls: certificate required$/, () => ({saw: 'client-certificate', detail: 'remote error: tls: certificate required'})],
  [/^tls: first record does not look like a TLS handshake/, () => ({saw: 'plain-text', detail: 'answered a TLS greeting in plain text'})],
  [
    /^http: server gave HTTP response to HTTPS client/,
    () => ({saw: 'plain-text', detail: 'answered a TLS greeting with HTTP in plain text'}),
  ],
  [
    /^tls: received unexpected handshake message .*clientHello/,
    () => ({saw: 'plain-text', detail: 'echoed the TLS greeting in plain text'}),
  ],
  [/^dial /, (match) => ({saw: 'inconclusive', detail: shortened(match.input)})],
  [/(?:^|: )(?:connection reset by peer|broken pipe|EOF|unexpected EOF)$/, (match) => ({saw: 'closed', detail: shortened(match.input)})],
  [
    /^http2: client conn could not be established|^http: server closed idle connection/,
    (match) => ({saw: 'closed', detail: shortened(match.input)}),
  ],
]

function seenInPhrase(scheme: Scheme, phrase: string): Seen {
  // Without TLS no TLS error can happen: such words were put into the pod's own answer.
  if (scheme === 'plain' && /^(?:remote error: |local error: )?tls: /.test(phrase))
    return {saw: 'plain-text', detail: 'answered a forged `Status` in plain text'}
  for (const [pattern, seen] of phrases) {
    const match = pattern.exec(phrase)
    if (match === null) continue
    const {saw, detail} = seen(match, scheme)
    // `malformed` over TLS: the handshake succeeded, so a server without a demand for certificates sent those bytes.
    if (scheme === 'tls' && phrase.startsWith('malformed'))
      return {saw: 'tls', detail: 'answered over TLS without demanding a client certificate'}
    return {saw, detail}
  }
  return {saw: 'inconclusive', detail: shortened(phrase)}
}

/** The API server puts an Audit-Id on all it relays without an upgrade; a load balancer's own error page has none. */
function isGatewayError({status, headers}: RawAnswer): boolean {
  return (status === 502 || status === 504) && headers['audit-id'] === undefined
}

/** Untrusted text for people: no addresses, nothing invisible, at most 160 characters. */
function shortened(text: string): string {
  return text
    .replace(/\b(dial|read|write) (tcp|udp) [^ ]*/g, '$1 $2:')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 160)
}
