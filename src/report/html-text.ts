import {cleaned} from './foreign.ts'

/** Markup that is ours. Only `html` and its kin below make one, and no JSON can: a report that was read from a file holds none. */
export class Html {
  readonly markup: string
  constructor(markup: string, seal: symbol) {
    if (seal !== ours) throw new Error('Html is made by the template `html` alone')
    this.markup = markup
  }
}

/** What a template may hold; strings are foreign text, `null` and `false` are nothing. */
export type Piece = Html | string | number | null | false | readonly Piece[]

/** Markup with foreign text in it: everything but `Html` is escaped, in text as in quoted attributes. */
export function html(parts: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(
    parts.reduce((before, part, at) => before + markupOf(pieces[at - 1] ?? null) + part),
    ours,
  )
}

/** Foreign text with its lines kept, for `<pre>`; at most 20,000 characters. */
export function lines(foreign: string): Html {
  return new Html(entities(cleaned(foreign, 20_000, true).replace(/\s+$/, '')), ours)
}

/** A sentence of ours with foreign names in backticks, which become code. */
export function said(sentence: string): Html {
  const parts = String(sentence).split(/`([^`]+)`/)
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

/** The text of a style or script of ours; never anything from a report. */
export function raw(text: string): Html {
  return new Html(text, ours)
}

/** The one escape for foreign text: nothing in it opens an element, an entity or a quote, and nothing in it is invisible. */
export function entities(text: string): string {
  if (harmless.test(text)) return text
  return text.replace(/\p{Noncharacter_Code_Point}/gu, '\ufffd').replace(/[&<>"'`=]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Printable ASCII without anything that HTML could take for its own. */
const harmless = /^[ !#-%(-;?-_a-~]*$/

const ours = Symbol('ours')

function markupOf(piece: Piece): string {
  if (piece instanceof Html) return piece.markup
  if (piece === null || piece === false) return ''
  if (Array.isArray(piece)) return piece.map(markupOf).join('')
  return entities(cleaned(String(piece), 2000))
}
