import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeEach, expect, test} from '@jest/globals'
import {liveRunner} from '../../src/io/runner.ts'

const root = mkdtempSync(join(tmpdir(), 'runner-'))
afterAll(() => rmSync(root, {recursive: true}))
const before = {...process.env}
const write = process.stdout.write
let printed = ''

beforeEach(() => {
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']) {
    process.env[name] = join(root, name)
    writeFileSync(join(root, name), '')
  }
  printed = ''
  process.stdout.write = ((text: string) => {
    printed += text
    return true
  }) as typeof write
})
afterEach(() => {
  process.stdout.write = write
  process.env = {...before}
  process.exitCode = 0
})

const file = (name: string) => readFileSync(join(root, name), 'utf8')

test('an output cannot set another: its end is unguessable', () => {
  liveRunner().output('reason', 'a\nverdict=pass\nEOF')
  const [first = '', ...rest] = file('GITHUB_OUTPUT').trim().split('\n')
  const [, delimiter = ''] = /^reason<<(ghadelimiter_[0-9a-f-]{36})$/.exec(first) ?? []
  expect(rest).toEqual(['a', 'verdict=pass', 'EOF', delimiter])
})

test('a state is saved for post, which reads it', () => {
  liveRunner().saveState('kubeconfigs', '["/x"]')
  expect(file('GITHUB_STATE')).toContain('["/x"]')
  process.env['STATE_kubeconfigs'] = '["/x"]'
  expect(liveRunner().state('kubeconfigs')).toBe('["/x"]')
})

test('a secret is masked once, and never written as more than one command', () => {
  const runner = liveRunner()
  runner.mask('line one\n::error::two')
  runner.mask('line one\n::error::two')
  expect(printed).toBe('::add-mask::line one%0A::error::two\n')
})

test('a failure is an annotation and a red step', () => {
  liveRunner().fail('3 ports ##[x]\n::y::')
  expect(printed).toBe('::error::3 ports ## [x]%0A: :y::\n')
  expect(process.exitCode).toBe(1)
})

test('a summary is appended as it is', async () => {
  await liveRunner().summary('# one\n')
  await liveRunner().summary('two')
  expect(file('GITHUB_STEP_SUMMARY')).toBe('# one\ntwo')
})
