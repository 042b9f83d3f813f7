import {isIstiodSwitch, isProxyVariable} from '../model/kept-variables.ts'
import {type MessageName, messages} from './kube-messages.ts'
import type {Texts} from './texts.ts'
import {DELIMITED, VARINT, type Wire} from './protobuf-bytes.ts'

/**
 * Decodes the message between the wire's place and `end` to what the API server's JSON would hold: times as RFC 3339, IntOrString as
 * number or text, empty text left out (`omitempty`). Undeclared fields are skipped; throws a RangeError for what is no such message.
 */
export function decoded(name: MessageName, wire: Wire, end: number, texts: Texts): Record<string, unknown> {
  const target: Record<string, unknown> = {}
  decodeInto(target, layoutOf(name), wire, end, texts)
  return target
}

/** One declared field; `code` says how to read it. */
interface Field {
  name: string
  code: number
  repeated: boolean
  /** A setting that no snapshot may hold is stepped over. */
  isSetting: boolean
  layout: Layout | null
}

/** Fields by number. */
type Layout = (Field | undefined)[]

const [STRING, INT, BOOL, MAP, TIME, INT_OR_STRING, MESSAGE, INLINE] = [0, 1, 2, 3, 4, 5, 6, 7]
const codes: Record<string, number> = {string: STRING, int: INT, bool: BOOL, map: MAP, Time: TIME, IntOrString: INT_OR_STRING}

function decodeInto(target: Record<string, unknown>, layout: Layout, wire: Wire, end: number, texts: Texts): void {
  const outer = wire.end
  wire.end = end
  while (wire.at < end) {
    const tag = wire.varint()
    const field = layout[tag >>> 3]
    if (field === undefined) {
      wire.skip(tag & 7)
      continue
    }
    const {name, code} = field
    if ((tag & 7) !== (code === INT || code === BOOL ? VARINT : DELIMITED)) throw new RangeError(`field \`${name}\` is of another type`)
    if (code === MAP) {
      target[name] ??= {}
      entryInto(target[name] as Record<string, string>, wire, texts)
    } else if (code === INLINE) {
      decodeInto(target, field.layout as Layout, wire, wire.delimited(), texts)
    } else if (!field.isSetting || isKept(wire, texts)) {
      const value = readValue(field, wire, texts)
      if (!field.repeated) {
        if (value !== '') target[name] = value
      } else if (target[name] === undefined) target[name] = [value]
      else (target[name] as unknown[]).push(value)
    }
  }
  if (wire.at !== end) throw new RangeError('a protobuf field reaches past its message')
  wire.end = outer
}

/** Looks at the name of an EnvVar (its first field) and steps over the whole of it when no snapshot may hold it. */
function isKept(wire: Wire, texts: Texts): boolean {
  const start = wire.at
  const end = wire.delimited()
  if (wire.at === end || wire.varint() !== keyTag) throw new RangeError('a variable without a name')
  const name = textAt(wire, texts)
  let kept = keptNames.get(name)
  if (kept === undefined) {
    if (keptNames.size >= mostNames) keptNames.clear()
    kept = isProxyVariable(name) || isIstiodSwitch(name)
    keptNames.set(name, kept)
  }
  wire.at = kept ? start : end
  return kept
}

const keptNames = new Map<string, boolean>()
const mostNames = 10_000

function readValue({code, layout}: Field, wire: Wire, texts: Texts): unknown {
  if (code === STRING) return textAt(wire, texts)
  if (code === INT) return wire.varint()
  if (code === BOOL) return wire.varint() !== 0
  const value: Record<string, unknown> = nested(layout as Layout, wire, wire.delimited(), texts)
  if (code === TIME) return timeText(value as {seconds?: number})
  if (code === INT_OR_STRING) return value['type'] === 1 ? (value['strVal'] ?? '') : (value['intVal'] ?? 0)
  return value
}

function nested(layout: Layout, wire: Wire, end: number, texts: Texts): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  decodeInto(value, layout, wire, end, texts)
  return value
}

function textAt(wire: Wire, texts: Texts): string {
  const end = wire.delimited()
  const text = texts.text(wire.bytes, wire.at, end)
  wire.at = end
  return text
}

/** A map's entry is a message of its own: key 1, value 2, either left out when empty. */
function entryInto(map: Record<string, string>, wire: Wire, texts: Texts): void {
  const end = wire.delimited()
  const outer = wire.end
  wire.end = end
  let key = ''
  let value = ''
  while (wire.at < end) {
    const tag = wire.varint()
    if (tag === keyTag) key = textAt(wire, texts)
    else if (tag === valueTag) value = textAt(wire, texts)
    else wire.skip(tag & 7)
  }
  wire.end = outer
  // Kubernetes takes no label so named; as a key of ConfigMap data it would set the prototype.
  if (key !== '__proto__') map[key] = value
}

const keyTag = (1 << 3) | DELIMITED
const valueTag = (2 << 3) | DELIMITED

/** As metav1.Time writes it: whole seconds; null for Go's zero time, which is sent as an empty message. */
function timeText({seconds}: {seconds?: number}): string | null {
  return seconds === undefined ? null : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

const layouts = new Map<MessageName, Layout>()

function layoutOf(name: MessageName): Layout {
  const known = layouts.get(name)
  if (known !== undefined) return known
  const layout: Layout = []
  layouts.set(name, layout)
  for (const [number, text] of Object.entries<string>(messages[name])) {
    const [fieldName = '', written = ''] = text.split(' ')
    const type = written.replace('[]', '')
    const inner = type in messages ? layoutOf(type as MessageName) : null
    const code = fieldName === '.' ? INLINE : (codes[type] ?? MESSAGE)
    layout[Number(number)] = {name: fieldName, code, repeated: written !== type, isSetting: type === 'EnvVar', layout: inner}
  }
  return layout
}
