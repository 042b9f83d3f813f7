import {describe, expect, test} from '@jest/globals'
import type {Greeting, Heard} from '../../src/io/io.ts'
import type {Sighting} from '../../src/model/evidence.ts'
import {seenInGreeting, seenInHeard} from '../../src/observe/wire-answer.ts'

const serverHello = '\x16\x03\x03\x04\xba\x02\x00\x04\xb6\x03\x03'
const silent: Greeting = {bytes: '', protocol: '', accepted: false, alert: null, chain: [], end: 'closed'}
const shaken: Greeting = {...silent, bytes: serverHello, protocol: 'TLSv1.3'}

describe('a TLS greeting without a client certificate', () => {
  test.each<[string, Greeting, Sighting, string]>([
    ['alert 116 after the handshake', {...shaken, alert: 116}, 'client-certificate', 'TLS alert 116: certificate required'],
    [
      'alert 116 behind a session ticket',
      {...shaken, accepted: true, alert: 116},
      'client-certificate',
      'TLS alert 116: certificate required',
    ],
    [
      'alert 40: a TLS 1.2 ceiling demands alike, or has other ciphers',
      {...silent, bytes: '\x15\x03\x03\x00\x02\x02\x28', alert: 40},
      'inconclusive',
      'TLS alert 40',
    ],
    ['alert 70: no version in common', {...silent, bytes: '\x15\x03\x01\x00\x02\x02\x46', alert: 70}, 'inconclusive', 'TLS alert 70'],
    [
      'alert 120: only an application insists on its protocols',
      {...silent, bytes: '\x15\x03\x03', alert: 120},
      'foreign-tls',
      "TLS alert 120: no application protocol, the application's own TLS",
    ],
    [
      'a handshake that the server went on from',
      {...shaken, accepted: true, end: 'enough'},
      'tls',
      'finished a TLSv1.3 handshake without demanding a client certificate',
    ],
    [
      'TLS 1.2, done',
      {...shaken, protocol: 'TLSv1.2', accepted: true, end: 'enough'},
      'tls',
      'finished a TLSv1.2 handshake without demanding a client certificate',
    ],
    [
      'a handshake and then nothing: an alert may be late',
      {...shaken, end: 'late'},
      'inconclusive',
      'finished its handshake and said nothing more in time',
    ],
    ['a handshake and then the end: an alert may be lost', {...shaken, end: 'closed'}, 'closed', 'closed without an answer'],
    ['a handshake and then a reset', {...shaken, end: 'reset'}, 'closed', 'connection reset'],
    ['a reset', {...silent, end: 'reset'}, 'closed', 'connection reset'],
    ['the end', silent, 'closed', 'closed without an answer'],
    ['nothing in time', {...silent, end: 'late'}, 'inconclusive', 'no answer in time'],
    ['half a greeting', {...silent, bytes: serverHello, end: 'closed'}, 'closed', 'closed without an answer'],
    [
      'a greeting that our side refuses',
      {...silent, bytes: serverHello, end: 'enough'},
      'inconclusive',
      'a TLS handshake that failed on our side',
    ],
    [
      'HTTP',
      {...silent, bytes: 'HTTP/1.1 400 Bad Request', end: 'enough'},
      'plain-text',
      'answered a TLS greeting with HTTP in plain text',
    ],
    ['other plain bytes', {...silent, bytes: '220 mail ready', end: 'enough'}, 'plain-text', 'answered a TLS greeting in plain text'],
    ["HTTP/2's settings", {...silent, bytes: '\x00\x00\x12\x04\x00', end: 'enough'}, 'plain-text', 'answered a TLS greeting in plain text'],
    [
      'a byte that only looks like TLS',
      {...silent, bytes: '\x16\x04\x00', end: 'enough'},
      'plain-text',
      'answered a TLS greeting in plain text',
    ],
    [
      'our own greeting',
      {...silent, bytes: '\x16\x03\x01\x06\x2d\x01\x00\x06', end: 'enough'},
      'plain-text',
      'echoed the TLS greeting in plain text',
    ],
  ])('%s', (_title, greeting, saw, detail) => {
    expect(seenInGreeting(greeting)).toEqual({saw, detail})
  })
})

describe('a plain request', () => {
  test.each<[string, Heard, Sighting, string]>([
    ['200', {bytes: 'HTTP/1.1 200 OK\r\n', end: 'enough'}, 'plain-text', 'answered 200 in plain text'],
    [
      "the proxy's 403: it listened to plain text all the same",
      {bytes: 'HTTP/1.1 403 Forbidden\r\n', end: 'enough'},
      'plain-text',
      'answered 403 in plain text',
    ],
    [
      'a dead application behind PERMISSIVE',
      {bytes: 'HTTP/1.1 503 Service Unavailable\r\n', end: 'enough'},
      'plain-text',
      'answered 503 in plain text',
    ],
    [
      'a redirect',
      {bytes: 'HTTP/1.1 302 Found\r\n', end: 'enough'},
      'plain-text',
      'answered 302 in plain text, a redirect that is not followed',
    ],
    ['a body that plays the API server', {bytes: 'HTTP/1.1 503 x\r\n', end: 'enough'}, 'plain-text', 'answered 503 in plain text'],
    ['bytes that are no HTTP', {bytes: 'StatusCode=200\n', end: 'enough'}, 'plain-text', 'answered bytes that are no HTTP, in plain text'],
    ['HTTP/2', {bytes: '\x00\x00\x12\x04', end: 'reset'}, 'plain-text', 'answered bytes that are no HTTP, in plain text'],
    [
      'endless bytes without a line',
      {bytes: 'y'.repeat(256), end: 'enough'},
      'plain-text',
      'answered bytes that are no HTTP, in plain text',
    ],
    ['some bytes and no more in time', {bytes: 'wel', end: 'late'}, 'plain-text', 'answered bytes that are no HTTP, in plain text'],
    ['bytes and then a reset', {bytes: 'HTTP/1.0 400 Bad Request\r\n', end: 'reset'}, 'plain-text', 'answered 400 in plain text'],
    [
      "an application's own TLS",
      {bytes: '\x15\x03\x01\x00\x02\x02\x46', end: 'closed'},
      'foreign-tls',
      "answered plain text with a TLS alert: the application's own TLS",
    ],
    ['a reset', {bytes: '', end: 'reset'}, 'closed', 'connection reset'],
    ['the end', {bytes: '', end: 'closed'}, 'closed', 'closed without an answer'],
    ['a slow application', {bytes: '', end: 'late'}, 'inconclusive', 'no answer in time'],
  ])('%s', (_title, heard, saw, detail) => {
    expect(seenInHeard(heard)).toEqual({saw, detail})
  })
})
