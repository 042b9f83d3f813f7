import {cleaned, escaped, verbatim, withoutCommands} from './foreign.ts'

/** A piece of a line. Only constructors of this file make one, so nothing from a cluster is ever taken for Markdown. */
export type Inline =
  | {type: 'text'; value: string}
  | {type: 'code'; value: string}
  | {type: 'strong'; children: Inline[]}
  | {type: 'link'; children: Inline[]; url: string}

/** A piece of a page. */
export type Block =
  | {type: 'heading'; level: number; children: Inline[]}
  | {type: 'paragraph'; children: Inline[]}
  | {type: 'list'; items: Inline[][]}
  | {type: 'table'; head: Inline[][]; rows: Iterable<Row>}
  | {type: 'details'; open: boolean; summary: Inline[]; children: Block[]}
  | {type: 'fence'; language: string; value: string}
  | {type: 'comment'; value: string}

/** A row of a table as it will stand: what is shown by several renderings is rendered once. */
export interface Row {
  line: string
}

/** Text shown letter for letter. */
export const text = (value: string | number): Inline => ({type: 'text', value: String(value)})
/** A name: nothing in it can mention, link or break out. */
export const code = (value: string): Inline => ({type: 'code', value})
export const strong = (...children: Inline[]): Inline => ({type: 'strong', children})
/** A link; anything but a plain https address (http for a local server) stays text. */
export const link = (url: string, ...children: Inline[]): Inline => ({type: 'link', children, url})
export const heading = (level: number, ...children: Inline[]): Block => ({type: 'heading', level, children})
export const paragraph = (...children: Inline[]): Block => ({type: 'paragraph', children})
export const list = (items: Inline[][]): Block => ({type: 'list', items})
export const table = (head: Inline[][], rows: Inline[][][]): Block => lazyTable(head, rows.map(tableRow))
/** A table whose rows are asked for as it is rendered, once, and no further than the page may be long. */
export const lazyTable = (head: Inline[][], rows: Iterable<Row>): Block => ({type: 'table', head, rows})
export const tableRow = (cells: Inline[][]): Row => ({line: rowLine(cells)})
export const details = (summary: Inline[], children: Block[], open = false): Block => ({type: 'details', open, summary, children})
export const fence = (language: string, value: string): Block => ({type: 'fence', language, value})
/** A hidden mark; keeps only letters, digits, `=`, `-` and spaces. */
export const comment = (value: string): Block => ({type: 'comment', value})

/** A sentence of ours with foreign parts in it: what stands between two backticks becomes a name, the rest text. */
export function prose(sentence: string): Inline[] {
  if (!sentence.includes('`')) return sentence === '' ? [] : [text(sentence)]
  const parts = sentence.split(/`([^`]+)`/)
  return parts.flatMap((part, at) => (part === '' ? [] : [at % 2 === 1 ? code(part) : text(part)]))
}

/**
 * The page as GitHub-flavoured Markdown, ending in a newline. Once it is longer than `most` characters, whatever is left is left out: it will
 * not be shown as it is.
 */
export function render(blocks: Iterable<Block>, most = Number.POSITIVE_INFINITY): string {
  const pieces: string[] = []
  let size = 0
  for (const piece of written(blocks)) {
    pieces.push(piece)
    size += piece.length
    if (size > most) break
  }
  return `${pieces.join('')}\n`
}

/** The page in pieces, each of whole lines: none begins or ends within one. */
function* written(blocks: Iterable<Block>): Generator<string> {
  let gap = ''
  for (const node of blocks) {
    yield gap
    if (node.type === 'details') yield* folded(node)
    else if (node.type === 'table') yield* tableLines(node)
    else yield withoutCommands(block(node))
    gap = '\n\n'
  }
}

function* folded({open, summary, children}: Extract<Block, {type: 'details'}>): Generator<string> {
  yield withoutCommands(`<details${open ? ' open' : ''}><summary>${html(summary)}</summary>\n\n`)
  yield* written(children)
  yield `${children.length === 0 ? '' : '\n\n'}</details>`
}

function* tableLines({head, rows}: Extract<Block, {type: 'table'}>): Generator<string> {
  yield `${rowLine(head)}\n${rowLine(head.map(() => null))}`
  for (const {line} of rows) yield `\n${line}`
}

function block(node: Exclude<Block, {type: 'details' | 'table'}>): string {
  switch (node.type) {
    case 'heading':
      return `${'#'.repeat(node.level)} ${line(node.children)}`
    case 'paragraph':
      return line(node.children)
    case 'list':
      return node.items.map((item) => `- ${line(item)}`).join('\n')
    case 'fence':
      return fenced(node.language, verbatim(node.value))
    case 'comment':
      return `<!-- ${node.value.replace(/[^A-Za-z0-9= -]|-(?=-)/g, '')} -->`
  }
}

function rowLine(cells: (Inline[] | null)[]): string {
  return `| ${cells.map((cell) => (cell === null ? '---' : line(cell))).join(' | ')} |`
}

/** A fence longer than any run of backticks within. */
function fenced(language: string, value: string): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return `${mark}${language.replace(/\W/g, '')}\n${value}\n${mark}`
}

function line(nodes: Inline[]): string {
  return nodes
    .reduce((before, node) => {
      const next = inline(node)
      /** Two code spans that touch would be read as one. */
      return before + (before.endsWith('`') && next.startsWith('`') ? html([node]) : next)
    }, '')
    .trim()
}

function inline(node: Inline): string {
  switch (node.type) {
    case 'text':
      return escaped(node.value)
    case 'code':
      return plainName.test(node.value) ? `\`${node.value}\`` : html([node])
    case 'strong':
      return `**${line(node.children)}**`
    case 'link':
      return safeUrl.test(node.url) ? `[${line(node.children)}](${node.url})` : line(node.children)
  }
}

/** The same inside a block of HTML, where Markdown is not read. */
function html(nodes: Inline[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return escaped(node.value)
      if (node.type === 'code') return `<code>${escaped(cleaned(node.value, 300))}</code>`
      const children = html(node.children)
      if (node.type === 'strong') return `<b>${children}</b>`
      return safeUrl.test(node.url) ? `<a href="${node.url}">${children}</a>` : children
    })
    .join('')
}

/** What a backtick span can hold in any place, a table included; everything else is written as HTML. */
const plainName = /^[\w.,:;/=+%(){}@#*'-](?:[\w .,:;/=+%(){}@#*'-]{0,298}[\w.,:;/=+%(){}@#*'-])?$/

const safeUrl = /^https?:\/\/[\w.:[\]-]+(?:\/[\w./%?=&#~+-]*)?$/
