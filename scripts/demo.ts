import {spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {startGitHub} from '../__tests__/helpers/github-server.ts'
import {pullRequestEvent, runStep, type StepResult} from '../__tests__/helpers/runner.ts'
import {type Bed, down, target} from '../testbed/bed.ts'
import {shopManifest} from '../testbed/shop.ts'
import {stepFor} from '../testbed/step.ts'
import type {ExternalCluster} from '../testbed/target.ts'
import {inTerminal} from './terminal-markdown.ts'

// `npm run demo`: the action on a real cluster, as the runner would run it: an empty cluster, a broken shop, the mended shop.
const keep = process.argv.includes('--keep')
const out = join(process.cwd(), 'demo-output')
const started = performance.now()
mkdirSync(out, {recursive: true})

const bed = await cluster()
const github = await startGitHub({})
const kubectl = (args: string[], stdin = '') =>
  must('kubectl', join(bed.kind === 'bed' ? bed.bin : '', 'kubectl'), ['--kubeconfig', bed.kubeconfig, ...args], stdin)
const verdicts: string[] = []
try {
  title('1. An empty preview cluster: one step installs Istio and enforces mutual TLS')
  await act('1-empty', 'pass')

  title('2. The shop moves in, with an exception for a caller outside the mesh')
  kubectl(['apply', '-f', '-'], shopManifest('shop', bed))
  kubectl(['apply', '-f', '-'], shopManifest('broken', bed))
  ready('shop', 'legacy')
  await act('2-broken', 'fail')

  title('3. Mended as the report says: the caller joins the mesh, the exception goes')
  kubectl(['apply', '-f', '-'], shopManifest('fixed', bed))
  kubectl(['delete', '-f', '-'], shopManifest('broken', bed))
  ready('legacy')
  await act('3-mended', 'pass')

  title('Done')
  for (const line of verdicts) say(line)
  say(`Reports: ${out}/*/report.html and its siblings. The comment as it stands: ${out}/comment.md`)
  say(`Whole demo: ${((performance.now() - started) / 1000).toFixed(0)} s`)
} finally {
  await github.close()
  if (keep) say(`The cluster stays up: KUBECONFIG=${bed.kubeconfig}`)
  else if (bed.kind === 'bed') await down({bed: bed.number})
}

async function cluster(): Promise<Bed | ExternalCluster> {
  title('A real cluster: on this machine (the first time it is compiled: about 13 minutes), or the one that KUBECONFIG names')
  return target({onProgress: say})
}

/** Runs the action once, as the runner does, and stops the demo when the verdict is not the one it must be. */
async function act(name: string, expected: 'pass' | 'fail'): Promise<void> {
  const step = await runStep(
    {...stepFor(bed), apiUrl: github.url, event: pullRequestEvent(17), onLine: asTheRunnerShows},
    {toolCache: join(homedir(), '.cache', 'istio-mtls-demo-tools')},
  )
  keepFiles(name, step)
  console.log(`\n${inTerminal(step.summary)}`)
  say(`comment: ${step.outputs['comment-url'] || 'none written'}`)
  const {verdict, reason, changed} = step.outputs
  verdicts.push(`${name}: ${verdict} in ${(step.ms / 1000).toFixed(1)} s, changed=${changed}: ${reason}`)
  if (verdict !== expected || (step.code === 0) !== (expected === 'pass')) {
    throw new Error(`the run \`${name}\` had to end with \`${expected}\` and ended with \`${verdict}\` (exit ${step.code}): ${reason}`)
  }
}

/** The log as people see it on GitHub: masks and debug lines are the runner's own. */
function asTheRunnerShows(line: string): void {
  if (/^::(add-mask|debug|endgroup)::/.test(line)) return
  say(`  ${line.replace(/^::group::/, '▸ ').replace(/^::(error|warning|notice)[^:]*::/, '$1: ')}`)
}

function ready(...namespaces: string[]): void {
  for (const namespace of namespaces) {
    kubectl(['-n', namespace, 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=120s'])
    kubectl(['-n', namespace, 'rollout', 'status', 'deployment', '--timeout=120s'])
  }
}

function keepFiles(name: string, step: StepResult): void {
  const folder = join(out, name)
  mkdirSync(folder, {recursive: true})
  writeFileSync(join(folder, 'summary.md'), step.summary)
  writeFileSync(join(folder, 'log.txt'), step.log)
  for (const output of ['report-json', 'report-markdown', 'report-html', 'report-sarif', 'report-junit', 'snapshot']) {
    const path = step.outputs[output]
    if (path) writeFileSync(join(folder, path.split('/').at(-1) ?? output), readFileSync(path))
  }
  const comment = github.comments().at(-1)
  if (comment) writeFileSync(join(out, 'comment.md'), comment.body)
}

function must(what: string, program: string, args: string[], stdin: string): string {
  const {status, stdout, stderr} = spawnSync(program, args, {input: stdin, encoding: 'utf8'})
  if (status !== 0) throw new Error(`${what} ${args.slice(2).join(' ')}: ${stderr}`)
  return stdout
}

function title(text: string): void {
  console.log(`\n\u001b[1m${text}\u001b[0m`)
}

function say(text: string): void {
  console.log(text)
}
