import {globSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {crashMark} from './helpers/crashing-io.ts'

const sources = readdirSync('src', {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.ts'))
const shipped = [...sources.map((file) => join('src', file)), ...globSync('dist/**/*.js')]

test('the crashes of the tests are in nothing that is shipped', () => {
  expect(crashMark.length).toBeGreaterThan(10)
  expect(readFileSync('__tests__/helpers/crashing-io.ts', 'utf8')).toContain(crashMark)
  expect(shipped).toContain(join('dist', 'post', 'index.js'))
  // The bundler keeps texts as they are: one of the action's own is found in it.
  expect(readFileSync('dist/index.js', 'utf8')).toContain('istio-mtls-action')
  const marked = shipped.filter((file) =>
    [crashMark, 'crashingIo', 'crashing-io'].some((word) => readFileSync(file, 'utf8').includes(word)),
  )
  expect(marked).toEqual([])
})
