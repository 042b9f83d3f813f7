import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {bundle, isChunk} from '../bundle.ts'

/**
 * What the bundle is made of: bytes of `dist/index.js` by npm package, our own rooms apart, and what it loads when it first needs it in one sum; largest
 * first, from the source map of a build of its own.
 */
export async function bundleTable(): Promise<{part: string; bytes: number}[]> {
  const out = mkdtempSync(join(tmpdir(), 'bundle-'))
  try {
    await bundle('lib/main.js', out, {sourceMap: true})
    const code = readFileSync(join(out, 'index.js'), 'utf8').split('\n')
    const map = JSON.parse(readFileSync(join(out, 'index.js.map'), 'utf8')) as {sources: string[]; mappings: string}
    const bytes = new Map<string, number>()
    const add = (part: string, count: number) => bytes.set(part, (bytes.get(part) ?? 0) + count)
    for (const [line, segments] of segmentsOf(map.mappings).entries()) {
      const length = code[line]?.length ?? 0
      if (segments.length === 0) add('webpack', length)
      for (const [at, {column, source}] of segments.entries())
        add(partOf(map.sources[source] ?? ''), (segments[at + 1]?.column ?? length) - column)
    }
    for (const name of readdirSync(out).filter(isChunk)) add('loaded when needed', readFileSync(join(out, name)).length)
    return [...bytes].map(([part, count]) => ({part, bytes: count})).sort((a, b) => b.bytes - a.bytes)
  } finally {
    rmSync(out, {recursive: true})
  }
}

function partOf(source: string): string {
  const nested = source.split('node_modules/').at(-1) ?? ''
  if (source.includes('node_modules/'))
    return nested.startsWith('@') ? nested.split('/').slice(0, 2).join('/') : (nested.split('/')[0] ?? '')
  const own = /(?:^|\/)lib\/([^/]+)(\/)?/.exec(source)
  return own === null ? 'webpack' : `src/${own[2] === undefined ? '*' : own[1]}`
}

/** The segments of each line of a source map, version 3: where they begin and which source they come from. */
function segmentsOf(mappings: string): {column: number; source: number}[][] {
  let source = 0
  return mappings.split(';').map((line) => {
    let column = 0
    return line
      .split(',')
      .filter(Boolean)
      .map((segment) => {
        const [columns = 0, sources = 0] = numbersOf(segment)
        column += columns
        source += sources
        return {column, source}
      })
  })
}

function numbersOf(segment: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const character of segment) {
    const digit = alphabet.indexOf(character)
    value |= (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    numbers.push(value & 1 ? -(value >> 1) : value >> 1)
    value = 0
    shift = 0
  }
  return numbers
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
