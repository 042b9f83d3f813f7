import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

const page = readFileSync('docs/troubleshooting.md', 'utf8')
/** `entry: 'x'`, both ends of `entry: … ? 'x' : 'y'`, and the last of the words that two files keep in one list. */
const forms = [/\bentry: '([a-z][a-z-]+)'/g, /\bentry: [^\n]*\? '([a-z][a-z-]+)'/g, /\bentry: [^\n]*\? '[^']*' : '([a-z][a-z-]+)'/g]
const lists: Record<string, RegExp> = {
  'enforce/apply-failure.ts': /(?:, |^ *)'([a-z]+(?:-[a-z]+)*)',?(?:\]|$)/gm,
  'enforce/targets.ts': /(?:, |^ *)'([a-z]+-[a-z]+)',?(?:\)|$)/gm,
}
const entries = new Set(
  readdirSync('src', {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join('src', file), 'utf8')
      const list = lists[file.replaceAll('\\', '/')]
      return [...forms, ...(list === undefined ? [] : [list])].flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''))
    }),
)

test('there are errors at all', () => {
  expect(entries.size).toBeGreaterThan(60)
  expect([...entries]).toEqual(
    expect.arrayContaining(['policies-place', 'namespace-terminating', 'root-namespace', 'tag-refused', 'api-server-failing']),
  )
})

test.each([...entries])('the error `%s` has an entry that says what to do', (entry) => {
  const [, section = ''] = page.split(`### ${entry}\n`)
  expect(section.split('###')[0]?.length ?? 0).toBeGreaterThan(60)
})
