/**
 * One line that the runner prints and never obeys: control, format and bidi characters become visible escapes, a line break `⏎`,
 * and both forms of a workflow command are broken (actions/runner ActionCommand.cs, TryParseV2: `::` at the start of a trimmed line;
 * TryParse: `##[` anywhere).
 */
export function harmlessLine(text: string): string {
  return text
    .replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, ' ⏎ ')
    .replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(oldCommand, '##$1 [')
    .replace(newCommand, '$1: ')
}

/** The same for text whose line breaks are wanted and escaped on the way (annotations, debug lines). */
export function harmlessText(text: string): string {
  return text
    .split(/\r\n|\n/)
    .map(harmlessLine)
    .join('\n')
}

// The runner's string searches are culture-sensitive: .NET may skip characters that Unicode calls ignorable, so none stays but the
// emoji selector, which both patterns below look through. Lone surrogates would print as something else than was judged.
const unseen = /(?!\t|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu
const oldCommand = /#\ufe0f*#(\ufe0f*)\[/g
const newCommand = /^((?:\s|\ufe0f)*):\ufe0f*(?=:)/
