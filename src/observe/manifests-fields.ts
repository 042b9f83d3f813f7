import type {KubeObject} from '../io/io.ts'
import {nearest} from '../derive/nearest.ts'
import {istioFields} from './istio-fields.ts'

/** A field that Istio's CRDs do not know, or a word that its enum does not hold; `path` leads there from the object's root. */
export interface OddField {
  path: (string | number)[]
  says: string
}

/** What an Istio object says that the API server would drop or reject (istio.io/istio manifests/charts/base/files/crd-all.gen.yaml). */
export function oddFields(object: KubeObject): OddField[] {
  const known = /^(networking|security|telemetry|extensions)\.istio\.io\//.test(object.apiVersion) ? istioFields[object.kind] : undefined
  if (known === undefined) return []
  const root: Fields = new Map(['apiVersion', 'kind', 'metadata', 'status'].map((name) => [name, {}]))
  root.set('spec', {fields: fieldsFrom(known)})
  return oddIn(object, root, [])
}

type Fields = Map<string, Field>

interface Field {
  fields?: Fields
  words?: string[]
  /** Keys are the user's own. */
  free?: boolean
}

function oddIn(value: unknown, fields: Fields, path: (string | number)[]): OddField[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => oddIn(item, fields, [...path, index]))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, name]
    const field = fields.get(name)
    if (field === undefined) return [{path: here, says: unknownField(name, here, fields)}]
    if (field.words !== undefined) return oddWord(inner, here, field.words)
    if (field.fields === undefined) return []
    if (!field.free) return oddIn(inner, field.fields, here)
    const below = field.fields
    return isRecord(inner) ? Object.entries(inner).flatMap(([key, each]) => oddIn(each, below, [...here, key])) : []
  })
}

function unknownField(name: string, path: (string | number)[], fields: Fields): string {
  const meant = nearest(name, [...fields.keys()])
  return `unknown field \`${path.join('.')}\`: the API server drops it${meant === null ? '' : `; did you mean \`${meant}\`?`}`
}

function oddWord(value: unknown, path: (string | number)[], words: string[]): OddField[] {
  const odd = [value].flat().find((word) => typeof word !== 'string' || !words.includes(word))
  if (odd === undefined || odd === null) return []
  return [
    {path, says: `\`${path.join('.')}\` is \`${String(odd)}\`, which is none of ${words.join(', ')}: the API server rejects the object`},
  ]
}

/** Reads the grammar that heads istio-fields.ts. */
function fieldsFrom(text: string): Fields {
  let at = 0
  const level = (): Fields => {
    const fields: Fields = new Map()
    while (at < text.length && text[at] !== '}') {
      const name = /^[^ {}*=]+/.exec(text.slice(at, at + 80))?.[0] ?? ''
      at += name.length
      const field: Field = {}
      if (text[at] === '=') {
        const words = /^[^ }]*/.exec(text.slice(at + 1))?.[0] ?? ''
        field.words = words.split('|')
        at += 1 + words.length
      }
      if (text[at] === '*') {
        field.free = true
        at++
      }
      if (text[at] === '{') {
        at++
        field.fields = level()
        at++
      }
      fields.set(name, field)
      if (text[at] === ' ') at++
    }
    return fields
  }
  return level()
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
