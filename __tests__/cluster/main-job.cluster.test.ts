import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Bed, down, reset, target, up} from '../../testbed/bed.ts'
import {shopManifest} from '../../testbed/shop.ts'
import {stepFor} from '../../testbed/step.ts'
import type {ExternalCluster} from '../../testbed/target.ts'
import {startGitHub} from '../helpers/github-server.ts'
import {forget, pullRequestEvent, runStep, type StepResult} from '../helpers/runner.ts'
import {golden} from '../scenarios/golden.ts'

// The main job as a user has it: the built action in a process of its own, on a real cluster, one step after another.

const number = 8
const results: StepResult[] = []
const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
let bed: Bed | ExternalCluster
let github: Awaited<ReturnType<typeof startGitHub>>

beforeAll(async () => {
  bed = await target({bed: number})
  github = await startGitHub({})
}, 300_000)

afterAll(async () => {
  for (const result of results) forget(result)
  rmSync(toolCache, {recursive: true, force: true})
  await github?.close()
  if (bed?.kind === 'bed') await down({bed: number})
}, 60_000)

test('on an empty cluster one step installs Istio, enforces STRICT and passes', async () => {
  const step = await act({})
  expect(step.outputs['reason']).toContain('no workload yet')
  expect(step.outputs).toMatchObject({verdict: 'pass', changed: 'true', 'failed-stage': '', 'istio-version': '1.31.1'})
  asRead('demo-1-empty', step)
  expect(step.code).toBe(0)
  expect(kubectl('get', 'peerauthentication', '-n', 'istio-system', '-o', 'jsonpath={.items[*].spec.mtls.mode}')).toBe('STRICT')
}, 240_000)

test('a second run changes nothing and says so', async () => {
  const before = versions()
  const step = await act({})
  expect(step.outputs).toMatchObject({verdict: 'pass', changed: 'false'})
  expect(step.summary).toMatch(/nothing (was )?changed/i)
  expect(versions()).toEqual(before)
}, 120_000)

test('a permissive exception turns the run red and names the workload, the policy and the cure', async () => {
  apply('shop')
  apply('broken')
  settle('shop', 'legacy')
  const step = await act({})
  expect(step.code).toBe(1)
  expect(step.outputs['verdict']).toBe('fail')
  expect(step.outputs['reason']).toMatch(/orders/)
  expect(step.summary).toContain('legacy-callers')
  expect(step.summary).toMatch(/kubectl -n shop patch peerauthentication legacy-callers /)
  expect(Number(step.outputs['ports-violated'])).toBeGreaterThan(0)
  asRead('demo-2-broken', step)
  expect(
    report(step)
      .endpoints.filter((row) => row.workload.name === 'web')
      .map((row) => row.verdict),
  ).not.toContain('violated')
}, 180_000)

test('the comment stands on the pull request, once, and says the same', async () => {
  const comments = github.comments()
  expect(comments.length).toBeGreaterThan(0)
  expect(comments.at(-1)?.body).toContain(results.at(-1)?.outputs['reason']?.split('`')[0])
  expect(results.at(-1)?.outputs['comment-url']).toContain('http')
})

test('validate alone finds the same and touches nothing', async () => {
  const before = versions()
  const step = await act({mode: 'validate'})
  expect(step.outputs).toMatchObject({verdict: 'fail', changed: 'false'})
  expect(versions()).toEqual(before)
}, 120_000)

test('mended as the report says, every port is proven and the run is green', async () => {
  apply('fixed')
  kubectl('-n', 'shop', 'delete', 'peerauthentication', 'legacy-callers')
  settle('legacy')
  const step = await act({})
  expect(step.outputs).toMatchObject({verdict: 'pass', coverage: '100', 'ports-violated': '0', 'ports-unproven': '0', changed: 'false'})
  asRead('demo-3-mended', step)
  expect(step.code).toBe(0)
}, 180_000)

test('a token that may not write costs the comment, not the verdict', async () => {
  const readOnly = await startGitHub({rights: 'read'})
  const step = await act({}, readOnly.url)
  await readOnly.close()
  expect(step.code).toBe(0)
  expect(step.log).toContain('pull-requests: write')
}, 120_000)

test('a wrong checksum stops before anything runs', async () => {
  const step = await act({'helm-checksum': '0'.repeat(64)})
  expect(step.code).toBe(1)
  expect(step.outputs).toMatchObject({'failed-stage': 'install', changed: 'false'})
  expect(step.log).toContain('`'.concat('0'.repeat(64), '` was expected'))
}, 120_000)

