import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {writeParts} from '../../src/io/write-parts.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-parts-'))
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

const written = async (parts: Iterable<string>): Promise<string> => {
  const path = join(folder, 'file')
  writeFileSync(path, 'what was there before, and longer')
  await writeParts(path, parts)
  return readFileSync(path, 'utf8')
}

const large = (character: string, length: number) => character.repeat(length)

test.each<[string, string[]]>([
  ['nothing', []],
  ['empty parts', ['', '', 'a', '']],
  ['many small parts', Array.from({length: 30_000}, (_, at) => `part ${at} – ünï\n`)],
  ['one part that fills the buffer', [large('x', 1 << 19)]],
  ['parts that no buffer holds', ['begin ', large('€', 1 << 19), ' between ', large('x', 1 << 21), ' end']],
  ['characters of four bytes', [large('😀', 200_000), large('😀', 200_000)]],
])('%s stand in the file one after the other', async (_, parts) => {
  const text = await written(parts)
  expect(text.length).toBe(parts.join('').length)
  expect(text === parts.join('')).toBe(true)
})

test('whatever the parts, the file is their text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({unit: 'grapheme', maxLength: 50})), async (parts) => {
      expect(await written(parts)).toBe(parts.join(''))
    }),
    {numRuns: 100},
  )
})

test('a part that cannot be made is a failure, and so is a folder that is not there', async () => {
  function* broken() {
    yield 'one'
    throw new Error('no second part')
  }
  await expect(writeParts(join(folder, 'broken'), broken())).rejects.toThrow('no second part')
  await expect(writeParts(join(folder, 'none', 'file'), ['a'])).rejects.toThrow('ENOENT')
})
