import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import type {Report} from '../../src/model/report.ts'
import {type Bed, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {nowAndLater, type Scenario, type ScenarioObject} from '../../testbed/scenario.ts'
import {stepFor} from '../../testbed/step.ts'
import {forget, runStep} from '../helpers/runner.ts'

/** What a run of the action left to read. */
export interface Judged {
  report: Report
  summary: string
  log: string
  code: number | null
}

/** A bed with a STRICT mesh, made by the action itself, and tools to spoil it. */
export interface Bench {
  bed: Bed
  kubectl(...args: string[]): string
  apply(objects: object[]): void
  /** Runs the action's sources as a step. */
  step(inputs: Record<string, string>): Promise<Judged>
}

/** Boots bed `number` anew and has the action install and enforce. */
export async function bench(number: number): Promise<Bench> {
  const bed = await up({bed: number})
  await reset(bed)
  const {inputs: own, env} = stepFor(bed)
  const kubectl = (...args: string[]) =>
    execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', timeout: 240_000}).trim()
  const tools: Bench = {
    bed,
    kubectl,
    apply(objects) {
      const list = JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects})
      execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {
        input: list,
        stdio: ['pipe', 'pipe', 'inherit'],
      })
    },
    async step(inputs) {
      const ran = await runStep({entry: 'src', inputs: {...own, comment: 'never', ...inputs}, apiUrl: 'http://127.0.0.1:9', env})
      const path = ran.outputs['report-json'] ?? ''
      if (path === '') throw new Error(`the run left no report:\n${ran.log}`)
      const judged = {report: JSON.parse(readFileSync(path, 'utf8')) as Report, summary: ran.summary, log: ran.log, code: ran.code}
      forget(ran)
      return judged
    },
  }
  const {report, log} = await tools.step({mode: 'enforce'})
  if (report.verdict.status !== 'pass') throw new Error(`the mesh could not be made ready:\n${log}`)
  return tools
}

/** Applies scenarios, waits for their pods, then does what must come later. */
export function lay(all: Scenario[], {kubectl, apply}: Bench): void {
  const parts = all.map(({objects}) => nowAndLater(objects))
  const now = parts.flatMap((part) => part.now)
  const isOlder = (object: ScenarioObject) => object.metadata.name === 'older'
  apply(now.filter((object) => object.kind === 'Namespace'))
  apply(now.filter((object) => object.kind !== 'Namespace' && (isOlder(object) || object.kind !== 'PeerAuthentication')))
  for (const {name} of all) kubectl('-n', name, 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=180s')
  // By now the older policies are older by whole seconds, which is what Istio compares.
  apply(now.filter((object) => object.kind === 'PeerAuthentication' && !isOlder(object)))
  for (const {namespace, label} of parts.flatMap((part) => part.later)) kubectl('label', 'namespace', namespace, label)
}

/** What a report says, in the words that scenarios declare. */
export function said({report}: Judged): Pick<Scenario, 'verdict' | 'findings' | 'rows'> {
  const findings = report.results
    .filter(({status}) => status === 'fail')
    .flatMap(({code, severity, findings}) =>
      findings
        .filter((finding) => (finding.severity ?? severity) === 'error')
        .map(({subject}) => `${code} ${subject.kind} ${subject.namespace === undefined ? '' : `${subject.namespace}/`}${subject.name}`),
    )
  const rows = report.endpoints
    .filter(({verdict}) => verdict !== 'proven' && verdict !== 'exempt')
    .map(({workload, port, verdict}) => `${workload.name}:${port ?? '*'} ${verdict}`)
  return {verdict: report.verdict.status, findings: [...new Set(findings)].sort(), rows: [...new Set(rows)].sort()}
}
