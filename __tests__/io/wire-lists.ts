import protobuf from 'protobufjs'
import {type MessageName, messages} from '../../src/io/kube-messages.ts'

/** Writes lists as the API server does, by a library that our decoder shares nothing with. */

const scalars: Record<string, string> = {string: 'string', int: 'int64', bool: 'bool', Time: 'Time', IntOrString: 'IntOrString'}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      {
        // Kubernetes' messages are of proto2: a number that is set is written, zero or not.
        edition: 'proto2',
        fields: Object.fromEntries(
          Object.entries<string>(fields).map(([id, text]) => {
            const [field = '', written = ''] = text.split(' ')
            const type = written.replace('[]', '')
            // Inlined in JSON, a field of its own on the wire.
            const on = field === '.' ? 'handler' : field
            if (type === 'map') return [on, {keyType: 'string', type: 'string', id: Number(id)}]
            return [on, {...(written === type ? {} : {rule: 'repeated'}), type: scalars[type] ?? type, id: Number(id)}]
          }),
        ),
      },
    ]),
  ),
})

/** One message's bytes; `more` are fields that our table does not declare. */
export function encoded(name: MessageName, value: object): Uint8Array {
  const type = root.lookupType(name)
  return type.encode(type.fromObject(value)).finish()
}

/** A whole answer: the mark, the envelope, the list. */
export function listAnswer(kind: MessageName, items: object[], next = ''): Buffer {
  const list = protobuf.Writer.create()
  list.uint32(tagOf(1)).bytes(encoded('ListMeta', {continue: next}))
  for (const item of items) list.uint32(tagOf(2)).bytes(encoded(kind, item))
  return envelope({apiVersion: 'v1', kind: `${kind}List`}, list.finish())
}

/** A refusal in protobuf. */
export function statusAnswer(status: {message: string; reason: string; code: number}): Buffer {
  return envelope({apiVersion: 'v1', kind: 'Status'}, encoded('Status', status))
}

function envelope(typeMeta: object, raw: Uint8Array): Buffer {
  const unknown = protobuf.Writer.create()
  unknown.uint32(tagOf(1)).bytes(encoded('TypeMeta', typeMeta)).uint32(tagOf(2)).bytes(raw)
  // As the API server ends it: two empty texts.
  unknown.uint32(tagOf(3)).string('').uint32(tagOf(4)).string('')
  return Buffer.concat([Buffer.from('k8s\0'), unknown.finish()])
}

function tagOf(field: number): number {
  return (field << 3) | 2
}
