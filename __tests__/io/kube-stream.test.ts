import {describe, expect, test} from '@jest/globals'
import fc from 'fast-check'
import {decoded} from '../../src/io/kube-decode.ts'
import {statusText} from '../../src/io/kube-status.ts'
import {ListReader} from '../../src/io/kube-stream.ts'
import {Texts} from '../../src/io/texts.ts'
import {Wire} from '../../src/io/protobuf-bytes.ts'
import {encoded, listAnswer, statusAnswer} from './wire-lists.ts'

const texts = new Texts()
const decode = (name: 'Pod' | 'Service', bytes: Uint8Array) => decoded(name, new Wire(Buffer.from(bytes)), bytes.length, texts)

describe('one message', () => {
  test('reads as the API server writes it in JSON', () => {
    const pod = {
      metadata: {
        name: 'a',
        generation: 3,
        creationTimestamp: {seconds: 1795374000},
        labels: {app: 'é–𝄞', empty: ''},
        ownerReferences: [{kind: 'ReplicaSet', name: 'a-1', controller: true}],
      },
      spec: {
        hostNetwork: false,
        securityContext: {runAsUser: 0},
        containers: [
          {
            name: 'istio-proxy',
            args: ['proxy', ''],
            env: [
              {name: 'ISTIO_META_NODE_NAME', value: ''},
              {name: 'DATABASE_PASSWORD', value: 'hunter2'},
            ],
            readinessProbe: {handler: {httpGet: {path: '/', port: {type: 1, strVal: 'http'}}}, periodSeconds: 5},
            startupProbe: {handler: {tcpSocket: {port: {type: 0, intVal: 9090}}}},
            lifecycle: {preStop: {exec: {}}},
          },
        ],
      },
    }
    expect(decode('Pod', encoded('Pod', pod))).toEqual({
      metadata: {
        name: 'a',
        generation: 3,
        creationTimestamp: '2026-11-22T19:00:00Z',
        labels: {app: 'é–𝄞', empty: ''},
        ownerReferences: [{kind: 'ReplicaSet', name: 'a-1', controller: true}],
      },
      spec: {
        hostNetwork: false,
        securityContext: {runAsUser: 0},
        containers: [
          {
            name: 'istio-proxy',
            args: ['proxy', ''],
            // Go writes empty text on the wire and leaves it out of JSON (omitempty); what no snapshot may hold is not decoded.
            env: [{name: 'ISTIO_META_NODE_NAME'}],
            readinessProbe: {httpGet: {path: '/', port: 'http'}, periodSeconds: 5},
            startupProbe: {tcpSocket: {port: 9090}},
            lifecycle: {preStop: {exec: {}}},
          },
        ],
      },
    })
  })

  test.each([0, 1, 127, 128, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1, -1, -1337, -(2 ** 40)])('the number %i survives', (runAsUser) => {
    expect(decode('Pod', encoded('Pod', {spec: {securityContext: {runAsUser}}}))).toEqual({spec: {securityContext: {runAsUser}}})
  })

  test('any texts and labels survive, met before or not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({unit: 'grapheme', minLength: 1}), fc.string({unit: 'grapheme'})), (labels) => {
        const {['__proto__']: _, ...kept} = labels
        const bytes = encoded('Service', {metadata: {labels: kept}})
        const wanted = Object.keys(kept).length === 0 ? {metadata: {}} : {metadata: {labels: kept}}
        for (const round of [1, 2]) expect([round, decode('Service', bytes)]).toEqual([round, wanted])
      }),
    )
  })

  test('no label sets the prototype', () => {
    const labels = Object.defineProperty({}, '__proto__', {value: 'x', enumerable: true})
    expect(decode('Service', encoded('Service', {metadata: {labels}}))).toEqual({metadata: {labels: {}}})
  })

  test.each([
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ['another type than declared', () => Uint8Array.of(8, 1)],
    ['a field past its message', () => Uint8Array.of(10, 2, 10, 5)],
    ['a wire type that proto 3 does not know', () => Uint8Array.of(0x7b)],
    ['a number without end', () => new Uint8Array(12).fill(0xff)],
  ])('%s is refused, never read as less', (_title, spoil) => {
    expect(() => decode('Pod', spoil(encoded('Pod', {metadata: {name: 'abc'}})))).toThrow(RangeError)
  })
})

describe('a list in pieces', () => {
  const items = ['a', 'b', 'c'.repeat(500)].map((name) => ({metadata: {name}, spec: {nodeName: 'n'.repeat(name.length * 3)}}))
  const answer = listAnswer('Pod', items, 'next-page')
  const readInPieces = (size: number, bytes: Buffer = answer) => {
    const reader = new ListReader('Pod', ({apiVersion, kind, metadata}) => `${apiVersion} ${kind} ${metadata.name}`, texts)
    for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size))
    reader.finish()
    return reader
  }

  test.each([1, 2, 3, 7, 64, 1000, 1 << 20])('of %i bytes is whole', (size) => {
    const reader = readInPieces(size)
    expect(reader.projected).toEqual(items.map(({metadata}) => `v1 Pod ${metadata.name}`))
    expect(reader.next).toBe('next-page')
  })

  test('larger than the buffer is whole', () => {
    const large = Array.from({length: 40}, (_, at) => ({metadata: {name: `pod-${at}`}, spec: {nodeName: 'x'.repeat(20_000)}}))
    expect(readInPieces(16_384, listAnswer('Pod', large)).projected).toHaveLength(40)
  })

  test('cut anywhere is refused, never a shorter list', () => {
    for (let end = 0; end < answer.length - 4; end++) expect(() => readInPieces(50, answer.subarray(0, end))).toThrow(RangeError)
  })

  test('of nothing at all is an empty list', () => {
    expect(readInPieces(5, listAnswer('Pod', [])).projected).toEqual([])
  })

  test.each([
    ['JSON', Buffer.from('{"kind":"PodList","items":[]}')],
    ['another mark', Buffer.from('k8s\x01aaaaaaaaaaaaaaaa')],
    ['a list with a byte too many', Buffer.concat([answer, Buffer.of(0)])],
  ])('%s is refused', (_title, bytes) => {
    expect(() => readInPieces(9, bytes)).toThrow(RangeError)
  })

  test('what the projection throws is told, and is none of the wire', () => {
    const reader = new ListReader('Pod', () => JSON.parse('nonsense') as null, texts)
    reader.take(answer)
    reader.finish()
    expect(String(reader.thrown)).toMatch('SyntaxError')
  })
})

test('a refusal in protobuf says what it says in JSON', () => {
  const status = {message: 'pods is forbidden', reason: 'Forbidden', code: 403}
  expect(JSON.parse(statusText(statusAnswer(status)))).toEqual({kind: 'Status', ...status})
  expect(statusText(Buffer.from('<html>'))).toBe('')
})