test('another cluster than the expected one stops before any change', async () => {
  const before = versions()
  const step = await act({'expected-cluster': 'https://prod.example.com:6443'})
  expect(step.code).toBe(1)
  expect(step.log).toContain('expected-cluster')
  expect(versions()).toEqual(before)
}, 120_000)

test('a cancel in the middle of the install leaves no helm, and the next run makes it whole', async () => {
  // Only a bed may be emptied: on somebody's own cluster this takes a bed besides.
  if (bed.kind !== 'bed') bed = await up({bed: number})
  await reset(bed)
  const cancelled = await act({}, github.url, 4000)
  expect(cancelled.code).not.toBe(0)
  expect(cancelled.outputs).toMatchObject({'failed-stage': 'install', changed: 'true'})
  expect(spawnSync('pgrep', ['-f', `${cancelled.temp}/_temp`], {encoding: 'utf8'}).stdout).toBe('')
  expect(kubectl('get', 'secrets', '-A', '-l', 'owner=helm,status in (pending-install,pending-upgrade)', '-o', 'name')).toBe('')
  const next = await act({})
  expect(next.outputs).toMatchObject({verdict: 'pass', changed: 'true'})
}, 240_000)

test('no step leaves a kubeconfig or a helm process behind', () => {
  for (const result of results) {
    const left = spawnSync('grep', ['-rIlE', 'client-key-data|BEGIN (EC|RSA|PRIVATE)', join(result.temp, '_temp')], {
      encoding: 'utf8',
    }).stdout
    expect(left).toBe('')
    expect(spawnSync('pgrep', ['-f', result.temp], {encoding: 'utf8'}).stdout).toBe('')
  }
  expect(results.length).toBeGreaterThan(5)
})

/** The summary as it was read and found right; another cluster than the bed has words of its own. */
function asRead(name: string, {summary}: StepResult): void {
  const {recorded, now} = golden(name, summary)
  if (bed.kind === 'bed') expect(now).toBe(recorded)
  else expect(now).not.toBe('')
}

async function act(inputs: Record<string, string>, apiUrl = github.url, cancelAfterMs?: number): Promise<StepResult> {
  const {inputs: given, env} = stepFor(bed)
  const step = await runStep(
    {
      inputs: {...given, ...inputs},
      apiUrl,
      event: pullRequestEvent(17),
      env,
      ...(cancelAfterMs === undefined ? {} : {cancelAfterMs}),
    },
    {toolCache},
  )
  results.push(step)
  return step
}

function apply(name: Parameters<typeof shopManifest>[0]): void {
  const {status, stderr} = spawnSync(kubectlPath(), ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {
    input: shopManifest(name, bed),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}

function kubectlPath(): string {
  return bed.kind === 'bed' ? join(bed.bin, 'kubectl') : 'kubectl'
}

function kubectl(...args: string[]): string {
  const {status, stdout, stderr} = spawnSync(kubectlPath(), ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'})
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

function settle(...namespaces: string[]): void {
  for (const namespace of namespaces) {
    kubectl('-n', namespace, 'rollout', 'status', 'deployment', '--timeout=120s')
    kubectl('-n', namespace, 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=120s')
  }
}

/** What a run could have changed: helm's releases, the policies, the control plane and its webhooks. */
function versions(): string[] {
  const kinds = ['secrets', 'deployments', 'configmaps', 'services', 'peerauthentications.security.istio.io']
  const namespaced = kinds.map((kind) =>
    kubectl(
      'get',
      kind,
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}@{.metadata.generation}{"\\n"}{end}',
    ),
  )
  const releases = kubectl(
    'get',
    'secrets',
    '-A',
    '-l',
    'owner=helm',
    '-o',
    'jsonpath={range .items[*]}{.metadata.name}@{.metadata.resourceVersion}{"\\n"}{end}',
  )
  const policies = kubectl(
    'get',
    'peerauthentications.security.istio.io',
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.metadata.name}@{.metadata.resourceVersion}{"\\n"}{end}',
  )
  return [...namespaced, releases, policies]
}

function report(step: StepResult): {endpoints: {workload: {name: string}; verdict: string}[]} {
  return JSON.parse(readFileSync(step.outputs['report-json'] ?? '', 'utf8'))
}
