import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {down} from '../../testbed/bed.ts'
import {type Scenario, scenarios} from '../../testbed/scenario.ts'
import {type Bench, bench, lay, said} from './bench.ts'
import {dropPackets} from './drop.ts'

// Each scenario is a namespace with one fault on the real mesh; the action's report must say what the scenario declares, no less and no more.

let here: Bench
const all = scenarios()

beforeAll(async () => {
  here = await bench(18)
  lay(all, here)
  dropPackets('dropped-packets', 8080, here)
}, 600_000)

afterAll(() => down({bed: 18}), 120_000)

test('there is a scenario for each fault that the project promises to see', () => {
  expect(all.length).toBeGreaterThanOrEqual(16)
})

test.each(all)(
  '$name: $title',
  async (scenario) => {
    const judged = await here.step({
      mode: 'validate',
      namespaces: scenario.name,
      ...(scenario.role === 'probe' ? {kubeconfig: here.prober} : {}),
    })
    expect(said(judged)).toEqual(declared(scenario))
    expect(judged.code).toBe(scenario.verdict === 'pass' ? 0 : 1)
  },
  180_000,
)

function declared({verdict, findings, rows}: Scenario): Pick<Scenario, 'verdict' | 'findings' | 'rows'> {
  return {verdict, findings, rows}
}
