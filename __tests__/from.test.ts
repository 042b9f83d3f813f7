import {readFileSync} from 'node:fs'
import {afterEach, expect, jest, test} from '@jest/globals'
import {Ajv2020} from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type {Report} from '../src/model/report.ts'
import {type GitHubServer, startGitHub} from './helpers/github-server.ts'
import {forget, pullRequestEvent, runStep, type Step, type StepResult} from './helpers/runner.ts'

// `from:` as a user has it: the sources in a process of their own, a checkout with manifests, and no cluster anywhere.

// A step is two processes of node, on a machine that other suites share.
jest.setTimeout(120_000)

const mesh = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
`
const orders = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      serviceAccountName: orders
      containers:
        - {name: app, image: "example.com/orders:1", ports: [{containerPort: 8080}]}
`
/** The guilty object begins on line 3. */
const permissive = `# Old tills still speak plain text.
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy-callers, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  mtls: {mode: PERMISSIVE}
`
const healthy = {'deploy/mesh.yaml': mesh, 'deploy/shop/orders.yaml': orders}
const broken = {...healthy, 'deploy/shop/policy.yaml': permissive}
const ledgerPath = '.github/mtls-waivers.yaml'
const waiver = `waivers:
  - code: M303
    namespace: shop
    workload: orders
    port: "*"
    reason: the tills are upgraded in spring
    owner: team-shop
    expires: 2999-01-31
`

const servers: GitHubServer[] = []
const steps: StepResult[] = []
afterEach(async () => {
  for (const step of steps.splice(0)) forget(step)
  for (const server of servers.splice(0)) await server.close()
})

test('a permissive policy fails the step, on its own line, in a report that keeps to the schema', async () => {
  const step = await judge({files: broken})
  expect([step.code, step.outputs['verdict'], step.outputs['failed-stage']]).toEqual([1, 'fail', ''])
  const guilty = {kind: 'PeerAuthentication', namespace: 'shop', name: 'legacy-callers', file: 'deploy/shop/policy.yaml', line: 3}
  const {endpoints, results} = reportOf(step)
  expect(results.flatMap(({code, findings}) => findings.map(({subject}) => ({code, subject})))).toContainEqual({
    code: 'M303',
    subject: guilty,
  })
  expect(endpoints.find(({port}) => port === 8080)).toMatchObject({verdict: 'violated', mode: 'PERMISSIVE', decidedBy: guilty})
  expect(step.log).toMatch(/^::error [^\n]*file=deploy\/shop\/policy\.yaml,line=3[^\n]*::.*legacy-callers/m)
  expect(step.summary).toContain('legacy-callers')
})

test('healthy manifests pass by configuration', async () => {
  const step = await judge({files: healthy})
  expect([step.code, step.outputs['verdict']]).toEqual([0, 'pass'])
  const {endpoints, counts} = reportOf(step)
  expect(endpoints.find(({port}) => port === 8080)).toMatchObject({verdict: 'configured', mode: 'STRICT'})
  expect([counts.violated, counts.unproven, counts.proven]).toEqual([0, 0, 0])
  expect(counts.configured).toBeGreaterThan(0)
  expect(step.log).not.toContain('::error')
})

test('the same workload without the mesh-wide policy fails: nothing is green by default', async () => {
  const step = await judge({files: {'deploy/shop/orders.yaml': orders}})
  expect([step.code, step.outputs['verdict']]).toEqual([1, 'fail'])
  expect(codesOf(step)).toContain('M301')
})

