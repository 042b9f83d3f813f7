import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {forget, runStep, type StepResult} from '../helpers/runner.ts'

// A runner whose disk is full: mounts a small tmpfs, so it needs root, as the test bed does; no cluster.

const root = mkdtempSync(join(tmpdir(), 'node-faults-'))
const disk = join(root, 'disk')
const results: StepResult[] = []
const manifest = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n'

beforeAll(() => {
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
  writeFileSync(join(disk, 'full'), Buffer.alloc(48 * 1024))
})

afterAll(() => {
  execFileSync('umount', [disk])
  rmSync(root, {recursive: true, force: true})
  for (const result of results) forget(result)
})

async function act(env: Record<string, string>): Promise<StepResult> {
  const step = await runStep({
    inputs: {from: 'mesh', 'github-token': '', 'allow-empty': 'true'},
    apiUrl: 'http://127.0.0.1:9',
    entry: 'src',
    files: {'mesh/namespace.yaml': manifest},
    env,
  })
  results.push(step)
  return step
}

test('with room the run writes its files and says its verdict', async () => {
  const step = await act({})
  expect(step.outputs['report-json']).not.toBe('')
  expect(step.outputs['verdict']).not.toBe('')
}, 60_000)

test('a full disk costs the files, never the verdict, and is said', async () => {
  const calm = results[0] as StepResult
  const step = await act({RUNNER_TEMP: disk})
  expect(step.log).toMatch(/ENOSPC|no space left/)
  expect(step.outputs['verdict']).toBe(calm.outputs['verdict'])
  expect(step.outputs['report-html']).toBe('')
  expect(step.code === 0 && calm.code !== 0).toBe(false)
}, 60_000)

test('a tool cache that cannot be written changes nothing for a run that needs no helm', async () => {
  const step = await act({RUNNER_TOOL_CACHE: '/proc/cannot-be-written'})
  expect(step.outputs['verdict']).toBe(results[0]?.outputs['verdict'])
}, 60_000)
