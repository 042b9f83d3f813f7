/** Text from a cluster made safe to handle: well-formed, without control, bidirectional or invisible characters, at most `limit` long. */
export function cleaned(foreign: string, limit: number, keepLines = false): string {
  // Nearly all names and sentences are: nothing in them could change.
  if (foreign.length <= limit && (keepLines ? printableLines : printableAscii).test(foreign)) return foreign
  const visible = foreign
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(keepLines ? /(?!\n)\p{Cc}/gu : /\p{Cc}/gu, ' ')
    .replace(/\p{Cf}/gu, '')
  return visible.length <= limit ? visible : `${visible.slice(0, limit - 1)}…`.toWellFormed()
}

/**
 * Plain text on one line in which nothing links by itself: mentions, #123, GH-1, commits and addresses are broken by a zero-width space.
 */
export function unlinked(foreign: string): string {
  return cleaned(foreign, 2000)
    .replace(/\s+/g, ' ')
    .replace(/@(?=\S)/g, `@${gap}`)
    .replace(/#(?=[\p{L}\p{N}_])/gu, `#${gap}`)
    .replace(/(GH|GHSA|CVE)-(?=\w)/gi, `$1-${gap}`)
    .replace(/[0-9a-f]{6}(?=[0-9a-f])/gi, `$&${gap}`)
    .replace(/:(?=\/\/|[:])/g, `:${gap}`)
    .replace(/(www|mailto|xmpp)(?=[.:])/gi, `$1${gap}`)
}

/**
 * Text as GitHub shows it, letter for letter, whatever it says: every character with a meaning in Markdown or HTML is an entity, and what
 * GitHub would link by itself (mentions, #123, GH-1, commits, addresses) is broken by a zero-width space, because entities do not stop it.
 */
export function escaped(foreign: string): string {
  const known = before.get(foreign)
  if (known !== undefined) return known
  if (before.size >= mostBefore) before.clear()
  const shown = escapedAnew(foreign)
  before.set(foreign, shown)
  return shown
}

/** What was escaped already: a report says the same names and sentences thousands of times. */
const before = new Map<string, string>()
const mostBefore = 50_000

function escapedAnew(foreign: string): string {
  return unlinked(foreign)
    .replace(/[&<>"|`*_[\]~#!\\$]/g, entity)
    .replace(/^( ?)([-+=])/, (_, space: string, mark: string) => space + entity(mark))
    .replace(/^( ?\d+)([.)])/, (_, digits: string, mark: string) => digits + entity(mark))
}

/** A block of text for a fence: lines kept, nothing that a runner would take for a command were it printed. */
export function verbatim(foreign: string): string {
  const shown = cleaned(foreign, 20_000, true).replaceAll('##[', `##${gap}[`).trimEnd()
  return withoutCommands(shown)
}

/** Lines of which none begins with `::`, as the runner's commands do. */
export function withoutCommands(lines: string): string {
  return lines.includes('::') ? lines.replace(/^(\s*:)(?=:)/gm, `$1${gap}`) : lines
}

/** And the mark of what was cut. */
const printableAscii = /^[ -~…]*$/
const printableLines = /^[ -~…\n]*$/

/** Zero-width space: unseen, not a word character, copied along but harmless in prose. */
const gap = '\u200b'

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`
}
