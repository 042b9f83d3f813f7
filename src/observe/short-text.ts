import {textOf} from './untrusted.ts'

/** Untrusted text for people: one line, nothing invisible, at most 400 characters. */
export function shortText(value: unknown): string {
  return textOf(value)
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 400)
}
