import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

const folder = join(import.meta.dirname, '..', 'golden')

/**
 * The report of a scenario as it was read and found right, and as it is now, both without what differs from run to run. GOLDEN=write keeps
 * the new one: read it before committing.
 */
export function golden(name: string, summary: string): {recorded: string; now: string} {
  const now = steady(summary)
  const path = join(folder, `${name}.md`)
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(folder, {recursive: true})
    writeFileSync(path, now)
  }
  return {recorded: existsSync(path) ? steady(readFileSync(path, 'utf8')) : '', now}
}

/** Without the parts that tell how this run went, times, addresses, and random names. */
function steady(summary: string): string {
  return (
    summary
      .replace(/<details><summary>(How the run went|\d+ notes?: )[\s\S]*?<\/details>\n*/g, '')
      .replace(/20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z)?/g, 'DATE')
      .replace(/\b\d+((\.|&#46;)\d+)? (ms|s|min)\b/g, 'TIME')
      // A proxy in front of nothing may hang up before its alert is read; the verdict rests on the listener's other chain then.
      .replace(
        /a TLS client without a certificate was (asked for its certificate|closed without an answer)/g,
        'a TLS client without a certificate was REFUSED',
      )
      .replace(
        /(pod `[^`|]*`: )?(at undeclared port \d+ )?a TLS client without a certificate was REFUSED; a plain request was closed without an answer/g,
        'refused plain text, demanded a certificate',
      )
      .replace(/\b10\.\d+\.\d+\.\d+\b/g, 'ADDRESS')
      .replace(/\b([a-z-]+)-[0-9a-f]{6,10}-[a-z0-9]{5}\b/g, '$1-POD')
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID')
      .replace(/\b[0-9a-f]{40,64}\b/g, 'DIGEST')
  )
}