test('a template names its file and line and asks for `helm template`', async () => {
  const template = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ .Values.name }}\n'
  const step = await judge({files: {...healthy, 'deploy/chart/namespace.yaml': template}})
  expect([step.code, step.outputs['verdict']]).toEqual([1, 'unknown'])
  expect(step.outputs['reason']).toMatch(/deploy\/chart\/namespace\.yaml`?, line \d/)
  expect(step.log).toContain('helm template')
  expect(step.summary).toContain('helm template')
})

test.each([
  ['broken', broken],
  ['healthy', healthy],
])('the snapshot of %s manifests, judged again elsewhere, says the same', async (_, files) => {
  const first = await judge({files})
  const saved = readFileSync(first.outputs['snapshot'] ?? '', 'utf8')
  const again = await judge({files: {'snapshot.json': saved}, inputs: {from: 'snapshot.json'}})
  const [before, after] = [reportOf(first), reportOf(again)]
  expect([again.code, after.verdict, after.counts]).toEqual([first.code, before.verdict, before.counts])
  expect([codesOf(again), after.endpoints]).toEqual([codesOf(first), before.endpoints])
})

test('a waiver in the checkout exempts its rows on a push', async () => {
  const step = await judge({files: {...broken, [ledgerPath]: waiver}})
  expect([step.code, step.outputs['verdict']]).toEqual([0, 'pass'])
  const {waivers, endpoints} = reportOf(step)
  expect(waivers.map(({status}) => status)).toEqual(['in-force'])
  expect(endpoints.find(({port}) => port === 8080)).toMatchObject({verdict: 'exempt', because: 'waiver'})
})

test('a waiver that the pull request itself adds waives nothing', async () => {
  const github = await gitHub()
  const step = await judge({files: {...broken, [ledgerPath]: waiver}, event: pullRequestEvent(17)}, github)
  expect([step.code, step.outputs['verdict']]).toEqual([1, 'fail'])
  const {waivers, endpoints} = reportOf(step)
  expect(waivers.map(({status}) => status)).toEqual(['pending'])
  expect(endpoints.find(({port}) => port === 8080)?.verdict).toBe('violated')
  expect(asked(github)).toEqual([404])
  expect(github.comments().map(({body}) => body)).toEqual([expect.stringContaining('legacy-callers')])
})

test('a waiver that the base commit holds counts on a pull request, whatever the checkout adds', async () => {
  const github = await gitHub({files: [{ref: 'ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e', path: ledgerPath, text: waiver}]})
  const more = waiver + waiver.split('\n').slice(1).join('\n').replace('M303', 'M301')
  const step = await judge({files: {...broken, [ledgerPath]: more}, event: pullRequestEvent(17)}, github)
  expect([step.code, step.outputs['verdict']]).toEqual([0, 'pass'])
  expect(reportOf(step).waivers.map(({code, status}) => `${code} ${status}`)).toEqual(['M303 in-force', 'M301 pending'])
  expect(asked(github)).toEqual([200])
})

async function gitHub(options: Parameters<typeof startGitHub>[0] = {}): Promise<GitHubServer> {
  const server = await startGitHub(options)
  servers.push(server)
  return server
}

/** Without a stand-in, nobody listens: a push asks GitHub nothing. */
async function judge(step: Partial<Step>, github?: GitHubServer): Promise<StepResult> {
  const apiUrl = github?.url ?? 'http://127.0.0.1:9'
  const result = await runStep({entry: 'src', apiUrl, ...step, inputs: {from: 'deploy', ...step.inputs}})
  steps.push(result)
  return result
}

const ajv = new Ajv2020({strict: true, strictTypes: false, allErrors: true})
formats.default(ajv)
const valid = ajv.compile(JSON.parse(readFileSync('schema/report.schema.json', 'utf8')))

function reportOf(step: StepResult): Report {
  const report = JSON.parse(readFileSync(step.outputs['report-json'] ?? '', 'utf8')) as Report
  valid(report)
  expect(valid.errors).toBeNull()
  return report
}

function codesOf(step: StepResult): string[] {
  return reportOf(step).results.flatMap(({code, findings}) => findings.map(() => code))
}

/** How GitHub answered whoever asked for the ledger. */
function asked(github: GitHubServer): number[] {
  return github
    .requests()
    .filter(({path}) => path.includes('/contents/'))
    .map(({status}) => status)
}
