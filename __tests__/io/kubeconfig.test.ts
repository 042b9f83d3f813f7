import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {liveFiles} from '../../src/io/files.ts'
import {kubeconfigState, liveKubeconfigs} from '../../src/io/kubeconfig.ts'
import {Failure} from '../../src/model/failure.ts'
import type {KubeconfigSource} from '../../src/model/inputs.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const root = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
afterAll(() => rmSync(root, {recursive: true}))

const lenient = {context: '', allowExec: false, insecureSkipTlsVerify: false}
const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIFirstLineOfTheKey\nSecondLineOfTheKey\n-----END EC PRIVATE KEY-----\n'

/** A kubeconfig with one context `dev`; `user` and `cluster` are merged in. */
function config({
  user = {},
  cluster = {},
  context = 'dev',
  name = 'dev',
}: {
  user?: object
  cluster?: object
  context?: string
  name?: string
} = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{name, cluster: {server: 'https://api:6443', ...cluster}}],
    users: [{name, user}],
    contexts: [{name, context: {cluster: name, user: name}}],
  })
}

function door(state: Record<string, string> = {}, env: Record<string, string> = {}) {
  const io = fakeIo({state, env})
  io.runner.temp = join(root, 'temp')
  return {io, kubeconfigs: liveKubeconfigs(liveFiles(io.runner.temp), io.runner)}
}

const inline = (content: string): KubeconfigSource => ({from: 'content', content, input: 'kubeconfig'})
const failureOf = (source: KubeconfigSource, options = {}) =>
  door()
    .kubeconfigs.read(source, {...lenient, ...options})
    .then(() => null)
    .catch((thrown: Failure) => thrown)

describe('a kubeconfig is refused', () => {
  test.each<[string, string, string, RegExp, RegExp]>([
    ['nothing', ' \n', 'kubeconfig-unusable', /is empty/, /secret exists.*forks/],
    ['a word', 'hello', 'kubeconfig-unusable', /is not a kubeconfig: it is one plain word/, /flatten/],
    ['broken YAML', 'clusters: [}', 'kubeconfig-unusable', /is not a kubeconfig/, /flatten/],
    ['another kind', '{kind: Secret, clusters: [], contexts: []}', 'kubeconfig-unusable', /its kind is `Secret`/, /flatten/],
    ['no lists', '{kind: Config}', 'kubeconfig-unusable', /lists no clusters/, /flatten/],
    ['no current context', config({context: ''}), 'kubeconfig-unusable', /names no current context; it has `dev`/, /`context`/],
    ['an unknown context', config({context: 'prod'}), 'kubeconfig-unusable', /has no context `prod`; it has `dev`/, /`context`/],
    ['a server without scheme', config({cluster: {server: 'api:6443'}}), 'kubeconfig-unusable', /`api:6443`, which is not a URL/, /https:/],
    [
      'no TLS verification',
      config({cluster: {'insecure-skip-tls-verify': true}}),
      'kubeconfig-insecure',
      /skips the verification/,
      /insecure-skip-tls-verify: true/,
    ],
    [
      'plain HTTP to another machine',
      config({cluster: {server: 'http://127.example.com:8080'}}),
      'kubeconfig-insecure',
      /names an `http:\/\/` server/,
      /https:/,
    ],
    ['a program', config({user: {exec: {command: 'aws'}}}), 'kubeconfig-exec', /runs the program `aws`/, /allow-exec: true/],
    [
      'a removed auth-provider',
      config({user: {'auth-provider': {name: 'gcp'}}}),
      'kubeconfig-auth-provider',
      /`gcp`, which Kubernetes removed/,
      /exec plugin/,
    ],
    [
      'a CA file left behind',
      config({cluster: {'certificate-authority': '/home/me/ca.crt'}}),
      'kubeconfig-file',
      /`\/home\/me\/ca.crt`/,
      /flatten/,
    ],
    ['a key file left behind', config({user: {'client-key': 'client.key'}}), 'kubeconfig-file', /`client.key`/, /flatten/],
    ['a token file left behind', config({user: {tokenFile: '/etc/passwd'}}), 'kubeconfig-file', /`\/etc\/passwd`/, /flatten/],
    ['a SOCKS proxy', config({cluster: {'proxy-url': 'socks5://p:1080'}}), 'kubeconfig-proxy', /neither http nor https/, /Use an http/],
  ])('%s', async (_, content, entry, message, cure) => {
    const failure = await failureOf(inline(content))
    expect(failure).toBeInstanceOf(Failure)
    expect(failure?.message).toMatch(/^The kubeconfig of `kubeconfig` /)
    expect({message: failure?.message, cure: failure?.cure, entry: failure?.entry}).toEqual({
      message: expect.stringMatching(message),
      cure: expect.stringMatching(cure),
      entry,
    })
  })

  test('without quoting its source, which holds credentials', async () => {
    const failure = await failureOf(inline('users:\n- name: a\n  user:\n    token: "s3cret-token\n  x: }'))
    expect(`${failure?.message}${failure?.cure}`).not.toContain('s3cret')
  })

  test('unless the caller allows it', async () => {
    expect(await failureOf(inline(config({user: {exec: {command: 'aws'}}})), {allowExec: true})).toBeNull()
    expect(await failureOf(inline(config({cluster: {'insecure-skip-tls-verify': true}})), {insecureSkipTlsVerify: true})).toBeNull()
    expect(await failureOf(inline(config({cluster: {server: 'http://api:8080'}})), {insecureSkipTlsVerify: true})).toBeNull()
  })

  test.each(['localhost', '127.0.0.1', '[::1]'])('but plain HTTP to %s never leaves the machine', async (host) => {
    expect(await failureOf(inline(config({cluster: {server: `http://${host}:8001`}})))).toBeNull()
  })
})

