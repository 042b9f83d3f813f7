import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

const page = readFileSync('docs/troubleshooting.md', 'utf8')
const entries = new Set(
  readdirSync('src', {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join('src', file), 'utf8').matchAll(/\bentry: '([a-z][a-z-]+)'/g)].map((match) => match[1] ?? '')),
)

test('there are errors at all', () => {
  expect(entries.size).toBeGreaterThan(20)
})

test.each([...entries])('the error `%s` has an entry that says what to do', (entry) => {
  const [, section = ''] = page.split(`### ${entry}\n`)
  expect(section.split('###')[0]?.length ?? 0).toBeGreaterThan(60)
})
