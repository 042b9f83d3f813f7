import {execFileSync} from 'node:child_process'
import {generateKeyPairSync, sign} from 'node:crypto'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Report} from '../../src/model/report.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {stepFor} from '../../testbed/step.ts'
import {forget, runStep, type StepResult} from '../helpers/runner.ts'

// Who may call, and with which token: the user's own files through the action, then real calls from real proxies. Before it nothing is in the mesh.

const number = 15
const scenario = (file: string) => readFileSync(join(import.meta.dirname, '../../testbed/scenarios/callers', `${file}.yaml`), 'utf8')
const keys = generateKeyPairSync('rsa', {modulusLength: 2048})
const strangers = generateKeyPairSync('rsa', {modulusLength: 2048})
const jwks = JSON.stringify({keys: [{...keys.publicKey.export({format: 'jwk'}), kid: 'one', use: 'sig', alg: 'RS256'}]})
const policies = scenario('policies').replace(`'{"keys":[]}'`, `'${jwks}'`)
const asked = {
  namespaces: 'vault',
  enroll: 'true',
  policies: 'mesh',
  'access-logging': 'true',
  'min-tls': '1.3',
  'require-authorization': 'true',
  // The job at work stays outside the mesh: the report says so, and here that is not the question.
  'fail-on': 'never',
}

/** For runs that end before there is anything to prove. */
const quick = {probes: 'off', require: 'configured'}

const results: StepResult[] = []
const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
let bed: Bed
let first: Report

