import {generateKeyPairSync} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, jest, test} from '@jest/globals'
import {withoutSecrets} from '../src/io/secrets.ts'
import {secretsIn} from '../src/secrets.ts'
import {type GitHubServer, startGitHub} from './helpers/github-server.ts'
import {forget, pullRequestEvent, runStep, type Step, type StepResult} from './helpers/runner.ts'

// Whole steps, each in a process of its own, against servers that repeat in their errors whatever credentials they are given.
jest.setTimeout(240_000)

const seeds = {
  token: 'tok-en-seeded-4f7e9a53',
  password: 'pass-word-seeded-9b8d6f',
  proxy: 'proxy-pass-seeded-0f3a11',
  charts: 'charts-pass-seeded-77ab',
  mirror: 'mirror-pass-seeded-31cd',
  values: 'values-pass-seeded-5e0b',
  file: 'file-values-seeded-c0de',
  job: 'ghs_jobtokenseeded8842',
}
const key = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
/** A piece from the middle of the key, as it stands and as the kubeconfig encodes it. */
const keyPieces = [key.split('\n')[5] ?? '', Buffer.from(key).toString('base64').slice(200, 260)]
const basic = Buffer.from(`robot:${seeds.password}`).toString('base64')
const forbidden = [...Object.values(seeds), ...keyPieces, basic, encodeURIComponent(seeds.password)]

let echo: Server
let server = ''
let github: GitHubServer
const steps: StepResult[] = []

beforeAll(async () => {
  // An API server, or a proxy in front of one, that means well and repeats the request it did not understand.
  echo = createServer((request, response) => {
    const said = `cannot serve ${request.method} ${request.url} with ${JSON.stringify(request.headers)}`
    response.writeHead(request.url?.startsWith('/version') ? 200 : 400, {'content-type': 'application/json', 'audit-id': 'x'})
    response.end(
      JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message: said, reason: said, code: 400, gitVersion: said}),
    )
  })
  await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done))
  server = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
  github = await startGitHub({})
})
afterAll(async () => {
  for (const step of steps) forget(step)
  await github.close()
  echo.close()
})

const kubeconfig = (user: object, cluster: object = {}) =>
  JSON.stringify({
    ...{apiVersion: 'v1', kind: 'Config', 'current-context': 'c'},
    clusters: [{name: 'c', cluster: {server, ...cluster}}],
    users: [{name: 'u', user}],
    contexts: [{name: 'c', context: {cluster: 'c', user: 'u'}}],
  })
const values = `pilot:\n  env:\n    API_TOKEN: ${seeds.values}\nglobal: {proxy: {password: ${seeds.values}}}\nenv: [{name: DB_PASSWORD, value: ${seeds.values}}]\n`

async function step(inputs: Record<string, string>, more: Partial<Step> = {}): Promise<StepResult> {
  const result = await runStep({
    ...{entry: 'src', apiUrl: github.url, event: pullRequestEvent(17)},
    inputs: {mode: 'validate', diagnostics: 'true', 'github-token': seeds.job, ...inputs},
    ...more,
  })
  steps.push(result)
  return result
}

/** Every place a secret shows in: log (but for the masks themselves, which the runner swallows), summary, outputs, state, files, comments. */
function leaks({log, temp}: StepResult): string[] {
  const texts: [string, string][] = [
    [
      'log',
      log
        .split('\n')
        .filter((line) => !line.startsWith('::add-mask::'))
        .join('\n'),
    ],
    ...github.comments().map(({body}) => ['comment', body] as [string, string]),
    ...readdirSync(temp, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile() && entry.parentPath !== join(temp, 'workspace'))
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')] as [string, string]),
  ]
  return texts.flatMap(([place, text]) => forbidden.filter((secret) => text.includes(secret)).map((secret) => `${place}: ${secret}`))
}

