import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Bed, down, up} from '../../testbed/bed.ts'
import type {FaultKind} from '../helpers/fault-proxy.ts'
import {faultStages} from '../helpers/fault-stages.ts'
import {brokenPromise, type FaultyRun, faultyRun} from '../helpers/faulty-run.ts'

// The core of the fault matrix (faults.soak.test.ts): each kind once (save an expired continue token, for lists come in one answer here: __tests__/io/kube.test.ts has it), where it hurts most. An empty mesh is enough, and quick: what a fault could
// turn green here is the read that says that nothing is wrong.

const number = 15
const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
const given = {mode: 'validate', 'allow-empty': 'true', 'istio-version': '', deadline: '8s'}
let bed: Bed
let calm: FaultyRun

beforeAll(async () => {
  process.env['RUNNER_TOOL_CACHE'] = toolCache
  bed = await up({bed: number})
  process.env['SSL_CERT_FILE'] = bed.caFile
  await faultyRun(bed, null, {mode: 'enforce', timeout: '90s', deadline: '180s', rollout: 'immediate'}, toolCache)
  calm = await faultyRun(bed, null, given, toolCache)
}, 400_000)

afterAll(async () => {
  rmSync(toolCache, {recursive: true, force: true})
  await down({bed: number})
}, 60_000)

test('without a fault the run passes', () => {
  expect(calm.report.verdict).toMatchObject({status: 'pass'})
})

// Answered at last, after one or two tries: the same verdict as without the fault.
test.each<[FaultKind, string, number]>([
  ['latency', 'observe: workloads', 1],
  ['reset', 'observe: policies', 1],
  ['reset mid-body', 'observe: workloads', 1],
  ['429', 'observe: policies', 1],
  ['503', 'connect', 1],
])(
  '%s at %s is got over',
  async (kind, stage, times) => {
    const run = await faultyRun(bed, {kind, on: onOf(stage), times}, given, toolCache)
    expect(run.spoilt).toBeGreaterThan(0)
    // Not the whole sentence: just after an install istiod still writes its webhooks, which is worth a warning for a moment.
    const {status, coverage} = calm.report.verdict
    expect(run.report.verdict).toMatchObject({status, coverage})
  },
  60_000,
)

// Never answered: red, in time, with a clear error, and never a pass.
test.each<[FaultKind, string]>([
  ['half-closed', 'observe: policies'],
  ['truncated', 'observe: workloads'],
  ['login page', 'observe: policies'],
  ['503', 'connect'],
  ['hang', 'observe: workloads'],
  ['slow drip', 'observe: workloads'],
])(
  '%s at %s for good is red, with one clear error',
  async (kind, stage) => {
    const run = await faultyRun(bed, {kind, on: onOf(stage), times: Number.POSITIVE_INFINITY}, given, toolCache)
    expect(run.spoilt).toBeGreaterThan(0)
    expect(run.report.verdict.status).not.toBe('pass')
    expect(brokenPromise(run, calm, 8000 + 15_000)).toBe('')
  },
  60_000,
)

function onOf(stage: string) {
  const found = faultStages.find(({name}) => name === stage)
  if (found === undefined) throw new Error(`no stage ${stage}`)
  return found.on
}
