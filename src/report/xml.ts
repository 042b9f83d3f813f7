import {cleaned, verbatim} from './foreign.ts'

/** An element of XML 1.0. Only text and attributes of any origin go in; names are ours. */
export interface Element {
  name: string
  attributes: Record<string, string | number>
  children: (Element | string)[]
}

/** An element; strings among the children are text. */
export function element(name: string, attributes: Element['attributes'], children: Element['children'] = []): Element {
  return {name, attributes, children}
}

/** The document, well-formed whatever the text: what XML 1.0 forbids (production 2) is left out, and each text stays within 20,000 characters. */
export function xml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${written(root, '')}\n`
}

function written({name, attributes, children}: Element, indent: string): string {
  const open = `${indent}<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(cleaned(String(value), 2000))}"`)
    .join('')}`
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

/** Printable ASCII and line ends without anything that XML or a runner could take for its own. */
const harmless = /^[ !$%(-;=?-~\n]*$/

const entities: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'}
