import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Bed, down, reset, up} from '../../testbed/bed.ts'
import {stepFor} from '../../testbed/step.ts'
import {forget, runStep, type StepResult} from '../helpers/runner.ts'
import {type Faulty, failureOf, faulty, killingAt} from './helm-faults.ts'

// The quickest of helm-faults.soak.test.ts, and a runner whose disks take nothing while helm is really needed; mounts small disks, so it needs root, as the bed does.

const root = mkdtempSync(join(tmpdir(), 'helm-faults-'))
const disks = {cache: join(root, 'cache'), temp: join(root, 'temp')}
const steps: StepResult[] = []
let bed: Bed
let on: Faulty

beforeAll(async () => {
  for (const disk of Object.values(disks)) mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=4k', 'tmpfs', disks.cache])
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disks.temp])
  bed = await up({bed: 13})
  await reset(bed)
  on = await faulty('helm', bed)
}, 300_000)

afterAll(async () => {
  on?.on.close()
  for (const disk of Object.values(disks)) execFileSync('umount', [disk])
  rmSync(root, {recursive: true, force: true})
  for (const step of steps) forget(step)
  await down({bed: 13})
}, 120_000)

async function step(given: Record<string, string>, env: Record<string, string>): Promise<StepResult> {
  const {inputs, env: own} = stepFor(bed)
  const quick = {'github-token': '', probes: 'off', require: 'configured', rollout: 'immediate', timeout: '90s'}
  const result = await runStep(
    {inputs: {...inputs, ...quick, ...given}, apiUrl: 'https://127.0.0.1:1', env: {...own, ...env}, entry: 'src'},
    {toolCache: disks.cache},
  )
  steps.push(result)
  return result
}

test('a tool cache that cannot be written costs a download, and Istio is installed all the same', async () => {
  const {code, outputs, log} = await step({}, {})
  expect([code, outputs['verdict'], outputs['changed']]).toEqual([0, 'pass', 'true'])
  expect(log).toContain('could not be kept in the tool cache')
  expect(on.records('istiod')).toEqual(['1 deployed'])
}, 180_000)

test('a disk too small for helm is one clear error with its cure, and nothing is changed', async () => {
  const {code, outputs, log} = await step({values: `${bed.istiodValues}\npodAnnotations: {disk: full}\n`}, {RUNNER_TEMP: disks.temp})
  expect([code, outputs['verdict'], outputs['failed-stage'], outputs['changed']]).toEqual([1, 'unknown', 'install', 'false'])
  expect(log).toMatch(/The runner cannot write `[^`]*helm`: no space left on device\./)
  expect(log).toContain('Make room where `RUNNER_TEMP` lies')
  expect(on.records('istiod')).toEqual(['1 deployed'])
}, 120_000)

test('an upgrade that was killed is gone back from and done anew', async () => {
  const given = {values: `${bed.istiodValues}\npodAnnotations: {cell: killed}\n`}
  expect(failureOf(await on.act(given, killingAt('istiod', 'pending-upgrade', on)))).toMatchObject({
    changed: true,
    says: expect.stringContaining('SIGKILL'),
  })
  expect(on.records('istiod').at(-1)).toBe('2 pending-upgrade')
  const report = await on.act(given)
  expect([failureOf(report), report.verdict.status, on.records('istiod').at(-1)]).toEqual([null, 'pass', '4 deployed'])
}, 180_000)

test("helm's newest record of istiod deleted: the next run counts on from what is left, and the one after has nothing to do", async () => {
  const given = {values: `${bed.istiodValues}\npodAnnotations: {cell: killed}\n`}
  on.forget('istiod', [4])
  const {verdict, changed} = await on.act(given)
  expect([verdict.status, changed]).toEqual(['pass', true])
  const again = await on.act(given)
  expect([again.verdict.status, again.changed, on.records('istiod').at(-1)?.split(' ')[1]]).toEqual(['pass', false, 'deployed'])
}, 180_000)
