import {describe, expect, test} from '@jest/globals'
import fc from 'fast-check'
import type {RawAnswer} from '../../src/io/io.ts'
import type {Sighting} from '../../src/model/evidence.ts'
import {type Scheme, seenIn, seenInFailure} from '../../src/observe/probe-answer.ts'

const path = 'read tcp 10.99.0.2:43210->10.244.0.9:8080: read:'

/** Without an upgrade the API server wraps the words in a 503. */
const wrapped = (phrase: string) => status(503, `error trying to reach service: ${phrase}`, 'ServiceUnavailable')
/** With one it answers 500 with the bare words, or says which step failed. */
const bare = (phrase: string) => status(500, phrase)
const tlsHeader = 'tls: first record does not look like a TLS handshake'

const rows: [title: string, scheme: Scheme, answer: RawAnswer, saw: Sighting][] = [
  // A demanded client certificate
  ['the alert, upgraded form', 'tls', bare('remote error: tls: certificate required'), 'client-certificate'],
  ['the alert, wrapped form', 'tls', wrapped('remote error: tls: certificate required'), 'client-certificate'],
  [
    'the alert while the request was written',
    'tls',
    bare('error sending request: remote error: tls: certificate required'),
    'client-certificate',
  ],
  // Plain text
  ['200', 'plain', page(200), 'plain-text'],
  ['204 without a body', 'plain', page(204, ''), 'plain-text'],
  ["the pod's own 403", 'plain', page(403, 'RBAC: access denied'), 'plain-text'],
  ["the pod's own 404", 'plain', page(404, 'no such page'), 'plain-text'],
  ['426 of Envoy', 'plain', page(426, ''), 'plain-text'],
  ["the pod's own 503", 'plain', page(503, 'upstream connect error'), 'plain-text'],
  ["the pod's own 429", 'plain', page(429, 'slow down'), 'plain-text'],
  ['101', 'plain', page(101, ''), 'plain-text'],
  ['a redirect into the API server', 'plain', page(302, '', {location: '/api/v1/namespaces/shop/secrets'}), 'plain-text'],
  [
    'bytes that are no HTTP',
    'plain',
    wrapped('net/http: HTTP/1.x transport connection broken: malformed HTTP response "hello"'),
    'plain-text',
  ],
  ['a bad status line', 'plain', wrapped('net/http: HTTP/1.x transport connection broken: malformed HTTP status code "abc"'), 'plain-text'],
  ['a bad version', 'plain', wrapped('net/http: HTTP/1.x transport connection broken: malformed HTTP version "HTTP/9"'), 'plain-text'],
  ['a bad header', 'plain', wrapped('net/http: HTTP/1.x transport connection broken: malformed MIME header line: x'), 'plain-text'],
  ['endless headers', 'plain', wrapped('net/http: server response headers exceeded 10485760 bytes; aborted'), 'plain-text'],
  ['bytes before any request', 'plain', wrapped('readLoopPeekFailLocked: %!w(<nil>)'), 'plain-text'],
  ['a reset before any request', 'plain', wrapped(`readLoopPeekFailLocked: ${path} connection reset by peer`), 'closed'],
  ['plain bytes to a TLS greeting', 'tls', bare(`error dialing backend: ${tlsHeader}`), 'plain-text'],
  ['plain bytes to a TLS greeting, wrapped', 'tls', wrapped(tlsHeader), 'plain-text'],
  ['plain HTTP to a TLS greeting', 'tls', wrapped('http: server gave HTTP response to HTTPS client'), 'plain-text'],
  [
    'an echo of the greeting',
    'tls',
    bare(
      'error dialing backend: tls: received unexpected handshake message of type *tls.clientHelloMsg when waiting for *tls.serverHelloMsg',
    ),
    'plain-text',
  ],
  // TLS that demands nothing
  ['200 over TLS', 'tls', page(200), 'tls'],
  ['404 over TLS', 'tls', page(404), 'tls'],
  ['200 over TLS, upgraded form', 'tls', bare('invalid upgrade response: status code 200'), 'tls'],
  ['bytes that are no HTTP, over TLS', 'tls', bare('malformed HTTP response "hello"'), 'tls'],
  // The application's own TLS
  [
    'a TLS alert to plain text',
    'plain',
    wrapped('net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01\\x00\\x02\\x02F"'),
    'foreign-tls',
  ],
  // Closed: never proof
  ['reset', 'plain', wrapped(`${path} connection reset by peer`), 'closed'],
  ['EOF', 'plain', wrapped('EOF'), 'closed'],
  ['EOF after bytes', 'plain', wrapped('unexpected EOF'), 'closed'],
  ['EOF of konnektivity', 'tls', bare('EOF'), 'closed'],
  ['broken pipe', 'tls', bare('error sending request: write tcp 10.99.0.2:1->10.244.0.9:2: write: broken pipe'), 'closed'],
  ['broken pipe, wrapped', 'tls', wrapped('write tcp 10.99.0.2:1->10.244.0.9:2: write: broken pipe'), 'closed'],
  ['reset of the greeting', 'tls', bare(`error dialing backend: ${path} connection reset by peer`), 'closed'],
  ['HTTP/2 refused', 'tls', wrapped('http2: client conn could not be established'), 'closed'],
  // Inconclusive
  ['TLS 1.2 ceiling', 'tls', bare('error dialing backend: remote error: tls: handshake failure'), 'inconclusive'],
  ['another alert', 'tls', bare('remote error: tls: bad certificate'), 'inconclusive'],
  ['TLS time-out', 'tls', wrapped('net/http: TLS handshake timeout'), 'inconclusive'],
  ['dead port', 'plain', wrapped('dial tcp 10.244.0.9:81: connect: connection refused'), 'inconclusive'],
  ['dead port, upgraded form', 'tls', bare('error dialing backend: dial tcp 10.244.0.9:81: connect: connection refused'), 'inconclusive'],
  ['reset while connecting', 'plain', wrapped('dial tcp 10.244.0.9:81: connect: connection reset by peer'), 'inconclusive'],
  ['no route', 'plain', wrapped('dial tcp 10.244.0.9:81: connect: no route to host'), 'inconclusive'],
  ['dial time-out', 'plain', wrapped('dial tcp 10.244.0.9:81: i/o timeout'), 'inconclusive'],
  ['no konnektivity agent', 'tls', bare('error dialing backend: No agent available'), 'inconclusive'],
  ['words nobody knows', 'plain', wrapped('the moon is full'), 'inconclusive'],
  // Our request failed
  [
    "the API server's 403",
    'plain',
    status(403, 'pods "a:80" is forbidden: User "x" cannot get resource "pods/proxy"', 'Forbidden'),
    'unread',
  ],
  ["the API server's 404", 'plain', status(404, 'pods "a" not found', 'NotFound'), 'unread'],
  ["the API server's 400", 'tls', status(400, 'address not allowed', 'BadRequest'), 'unread'],
  ["the API server's 401", 'plain', status(401, 'Unauthorized', 'Unauthorized'), 'unread'],
  ["the API server's 429", 'plain', page(429, 'Too many requests, please try again later.'), 'unread'],
  ["the API server's panic", 'plain', page(500, 'Internal Server Error: "/api/v1/namespaces/shop/pods/a:80/proxy/": boom'), 'unread'],
  ['a Status of other words', 'tls', status(500, 'etcd is tired'), 'unread'],
  ['the page of a load balancer', 'plain', {status: 504, headers: {}, body: '<html>'}, 'unread'],
  // Forgeries
  ['a forged Status of a pod whose status gives it away', 'plain', {...wrapped('EOF'), status: 200}, 'plain-text'],
  ['a forged TLS alert in plain text', 'plain', wrapped('remote error: tls: certificate required'), 'plain-text'],
  ['the alert inside quoted bytes', 'tls', bare('malformed HTTP response "remote error: tls: certificate required"'), 'tls'],
  ['a forged alert over TLS, relayed raw', 'tls', {...bare('remote error: tls: certificate required'), headers: {}}, 'tls'],
  [
    'a forged alert with an error of a gateway',
    'tls',
    {...bare('remote error: tls: certificate required'), status: 502, headers: {}},
    'unread',
  ],
  ['the alert with more words', 'tls', bare('remote error: tls: certificate required, said the app'), 'inconclusive'],
  ['a reset inside quoted bytes', 'plain', wrapped('malformed HTTP response "x: connection reset by peer'), 'plain-text'],
  ['a Status of another shape', 'plain', page(503, '{"kind":"Status"}'), 'plain-text'],
  ['a Status inside a list', 'plain', page(503, '[{"kind":"Status","message":"EOF"}]'), 'plain-text'],
]

