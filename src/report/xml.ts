import {cleaned, verbatim} from './foreign.ts'

/** An element of XML 1.0. Only text and attributes of any origin go in; names are ours. */
export interface Element {
  name: string
  attributes: Record<string, string | number>
  children: (Element | string)[]
}

/** An element of too many elements to hold: they are made as the document is written, once. */
export interface LongElement {
  name: string
  attributes: Record<string, string | number>
  parts: Iterable<Element | LongElement>
}

/** An element; strings among the children are text. */
export function element(name: string, attributes: Element['attributes'], children: Element['children'] = []): Element {
  return {name, attributes, children}
}

/**
 * The document in parts of whole lines, well-formed whatever the text: what XML 1.0 forbids (production 2) is left out, and each text stays
 * within 20,000 characters.
 */
export function* xml(root: LongElement): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n'
  yield* lines(root, '')
}

function* lines(node: Element | LongElement, indent: string): Generator<string> {
  if ('children' in node) {
    yield `${written(node, indent)}\n`
    return
  }
  let isEmpty = true
  for (const part of node.parts) {
    if (isEmpty) yield `${opening(node, indent)}>\n`
    isEmpty = false
    yield* lines(part, `${indent}  `)
  }
  yield isEmpty ? `${opening(node, indent)}/>\n` : `${indent}</${node.name}>\n`
}

function opening({name, attributes}: Pick<Element, 'name' | 'attributes'>, indent: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(cleaned(String(value), 2000))}"`)
  return `${indent}<${name}${written.join('')}`
}

function written({name, attributes, children}: Element, indent: string): string {
  const open = opening({name, attributes}, indent)
  if (children.length === 0) return `${open}/>`
  const [only] = children
  if (children.length === 1 && typeof only === 'string') return `${open}>${escaped(verbatim(only))}</${name}>`
  const inner = children.map((child) => (typeof child === 'string' ? escaped(verbatim(child)) : written(child, `${indent}  `)))
  return `${open}>\n${inner.join('\n')}\n${indent}</${name}>`
}

function escaped(text: string): string {
  if (harmless.test(text)) return text
  // Control characters and lone surrogates are gone already. A file printed to a log must hold no command of the runner.
  return text
    .replace(/[\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replaceAll('##[', '##&#91;')
}

/** Printable ASCII, `…` and line ends without anything that XML or a runner could take for its own. */
const harmless = /^[ !$%(-;=?-~…\n]*$/

const entities: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'}