beforeAll(async () => {
  bed = await up({bed: number})
  kubectl(['apply', '-f', '-'], scenario('workloads'))
  kubectl(['-n', 'vault', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=60s'])
  first = reportOf(await act(asked))
}, 300_000)

afterAll(async () => {
  for (const result of results) forget(result)
  rmSync(toolCache, {recursive: true, force: true})
  await down({bed: number})
}, 60_000)

test('the namespace is enrolled, what can be restarted has a proxy, and the job is told of', () => {
  expect(results[0]?.outputs['failed-stage']).toBe('')
  expect(stage('enroll')).toMatchObject({status: 'done', changed: true})
  const bare = pods().filter(({containers}) => !containers.includes('istio-proxy'))
  expect(bare.map(({app}) => app)).toEqual(['audit'])
  expect(first.notes.join('\n')).toContain('Job `vault/audit`')
})

test('stages run in the order that cuts nobody off', () => {
  expect(first.stages.map(({name}) => name).filter((name) => ['install', 'enroll', 'policies', 'enforce'].includes(name))).toEqual([
    'install',
    'enroll',
    'policies',
    'enforce',
  ])
  const applied = /policies: (.*) applied/.exec(results[0]?.log ?? '')?.[1]
  expect(applied?.split(', ')).toEqual([
    'Telemetry vault/istio-mtls-access-logging',
    'RequestAuthentication vault/statements-issuer',
    'AuthorizationPolicy vault/ledger-callers',
    'AuthorizationPolicy vault/statements-token',
  ])
})

test.each([
  ['teller', 200],
  ['clerk', 403],
])('by its SPIFFE identity, %s gets %i from the ledger', async (caller, status) => {
  expect(await eventually(() => call(caller, 'ledger'), status)).toBe(status)
})

test.each<[string, () => string[], number]>([
  ['no token', () => [], 403],
  ['what is no token', () => ['-H', 'Authorization: Bearer x.y.z'], 401],
  ['a token signed by a stranger', () => ['-H', `Authorization: Bearer ${token(strangers.privateKey)}`], 401],
  ['a token that expired', () => ['-H', `Authorization: Bearer ${token(keys.privateKey, {exp: 1_700_000_000})}`], 401],
  ['a token of another issuer', () => ['-H', `Authorization: Bearer ${token(keys.privateKey, {iss: 'https://other.test'})}`], 401],
  ['a good token', () => ['-H', `Authorization: Bearer ${token(keys.privateKey)}`], 200],
])('the statements answer %s', async (_, headers, status) => {
  expect(await eventually(() => call('teller', 'statements', headers()), status)).toBe(status)
})

test("one request stands in the server's access log with the caller's identity", async () => {
  const mark = `audit-${process.pid}`
  await eventually(() => call('teller', 'ledger', ['-H', `X-Request-Id: ${mark}`]), 200)
  const line = () =>
    kubectl(['-n', 'vault', 'logs', 'deployment/ledger', '-c', 'istio-proxy', '--tail=50'])
      .split('\n')
      .find((each) => each.includes(mark)) ?? ''
  expect(await eventually(() => line().includes('"GET / '), true)).toBe(true)
  expect(line()).toContain('"spiffe://cluster.local/ns/vault/sa/teller"')
  expect(line()).toContain(' 200 ')
})

test('the report names who may call and which token is demanded, per workload', () => {
  const of = (name: string) => first.authorization?.find(({workload}) => workload.name === name)
  expect(of('ledger')).toMatchObject({
    callers: 'listed',
    allowed: [{from: ['cluster.local/ns/vault/sa/teller'], policy: {name: 'ledger-callers', line: 2}}],
    token: {demand: 'none', issuers: []},
  })
  expect(of('statements')).toMatchObject({callers: 'listed', token: {demand: 'demanded', issuers: ['https://issuer.test']}})
  expect(of('teller')).toMatchObject({callers: 'anyone', allowed: [], token: {demand: 'none', issuers: []}})
  expect(results[0]?.summary).toContain('cluster.local/ns/vault/sa/teller')
  expect(results[0]?.summary).toContain('https://issuer.test')
})

test('what was asked is judged: logs are on, TLS is 1.3, and who may be called by anyone is an error', () => {
  const status = (code: string) => first.results.find((result) => result.code === code)
  expect(status('M701')).toMatchObject({status: 'pass'})
  expect(status('M504')).toMatchObject({status: 'pass'})
  expect(status('M601')).toMatchObject({status: 'fail', severity: 'error'})
  expect(status('M603')).toMatchObject({status: 'pass'})
})

test('a second run restarts nothing, sends nothing and changes nothing', async () => {
  const before = versions()
  const again = reportOf(await act(asked))
  expect(again.stages.filter(({changed}) => changed)).toEqual([])
  expect(results.at(-1)?.outputs['changed']).toBe('false')
  expect(versions()).toEqual(before)
}, 60_000)

test('a file of another kind stops the run before any change, at its line', async () => {
  const before = versions()
  const step = await act(
    {...asked, ...quick},
    {
      'mesh/routes.yaml': 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, namespace: vault}\n',
    },
  )
  expect(step.code).toBe(1)
  expect(step.outputs).toMatchObject({'failed-stage': 'read policies', changed: 'false'})
  expect(step.log).toMatch(/::error title=istio-mtls%3A policies,file=mesh\/routes\.yaml,line=1::`VirtualService` is none of the kinds/)
  expect(versions()).toEqual(before)
}, 60_000)

test('what the API server refuses is refused before the first change, at its line', async () => {
  const before = versions()
  const wrong = policies.replace(
    'action: ALLOW\n  rules:\n  - from: [{source: {principals',
    'action: MAYBE\n  rules:\n  - from: [{source: {principals',
  )
  const step = await act({...asked, ...quick}, {'mesh/policies.yaml': wrong})
  expect(step.outputs).toMatchObject({'failed-stage': 'policies', changed: 'false'})
  expect(step.log).toMatch(/file=mesh\/policies\.yaml,line=2::The API server refuses AuthorizationPolicy/)
  expect(versions()).toEqual(before)
}, 60_000)

async function act(inputs: Record<string, string>, files: Record<string, string> = {}): Promise<StepResult> {
  const {inputs: given, env} = stepFor(bed)
  const step = await runStep(
    {
      inputs: {...given, 'github-token': '', ...inputs},
      apiUrl: 'http://127.0.0.1:9',
      env,
      entry: 'src',
      files: {'mesh/policies.yaml': policies, ...files},
    },
    {toolCache},
  )
  results.push(step)
  return step
}

function reportOf(step: StepResult): Report {
  return JSON.parse(readFileSync(step.outputs['report-json'] ?? '', 'utf8'))
}

function stage(name: string): Report['stages'][number] | undefined {
  return first.stages.find((each) => each.name === name)
}

/** The status that a call from a caller's pod, through its proxy, gets. */
function call(caller: string, server: string, headers: string[] = []): number {
  const client = ['exec', `deployment/${caller}`, '-c', 'app', '--', 'client', '--timeout', '3s', ...headers, `http://${server}/`]
  const said = kubectl(['-n', 'vault', ...client], '', true)
  return Number(/StatusCode=(\d+)/.exec(said)?.[1] ?? 0)
}

/** A policy reaches the proxies a moment after it was applied, at most 20 seconds here. */
async function eventually<T>(ask: () => T, wanted: T): Promise<T> {
  for (const until = Date.now() + 20_000; ; ) {
    const answer = ask()
    if (answer === wanted || Date.now() > until) return answer
    await new Promise((done) => setTimeout(done, 300))
  }
}

function token(key: Parameters<typeof sign>[2], claims: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const said = `${part({alg: 'RS256', kid: 'one'})}.${part({iss: 'https://issuer.test', sub: 'ann', exp: 4_000_000_000, ...claims})}`
  return `${said}.${sign('RSA-SHA256', Buffer.from(said), key).toString('base64url')}`
}

function kubectl(args: string[], input = '', mayFail = false): string {
  try {
    return execFileSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, ...args], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  } catch (thrown) {
    if (mayFail) return String((thrown as {stdout?: string}).stdout)
    throw thrown
  }
}

function pods(): {app: string; containers: string[]}[] {
  const path =
    'jsonpath={range .items[*]}{.metadata.labels.app}{" "}{.spec.containers[*].name}{" "}{.spec.initContainers[*].name}{"\\n"}{end}'
  const lines = kubectl(['-n', 'vault', 'get', 'pods', '--field-selector=status.phase=Running', '-o', path]).trim().split('\n')
  return lines.map((line) => ({app: line.split(' ')[0] ?? '', containers: line.split(' ').slice(1)}))
}

/** What a run could have changed, by version: policies, workloads, namespaces, and what helm wrote. */
function versions(): string[] {
  const by = (field: string) => `jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}@{.metadata.${field}}{"\\n"}{end}`
  const written = 'authorizationpolicies,requestauthentications,peerauthentications,telemetries,namespaces'
  return [
    kubectl(['get', written, '-A', '-o', by('resourceVersion')]),
    kubectl(['get', 'deployments,configmaps', '-A', '-o', by('generation')]),
    kubectl(['get', 'secrets', '-A', '-l', 'owner=helm', '-o', by('resourceVersion')]),
  ]
}