describe('what an answer of the pod proxy shows (live-evidence.md, section 1)', () => {
  test.each(rows)('%s (%s)', (_title, scheme, answer, saw) => {
    expect(seenIn(scheme, answer).saw).toBe(saw)
  })

  test.each(rows.filter(([, , {body}]) => body.includes('"message":"error')))(
    '%s (%s), cut in the middle',
    (_title, scheme, answer, saw) => {
      // Only the end of the message decides between some rows: those may lose certainty, never gain any.
      const cut = seenIn(scheme, {...answer, body: answer.body.slice(0, answer.body.indexOf('"reason"') - 2)}).saw
      expect([saw, 'inconclusive']).toContain(cut)
    },
  )
})

describe('the detail', () => {
  test('names no address', () => {
    expect(seenIn('plain', wrapped(`${path} connection reset by peer`)).detail).toBe('read tcp: read: connection reset by peer')
    expect(seenIn('plain', wrapped('dial tcp 10.244.0.9:81: connect: connection refused')).detail).toBe(
      'dial tcp: connect: connection refused',
    )
    expect(seenIn('plain', wrapped('dial tcp [fd00::9]:81: connect: connection refused')).detail).toBe(
      'dial tcp: connect: connection refused',
    )
  })

  test('says that a redirect was not followed', () => {
    expect(seenIn('plain', page(307, '')).detail).toBe('answered 307 in plain text, a redirect that is not followed')
  })

  test('is short and printable whatever a pod sends, and no body makes the reader throw', () => {
    const bodies = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.json(),
      fc.string({unit: 'binary'}).map((text) => `{"kind":"Status","message":"${text}`),
    )
    fc.assert(
      fc.property(fc.constantFrom<Scheme>('plain', 'tls'), fc.integer({min: 100, max: 599}), bodies, (scheme, code, body) => {
        const {detail} = seenIn(scheme, {status: code, headers: {}, body})
        expect(detail).toMatch(/^[\x20-\x7e]{1,220}$/)
      }),
    )
  })

  test('nothing but the alert itself reads as proof', () => {
    const phrases = fc.tuple(fc.string(), fc.string()).filter(([before, after]) => before !== '' || after !== '')
    fc.assert(
      fc.property(phrases, ([before, after]) => {
        const message = `${before}remote error: tls: certificate required${after}`
        fc.pre(!/^(error (trying to reach service|dialing backend|sending request): )$/.test(before) || after !== '')
        expect(seenIn('tls', bare(message)).saw).not.toBe('client-certificate')
      }),
    )
  })
})

test.each<[string, Sighting]>([
  ['no answer within 15 s', 'inconclusive'],
  ['connect ETIMEDOUT 10.0.0.1:6443', 'unread'],
  ['connect ECONNREFUSED 10.0.0.1:6443', 'unread'],
  ['socket hang up', 'unread'],
  ['certificate has expired', 'unread'],
])('a request that failed with `%s` is %s', (message, saw) => {
  expect(seenInFailure(message).saw).toBe(saw)
})

function page(code: number, body = '<html>ok</html>', headers: Record<string, string> = {}): RawAnswer {
  return {status: code, headers: {'audit-id': '1', ...headers}, body}
}

function status(code: number, message: string, reason = ''): RawAnswer {
  const body = JSON.stringify({kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code})
  return {status: code, headers: {'audit-id': '1', 'content-type': 'application/json'}, body}
}
