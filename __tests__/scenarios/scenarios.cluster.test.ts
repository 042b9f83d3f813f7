import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {down} from '../../testbed/bed.ts'
import {type Scenario, scenarios} from '../../testbed/scenario.ts'
import {type Bench, bench, lay, said} from './bench.ts'
import {dropPackets} from './drop.ts'
import {golden} from './golden.ts'

// Each scenario is a namespace with one fault on the real mesh; the action's report must say what the scenario declares, no less and no more.

let here: Bench
const all = scenarios()
const number = Number(process.env['SCENARIO_BED'] ?? 18)

beforeAll(async () => {
  here = await bench(number)
  lay(all, here)
  dropPackets('dropped-packets', 8080, here)
}, 600_000)

afterAll(() => down({bed: number}), 120_000)

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
    const {recorded, now} = golden(scenario.name, judged.summary)
    expect(now).toBe(recorded)
    expect(judged.code).toBe(scenario.verdict === 'pass' ? 0 : 1)
  },
  180_000,
)

describe('what is wrong with the mesh itself, judged by a namespace in which nothing is', () => {
  const judge = () => here.step({mode: 'validate', namespaces: 'strict'})
  const policy = (mode: string) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name: 'default', namespace: 'istio-system'},
    spec: {mtls: {mode}},
  })

  test('the mesh permits plain text', async () => {
    here.kubectl('-n', 'istio-system', 'patch', 'peerauthentication', 'default', '--type=merge', '-p', JSON.stringify(policy('PERMISSIVE')))
    const {verdict, rows} = said(await judge())
    here.kubectl('-n', 'istio-system', 'patch', 'peerauthentication', 'default', '--type=merge', '-p', JSON.stringify(policy('STRICT')))
    expect({verdict, rows}).toEqual({verdict: 'fail', rows: ['app:* violated', 'app:8080 violated', 'app:9090 violated']})
  }, 180_000)

  test('istiod is down: what its proxies still refuse is seen, and that nobody rules them any more', async () => {
    here.kubectl('-n', 'istio-system', 'scale', 'deployment', 'istiod', '--replicas=0')
    here.kubectl('-n', 'istio-system', 'wait', '--for=delete', 'pod', '-l', 'app=istiod', '--timeout=60s')
    const {verdict, findings} = said(await judge())
    here.kubectl('-n', 'istio-system', 'scale', 'deployment', 'istiod', '--replicas=1')
    here.kubectl('-n', 'istio-system', 'rollout', 'status', 'deployment', 'istiod', '--timeout=120s')
    expect(verdict).toBe('fail')
    expect(findings.map((finding) => finding.slice(0, 4))).toContain('M101')
  }, 240_000)

  test('istiod came back with another root: certificates of the old one are foreign now', async () => {
    const root = () => here.kubectl('-n', 'strict', 'get', 'configmap', 'istio-ca-root-cert', '-o', 'jsonpath={.data}')
    const former = root()
    here.kubectl('-n', 'istio-system', 'delete', 'secret', 'istio-ca-secret')
    here.kubectl('-n', 'istio-system', 'rollout', 'restart', 'deployment', 'istiod')
    here.kubectl('-n', 'istio-system', 'rollout', 'status', 'deployment', 'istiod', '--timeout=120s')
    for (let tries = 0; tries < 60 && root() === former; tries++) await new Promise((done) => setTimeout(done, 1000))
    expect(root()).not.toBe(former)
    const {verdict, findings} = said(await judge())
    expect(verdict).toBe('fail')
    expect(findings.filter((finding) => /^M(106|501) /.test(finding))).not.toEqual([])
    here.kubectl('-n', 'strict', 'rollout', 'restart', 'deployment', 'app')
    here.kubectl('-n', 'strict', 'rollout', 'status', 'deployment', 'app', '--timeout=120s')
    expect(said(await judge())).toEqual({verdict: 'pass', findings: [], rows: []})
  }, 300_000)
})

function declared({verdict, findings, rows}: Scenario): Pick<Scenario, 'verdict' | 'findings' | 'rows'> {
  return {verdict, findings, rows}
}
