import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import type https from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from '@jest/globals'
import {KubeConfig} from '@kubernetes/client-node'
import {liveFiles} from '../../src/io/files.ts'
import {openSession} from '../../src/io/kube-session.ts'
import {chosenFrom, kubeconfigFrom, type UserEntry} from '../../src/io/kubeconfig-text.ts'
import {liveShell} from '../../src/io/shell.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const root = mkdtempSync(join(tmpdir(), 'session-'))
afterAll(() => rmSync(root, {recursive: true}))
const never = new AbortController().signal
const base64 = (text: string) => Buffer.from(text).toString('base64')
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const key = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n'
writeFileSync(join(root, 'crt'), certificate)
writeFileSync(join(root, 'key'), key)
writeFileSync(join(root, 'token'), 'token-of-a-file')

function textWith(user: UserEntry): string {
  return JSON.stringify({
    'current-context': 'dev',
    clusters: [{name: 'dev', cluster: {server: 'https://api:6443', 'certificate-authority-data': base64(certificate)}}],
    users: [{name: 'dev', user}],
    contexts: [{name: 'dev', context: {cluster: 'dev', user: 'dev'}}],
  })
}

async function session(user: UserEntry, env: Record<string, string> = {PATH: process.env.PATH ?? ''}) {
  const io = fakeIo({env})
  const chosen = chosenFrom(kubeconfigFrom(textWith(user), 'kubeconfig'), '', 'kubeconfig')
  const opened = await openSession(chosen, {files: liveFiles(root), shell: liveShell(never), runner: io.runner})
  return {...opened, masked: io.masked}
}

/** A credential plugin that prints `status`, and leaves what it was given in the file `seen`. */
function plugin(status: object, more = ''): string {
  const path = join(root, `plugin-${Math.random().toString(36).slice(2)}`)
  writeFileSync(
    path,
    `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO|$INPUT_HELM_CHECKSUM|$EXTRA|$*" > ${root}/seen\n${more}\nprintf '%s' '${JSON.stringify({kind: 'ExecCredential', status})}'\n`,
  )
  chmodSync(path, 0o700)
  return path
}

const jwt = (exp: number) => `${base64('{}')}.${Buffer.from(JSON.stringify({exp})).toString('base64url')}.signature`
const later = Math.floor(Date.now() / 1000) + 3600

describe("the credentials are those that Kubernetes' own client would send", () => {
  test.each<[string, UserEntry]>([
    ['none', {}],
    ['a token', {token: 'bearer-token-1'}],
    ['a name and password', {username: 'admin', password: 'pass:word'}],
    ['a certificate in the text', {'client-certificate-data': base64(certificate), 'client-key-data': base64(key)}],
    ['a certificate in files', {'client-certificate': join(root, 'crt'), 'client-key': join(root, 'key')}],
    ['impersonation', {token: 'bearer-token-1', as: 'jane'}],
    ['an OIDC token', {'auth-provider': {name: 'oidc', config: {'id-token': jwt(later), 'client-id': 'x', 'idp-issuer-url': 'https://i'}}}],
    [
      'a program that hands out a token',
      {exec: {apiVersion: 'client.authentication.k8s.io/v1', command: plugin({token: 'token-of-a-program'})}},
    ],
    ['a program that hands out a certificate', {exec: {command: plugin({clientCertificateData: certificate, clientKeyData: key})}}],
  ])('%s', async (_, user) => {
    const theirs = new KubeConfig()
    theirs.loadFromString(textWith(user))
    const options: https.RequestOptions = {}
    await theirs.applyToHTTPSOptions(options)
    const headers = lowerCased(options.headers as Record<string, string>)
    if (options.auth) headers['authorization'] = `Basic ${base64(options.auth)}`

    const ours = await session(user)
    expect({headers: ours.headers, certificate: ours.certificate, key: ours.key}).toEqual({
      headers,
      certificate: String(options.cert ?? ''),
      key: String(options.key ?? ''),
    })
  })
})

describe('beyond what that client can', () => {
  test('a token file is trimmed, and read again after a minute', async () => {
    writeFileSync(join(root, 'newline'), 'token-of-a-file\n')
    const {headers, expires, masked} = await session({tokenFile: join(root, 'newline'), token: 'older'})
    expect(headers).toEqual({authorization: 'Bearer token-of-a-file'})
    expect(Math.abs(expires - Date.now() - 60_000)).toBeLessThan(5000)
    expect(masked).toEqual(['token-of-a-file'])
  })

  test('groups, uid and extras are impersonated too', async () => {
    const user = {as: 'jane', 'as-uid': '7', 'as-groups': ['dev', 'ops'], 'as-user-extra': {'example.com/scope': ['a']}}
    expect((await session(user)).headers).toEqual({
      'impersonate-user': 'jane',
      'impersonate-uid': '7',
      'impersonate-group': ['dev', 'ops'],
      'impersonate-extra-example.com%2Fscope': ['a'],
    })
  })

  test('an expired OIDC token says so before anything is sent', async () => {
    await expect(session({'auth-provider': {name: 'oidc', config: {'id-token': jwt(1_700_000_000)}}})).rejects.toThrow(
      'expired at 2023-11-14T22:13:20.000Z',
    )
  })
})

describe('a credential program', () => {
  test('is told about the cluster, gets its variables, and none of our inputs', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: plugin({token: 't-12345678'}),
      args: ['get', 'a b'],
      env: [{name: 'EXTRA', value: 'yes'}],
      provideClusterInfo: true,
    }
    await session({exec}, {PATH: process.env.PATH ?? '', INPUT_HELM_CHECKSUM: 'secret'})
    const [info = '', input, extra, args] = readFileSync(join(root, 'seen'), 'utf8').trim().split('|')
    expect(JSON.parse(info)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: {interactive: false, cluster: {server: 'https://api:6443', 'certificate-authority-data': base64(certificate)}},
    })
    expect([input, extra, args]).toEqual(['', 'yes', 'get a b'])
  })

  test('gives what it handed out to helm as plain credentials, masked, until they expire', async () => {
    const exec = {command: plugin({token: 'token-of-a-program', expirationTimestamp: '2026-11-22T19:00:00Z'})}
    const opened = await session({exec, as: 'jane'})
    expect(opened.user).toEqual({as: 'jane', token: 'token-of-a-program'})
    expect(opened.expires).toBe(Date.parse('2026-11-22T19:00:00Z'))
    expect(opened.masked).toEqual(['token-of-a-program'])
  })

  test.each([
    ['is not installed', 'no-such-plugin', /`no-such-plugin` failed: it is not installed/],
    ['fails', plugin({}, 'echo "token expired, run login" >&2; exit 7'), /exit code 7: token expired, run login/],
    ['hands out nothing', plugin({}), /neither a token nor a certificate/],
    ['prints something else', plugin({}, 'echo hello s3cret; exit 0'), /printed no ExecCredential\.$/],
  ])('that %s is a failure that says so', async (_, command, message) => {
    const failure = await session({exec: {command, installHint: 'Install it from https://x.'}}).catch((thrown) => thrown)
    expect(failure).toMatchObject({message: expect.stringMatching(message), cure: 'Install it from https://x.', entry: 'kubeconfig-exec'})
  })
})

function lowerCased(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