describe('a kubeconfig is read', () => {
  test('as the chosen context alone, whichever is current', async () => {
    const both = {...JSON.parse(config()), ...{}}
    const other = JSON.parse(config({name: 'prod', user: {token: 'prod-token-1'}}))
    for (const list of ['clusters', 'users', 'contexts']) both[list].push(...other[list])
    const text = await door().kubeconfigs.read(inline(JSON.stringify(both)), {...lenient, context: 'prod'})
    expect(parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'prod',
      clusters: [{name: 'prod', cluster: {server: 'https://api:6443'}}],
      users: [{name: 'prod', user: {token: 'prod-token-1'}}],
      contexts: [{name: 'prod', context: {cluster: 'prod', user: 'prod'}}],
    })
  })

  test('from a file, with its paths made absolute and its program allowed', async () => {
    const folder = join(root, 'file')
    mkdirSync(folder)
    const user = {'client-certificate': 'me.crt', 'client-key': '/abs/me.key', exec: {command: './login'}}
    writeFileSync(join(folder, 'config'), config({user, cluster: {'certificate-authority': 'pki/ca.crt'}}))
    const text = await door().kubeconfigs.read({from: 'path', path: join(folder, 'config'), input: 'kubeconfig', explicit: true}, lenient)
    const {clusters, users} = parse(text)
    expect(clusters[0].cluster['certificate-authority']).toBe(join(folder, 'pki/ca.crt'))
    expect(users[0].user).toEqual({
      'client-certificate': join(folder, 'me.crt'),
      'client-key': '/abs/me.key',
      exec: {command: join(folder, 'login')},
    })
  })

  test('from several files of KUBECONFIG: the first to name something wins, missing ones are passed over', async () => {
    writeFileSync(join(root, 'one'), config({context: '', cluster: {server: 'https://first:1'}}))
    writeFileSync(join(root, 'two'), config({context: 'dev', cluster: {server: 'https://second:2'}}))
    const path = [join(root, 'none'), join(root, 'one'), join(root, 'two')].join(':')
    const text = await door().kubeconfigs.read({from: 'path', path, input: 'KUBECONFIG', explicit: true}, lenient)
    expect(parse(text).clusters[0].cluster.server).toBe('https://first:1')
  })

  test.each([
    ['named', true, '`kubeconfig` is `/none/config`, and no such file exists.'],
    ['looked for', false, 'No cluster was named, and `/none/config` does not exist.'],
  ])('a file that was %s and is not there is an error', async (_, explicit, message) => {
    const failure = await failureOf({from: 'path', path: '/none/config', input: 'kubeconfig', explicit})
    expect(failure).toMatchObject({message, entry: 'kubeconfig-missing'})
  })

  test('in-cluster only inside a cluster', async () => {
    expect((await failureOf({from: 'in-cluster'}))?.message).toContain('this runner is not a pod')
  })

  test('and every credential in it is masked, chosen or not, refused or not', async () => {
    const data = Buffer.from(key).toString('base64')
    const secrets = {
      token: 'bearer-token-1',
      username: 'admin',
      password: 'long-password',
      'client-key-data': data,
      exec: {
        command: 'x',
        env: [
          {name: 'AWS_SECRET_ACCESS_KEY', value: 'aws-secret-key'},
          {name: 'AWS_REGION', value: 'eu-central-1'},
        ],
      },
      'auth-provider': {
        name: 'oidc',
        config: {'id-token': 'the-id-token', 'refresh-token': 'the-refresh-token', 'client-secret': 'short', 'client-id': 'the-client-id'},
      },
    }
    const {io, kubeconfigs} = door()
    await kubeconfigs
      .read(inline(config({user: secrets, context: 'none', cluster: {'proxy-url': 'http://me:proxy%2Dpass@p:1'}})), lenient)
      .catch(() => {})
    expect(io.masked.sort()).toEqual(
      [
        'bearer-token-1',
        'long-password',
        Buffer.from('admin:long-password').toString('base64'),
        data,
        'MHcCAQEEIFirstLineOfTheKey',
        'SecondLineOfTheKey',
        'aws-secret-key',
        'the-id-token',
        'the-refresh-token',
        'proxy-pass',
      ].sort(),
    )
  })
})

describe('a kubeconfig is written', () => {
  test('privately, under RUNNER_TEMP, recorded for post, and removed', async () => {
    const {io, kubeconfigs} = door()
    const path = await kubeconfigs.write(config({user: {token: 'bearer-token-1'}}), '')
    expect(dirname(dirname(path))).toBe(io.runner.temp)
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700])
    expect(parse(readFileSync(path, 'utf8')).users[0].user.token).toBe('bearer-token-1')
    expect(JSON.parse(io.states[kubeconfigState] ?? '')).toEqual([dirname(path)])
    await kubeconfigs.removeAll()
    expect(existsSync(dirname(path))).toBe(false)
  })

  test('and what a killed run left is removed by post, but nothing else that a state could name', async () => {
    const left = await door().kubeconfigs.write(config(), '')
    const other = join(root, 'temp', 'someone-else')
    const outside = join(root, 'istio-mtls-kubeconfig-x')
    for (const folder of [other, outside]) mkdirSync(folder, {recursive: true})
    await door({
      [kubeconfigState]: JSON.stringify([dirname(left), other, outside, `${other}/../../istio-mtls-kubeconfig-x`]),
    }).kubeconfigs.removeAll()
    expect([existsSync(dirname(left)), existsSync(other), existsSync(outside)]).toEqual([false, true, true])
  })
})
