import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
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
  /** Path of a kubeconfig that holds the published roles `read` and `probe` and nothing else. */
  prober: string
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
    prober: '',
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
  return {...tools, prober: proberKubeconfig(tools)}
}

function proberKubeconfig({bed, kubectl}: Bench): string {
  kubectl('-n', 'default', 'create', 'serviceaccount', 'prober')
  for (const role of ['read', 'probe']) {
    kubectl('apply', '-f', `rbac/${role}.yaml`)
    kubectl('create', 'clusterrolebinding', `prober-${role}`, `--clusterrole=istio-mtls-${role}`, '--serviceaccount=default:prober')
  }
  const path = join(bed.runDir, 'prober.kubeconfig')
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bed',
    clusters: [{name: 'bed', cluster: {server: bed.apiServer, 'certificate-authority': bed.caFile}}],
    contexts: [{name: 'bed', context: {cluster: 'bed', user: 'prober'}}],
    users: [{name: 'prober', user: {token: kubectl('-n', 'default', 'create', 'token', 'prober')}}],
  }
  writeFileSync(path, JSON.stringify(kubeconfig), {mode: 0o600})
  return path
}

/** Applies scenarios, waits for their pods, then does what must come later. */
export function lay(all: Scenario[], {kubectl, apply}: Bench): void {
  const parts = all.map(({objects}) => nowAndLater(objects))
  const now = parts.flatMap((part) => part.now)
  // Policies come when the proxies run: one with a listener that Envoy refuses would never become ready.
  const isLate = ({kind, metadata}: ScenarioObject) =>
    ['PeerAuthentication', 'DestinationRule', 'EnvoyFilter'].includes(kind) && metadata.name !== 'older'
  apply(now.filter((object) => object.kind === 'Namespace'))
  apply(now.filter((object) => object.kind !== 'Namespace' && !isLate(object)))
  for (const {name} of all) kubectl('-n', name, 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=180s')
  // By now the older policies are older by whole seconds, which is what Istio compares.
  apply(now.filter(isLate))
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