test.each<[string, () => Record<string, string>, Partial<Step>]>([
  ['a token that the server repeats', () => ({kubeconfig: kubeconfig({token: seeds.token})}), {}],
  ['a password that the server repeats', () => ({kubeconfig: kubeconfig({username: 'robot', password: seeds.password})}), {}],
  [
    'a client key beside a token, enforcing',
    () => ({
      mode: 'enforce',
      kubeconfig: kubeconfig({
        token: seeds.token,
        'client-key-data': Buffer.from(key).toString('base64'),
        'client-certificate-data': Buffer.from('x').toString('base64'),
      }),
    }),
    {},
  ],
  [
    'a proxy in the kubeconfig that cannot be reached',
    () => ({
      kubeconfig: kubeconfig({token: seeds.token}, {server: 'https://api.invalid', 'proxy-url': `http://robot:${seeds.proxy}@127.0.0.1:9`}),
    }),
    {},
  ],
  [
    'a proxy of the runner',
    () => ({kubeconfig: kubeconfig({token: seeds.token}, {server: 'https://api.invalid'})}),
    {env: {HTTPS_PROXY: `http://robot:${seeds.proxy}@127.0.0.1:9`}},
  ],
  [
    'a torn kubeconfig',
    () => ({kubeconfig: `apiVersion: v1\nusers:\n- name: u\n  user: {token: ${seeds.token}, password: ${seeds.password}\nclusters: [`}),
    {},
  ],
  ['a kubeconfig without the context', () => ({kubeconfig: kubeconfig({token: seeds.token}), context: 'other'}), {}],
  [
    'wrong inputs with credentials in them',
    () => ({
      charts: `http://robot:${seeds.charts}@charts.invalid`,
      'helm-mirror': `http://robot:${seeds.mirror}@mirror.invalid`,
      values: `password: ${seeds.values}\n  : [`,
    }),
    {},
  ],
  [
    'values, mirrors and registries with credentials in them, enforcing',
    () => ({
      ...{mode: 'enforce', kubeconfig: kubeconfig({token: seeds.token}), values, 'base-values': 'base.yaml'},
      ...{charts: `https://robot:${seeds.charts}@charts.invalid/x`, 'helm-mirror': `https://robot:${seeds.mirror}@mirror.invalid`},
    }),
    {files: {'base.yaml': `auth: {password: ${seeds.file}}\n`}},
  ],
])('no seeded credential is in any log, file, output or comment: %s', async (_, inputs, more) => {
  const result = await step(inputs(), more)
  expect([result.code, result.outputs['verdict']]).toEqual([1, 'unknown'])
  expect(leaks(result)).toEqual([])
})

test('the servers did repeat what they were given, and the search would have found it', () => {
  const [first] = steps
  expect(first?.log).toContain('***')
  expect(leaks({...(first as StepResult), log: `Bearer ${seeds.token}`})).toEqual([`log: ${seeds.token}`])
})

test('what is hidden: longer ones first, none of them half', () => {
  expect(withoutSecrets('a user:password b password', new Set(['password', 'user:password']))).toBe('a *** b ***')
  expect(withoutSecrets('nothing', new Set())).toBe('nothing')
})

test.each<[Record<string, string>, string[]]>([
  [{'INPUT_GITHUB-TOKEN': 'ghs_0123456789'}, ['ghs_0123456789']],
  [
    {INPUT_CHARTS: 'oci://me:hunter2hunter2@r.example/x'},
    ['me:hunter2hunter2', 'hunter2hunter2', Buffer.from('me:hunter2hunter2').toString('base64')],
  ],
  [
    {https_proxy: 'http://me:p%40ssword1@proxy:8080'},
    ['me:p%40ssword1', 'p%40ssword1', 'p@ssword1', Buffer.from('me:p@ssword1').toString('base64')],
  ],
  [
    {INPUT_VALUES: 'a: {dbPassword: longenough1, plain: visible-value}\nenv: [{name: MY_TOKEN, value: longenough2}]'},
    ['longenough1', 'longenough2'],
  ],
  [{INPUT_VALUES: 'password: short', PATH: 'https://a:bbbbbbbbbbb@c'}, []],
])('what counts as a secret: %#', (env, secrets) => {
  expect(secretsIn(env)).toEqual(secrets)
})
