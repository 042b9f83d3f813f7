import {readFileSync, rmSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {contenders} from '../scripts/bench/contenders.ts'
import {type Measure, rounds, spread} from '../scripts/bench/measure.ts'
import {grow} from '../scripts/bench/seed.ts'
import {liveIo} from '../src/io/live.ts'
import type {Kube} from '../src/io/io.ts'
import {readListedParts} from '../src/observe/listed-parts.ts'
import {readerOf} from '../src/observe/reads.ts'
import {readWorkloads} from '../src/observe/workload-reads.ts'
import {down} from '../testbed/bed.ts'
import {type ScaleBed, upScale} from '../testbed/scale.ts'

// Two thousand pods that Istio's own injector made, in a real API server. Only ratios are judged, of whole processes that took turns: a busy
// machine is as busy for the one as for the other. docs/performance.md has the numbers of ten thousand.

const bedNumber = 17
const pods = 2000
let bed: ScaleBed
let kube: Kube

beforeAll(async () => {
  bed = await upScale({bed: bedNumber})
  await grow(bed, {pods: 0, policies: 0}, {pods, policies: 50}, () => {})
  const kubeconfig = readFileSync(bed.kubeconfig, 'utf8')
  kube = await liveIo().connect({kubeconfig, context: '', insecureSkipTlsVerify: false})
}, 300_000)

afterAll(async () => {
  kube?.close()
  await down({bed: bedNumber})
}, 60_000)

test('what comes as protobuf is what comes as JSON, for every kind', async () => {
  const inJson: Kube = {...kube, list: (path, project) => kube.list(path, project)}
  const reading = (from: Kube) => readerOf(from, liveIo(), Number.POSITIVE_INFINITY)
  const [asProtobuf, asJson] = [reading(kube), reading(inJson)]
  for (const read of [readWorkloads, readListedParts]) {
    const [left, right] = [await read(asProtobuf), await read(asJson)]
    // By text: a difference in ten thousand objects is told by its place alone.
    for (const [part, value] of Object.entries(left)) {
      const other = JSON.stringify((right as unknown as Record<string, unknown>)[part])
      expect([part, JSON.stringify(value) === other]).toEqual([part, true])
    }
  }
  expect((await readWorkloads(asProtobuf)).pods).toMatchObject({read: true, value: {length: pods}})
}, 60_000)

// Start and warm-up weigh more here than at ten thousand pods; what grows with pods times policies, or keeps what it read, is past these at once.
test('validate takes less than twice the time of istioctl analyze, and less of its memory', async () => {
  const {contenders: all, folder} = contenders(bed, process.env['BENCH_ENTRY'] ?? 'dist/index.js')
  const {analyze, ours} = all
  const results = await rounds({analyze, ours}, 3)
  rmSync(folder, {recursive: true})
  const ratio = (of: keyof Measure) => spread(results.map((round) => round.ours[of] / round.analyze[of])).median
  expect(ratio('wallMs')).toBeLessThan(2)
  expect(ratio('peakBytes')).toBeLessThan(1)
}, 240_000)
