import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {down} from '../../testbed/bed.ts'
import {scenarios} from '../../testbed/scenario.ts'
import {type Bench, bench, lay, said} from './bench.ts'
import {dropPackets} from './drop.ts'

// The whole suite again and again on one cluster: not one verdict, finding or row may differ. SCENARIO_ROUNDS bounds it (20 unless told).

let here: Bench
const all = scenarios()
const number = Number(process.env['SCENARIO_BED'] ?? 18)
const rounds = Number(process.env['SCENARIO_ROUNDS'] ?? 20)

beforeAll(async () => {
  here = await bench(number)
  lay(all, here)
  dropPackets('dropped-packets', 8080, here)
}, 600_000)

afterAll(() => down({bed: number}), 120_000)

test.each(Array.from({length: rounds}, (_, round) => round + 1))(
  'round %i says what the scenarios declare',
  async (round) => {
    const heard: Record<string, unknown> = {}
    const left = [...all]
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        heard[next.name] = said(
          await here.step({mode: 'validate', namespaces: next.name, ...(next.role === 'probe' ? {kubeconfig: here.prober} : {})}),
        )
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(heard).toEqual(Object.fromEntries(all.map(({name, verdict, findings, rows}) => [name, {verdict, findings, rows}])))
    process.stderr.write(`round ${round} of ${rounds}: all ${all.length} as declared\n`)
  },
  600_000,
)
