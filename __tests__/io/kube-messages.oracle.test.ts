import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from '@jest/globals'
import protobuf from 'protobufjs'
import {messages} from '../../src/io/kube-messages.ts'
import {sourceDir} from '../../testbed/paths.ts'

// Our table against the .proto files that Kubernetes itself is built from, in the module cache that the test bed fills.

const sameTypes: Record<string, string> = {int32: 'int', int64: 'int'}
const theirs = theirMessages()

test.each(Object.entries(messages))("%s has the numbers and types of Kubernetes' own file", (name, fields) => {
  expect(theirs.get(name)).toBeDefined()
  expect(Object.entries<string>(fields).map(([id, text]) => [Number(id), ...ours(text)])).toEqual(
    Object.keys(fields).map((id) => theirs.get(name)?.get(Number(id))),
  )
})

/** Name on the wire, type, and whether it is repeated. */
function ours(text: string): [name: string, type: string, repeated: boolean] {
  const [name = '', written = ''] = text.split(' ')
  const type = written.replace('[]', '')
  // The one message that Go's JSON inlines.
  return [name === '.' ? 'handler' : name, type, type !== written]
}

function theirMessages(): Map<string, Map<number, [number, string, string, boolean]>> {
  const folder = (module: string) =>
    execFileSync('go', ['list', '-mod=mod', '-m', '-f', '{{.Dir}}', module], {cwd: sourceDir, encoding: 'utf8'}).trim()
  const [api, machinery] = [folder('k8s.io/api'), folder('k8s.io/apimachinery')]
  const files = [
    ...['core', 'apps', 'batch'].map((group) => join(api, group, 'v1', 'generated.proto')),
    ...['apis/meta/v1', 'runtime', 'util/intstr'].map((part) => join(machinery, 'pkg', part, 'generated.proto')),
  ]
  return new Map(files.flatMap((file) => messagesOf(readFileSync(file, 'utf8'))))
}

function messagesOf(proto: string): [string, Map<number, [number, string, string, boolean]>][] {
  const {root} = protobuf.parse(proto, {keepCase: true})
  const found: [string, Map<number, [number, string, string, boolean]>][] = []
  const visit = (at: protobuf.ReflectionObject) => {
    if (at instanceof protobuf.Type) found.push([at.name, new Map(at.fieldsArray.map((field) => [field.id, told(field)]))])
    else if (at instanceof protobuf.Namespace) at.nestedArray.forEach(visit)
  }
  visit(root)
  return found
}

function told(field: protobuf.Field): [number, string, string, boolean] {
  const type = field.type.split('.').at(-1) ?? ''
  const isTextMap = field instanceof protobuf.MapField && field.keyType === 'string' && type === 'string'
  return [field.id, field.name, isTextMap ? 'map' : (sameTypes[type] ?? type), field.repeated]
}
