import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Bed, down, reset, up} from '../../testbed/bed.ts'
import {killedRun, settledState} from './kill.ts'

// Eight whole runs on one empty cluster at once, each a process of its own with its own runner.

const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
let bed: Bed

beforeAll(async () => {
  bed = await up({bed: 13})
  await reset(bed)
}, 300_000)

afterAll(async () => {
  rmSync(toolCache, {recursive: true, force: true})
  await down({bed: 13})
}, 60_000)

test('one installs, seven wait and find nothing to do, and the cluster is as if one had run', async () => {
  const single = await killedRun(bed, 0, 'SIGKILL', toolCache)
  expect(single.code).toBe(0)
  const wanted = await settledState(bed)
  await reset(bed)
  const began = performance.now()
  const runs = await Promise.all(Array.from({length: 8}, () => killedRun(bed, 0, 'SIGKILL', toolCache, {'lock-timeout': '30m'})))
  const seconds = Math.round((performance.now() - began) / 1000)
  const installed = runs.filter(({log}) => log.includes('istiod installed'))
  const waited = runs.filter(({log}) => log.includes('lock: waiting for'))
  process.stdout.write(`eight runs: ${installed.length} installed, ${waited.length} waited, ${seconds} s\n`)
  expect(runs.map(({code}) => code)).toEqual(new Array(8).fill(0))
  expect(installed).toHaveLength(1)
  expect(await settledState(bed)).toEqual(wanted)
  const list = execFileSync(`${bed.bin}/helm`, ['--kubeconfig', bed.kubeconfig, '-n', 'istio-system', 'list', '-o', 'json'], {
    encoding: 'utf8',
  })
  expect(JSON.parse(list).map(({name, revision}: {name: string; revision: string}) => `${name} ${revision}`)).toEqual([
    'istio-base 1',
    'istiod 1',
  ])
}, 3_600_000)
