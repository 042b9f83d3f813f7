import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterAll, describe, expect, test} from '@jest/globals'
import {liveFiles} from '../../src/io/files.ts'
import type {Kube} from '../../src/io/io.ts'
import {kubeOver} from '../../src/io/kube.ts'
import {openTransport} from '../../src/io/kube-transport.ts'
import type {ClusterEntry, UserEntry} from '../../src/io/kubeconfig-text.ts'
import {liveShell} from '../../src/io/shell.ts'
import {KubeFailure} from '../../src/model/failure.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {json, selfSigned, serve, type TestServer, tunnelProxy} from './servers.ts'

const root = mkdtempSync(join(tmpdir(), 'kube-'))
afterAll(() => rmSync(root, {recursive: true}))
const open: Kube[] = []
afterAll(() => {
  for (const kube of open) kube.close()
})

async function connect(
  cluster: ClusterEntry,
  {user = {}, deadline = Number.POSITIVE_INFINITY}: {user?: UserEntry; deadline?: number} = {},
) {
  const io = fakeIo({env: {PATH: process.env.PATH ?? ''}})
  const door = {files: liveFiles(root), shell: liveShell(new AbortController().signal), runner: io.runner}
  const transport = await openTransport({context: 'dev', cluster, user, namespace: ''}, door)
  const kube = kubeOver(transport, {clock: io.clock, deadline, say: io.log.detail})
  open.push(kube)
  return {kube, io}
}

/** A server whose n-th request gets the n-th answer, and a connection to it; the last answer repeats. */
async function scripted(...answers: TestServer['answer'][]) {
  const server = await serve((request, response, body) =>
    answers[Math.min(server.seen.length, answers.length) - 1]?.(request, response, body),
  )
  return {server, ...(await connect({server: server.url}))}
}

const status =
  (code: number, message: string, reason = '', headers = {}): TestServer['answer'] =>
  (_, response) =>
    json(response, code, {kind: 'Status', status: 'Failure', message, reason}, headers)
const ok =
  (value: object): TestServer['answer'] =>
  (_, response) =>
    json(response, 200, value)
const refusedOf = (answer: Promise<unknown>): Promise<KubeFailure> =>
  answer.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown) => thrown,
  )

describe('what is sent', () => {
  test("get, below the server's own path, with credentials", async () => {
    const server = await serve(ok({a: 1}))
    const {kube} = await connect({server: `${server.url}/k8s/clusters/c-1/`}, {user: {token: 'bearer-token-1'}})
    expect(await kube.get('/version')).toEqual({a: 1})
    expect(server.seen[0]).toMatchObject({
      method: 'GET',
      path: '/k8s/clusters/c-1/version',
      headers: {authorization: 'Bearer bearer-token-1', 'user-agent': 'istio-mtls-action', accept: 'application/json'},
    })
  })

  const object = {kind: 'ConfigMap', metadata: {name: 'ö'}}
  test.each<[string, (kube: Kube) => Promise<unknown>, string, string, string | undefined]>([
    [
      'apply',
      (kube) => kube.apply('/x', object, {fieldManager: 'me'}),
      'PATCH',
      '/x?fieldManager=me&force=false&fieldValidation=Strict',
      'application/apply-patch+yaml',
    ],
    [
      'apply, dry',
      (kube) => kube.apply('/x', object, {fieldManager: 'me', dryRun: true}),
      'PATCH',
      '/x?fieldManager=me&force=false&fieldValidation=Strict&dryRun=All',
      'application/apply-patch+yaml',
    ],
    ['create', (kube) => kube.create('/x', object), 'POST', '/x?fieldValidation=Strict', 'application/json'],
    [
      'create, dry',
      (kube) => kube.create('/x', object, {dryRun: true}),
      'POST',
      '/x?fieldValidation=Strict&dryRun=All',
      'application/json',
    ],
    [
      'patch, dry',
      (kube) => kube.patch('/x', object, {fieldManager: 'me', dryRun: true}),
      'PATCH',
      '/x?fieldManager=me&dryRun=All',
      'application/merge-patch+json',
    ],
    ['patch', (kube) => kube.patch('/x', object, {fieldManager: 'me'}), 'PATCH', '/x?fieldManager=me', 'application/merge-patch+json'],
  ])('%s', async (_, call, method, path, contentType) => {
    const {server, kube} = await scripted(ok({}))
    await call(kube)
    expect(server.seen).toMatchObject([{method, path, headers: {'content-type': contentType}, body: JSON.stringify(object)}])
  })

  test('remove, bound to the very object', async () => {
    const {server, kube} = await scripted(ok({}), status(404, 'gone', 'NotFound'))
    expect(await kube.remove('/x', {uid: 'u-1'})).toBe(true)
    expect(await kube.remove('/x')).toBe(false)
    expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({kind: 'DeleteOptions', preconditions: {uid: 'u-1'}})
    expect(JSON.parse(server.seen[1]?.body ?? '')).not.toHaveProperty('preconditions')
  })

  test('find is null only where the server says 404', async () => {
    const {kube} = await scripted(status(404, 'no'), status(403, 'forbidden'))
    expect(await kube.find('/x')).toBeNull()
    await expect(kube.find('/x')).rejects.toThrow('forbidden')
  })
})

describe('a list', () => {
  const page = (names: string[], token = '') =>
    ok({kind: 'PodList', apiVersion: 'v1', metadata: {continue: token}, items: names.map((name) => ({metadata: {name}}))})
  const named = (kube: Kube) => kube.list('/pods?labelSelector=a%3Db', (pod) => `${pod.apiVersion} ${pod.kind} ${pod.metadata.name}`)

  test('is read page by page, its items told what they are', async () => {
    const {server, kube} = await scripted(page(['a', 'b'], 'next=1'), page(['c']))
    expect(await named(kube)).toEqual(['v1 Pod a', 'v1 Pod b', 'v1 Pod c'])
    expect(server.seen.map(({path}) => path)).toEqual([
      '/pods?labelSelector=a%3Db&limit=500',
      '/pods?labelSelector=a%3Db&limit=500&continue=next%3D1',
    ])
  })

  test('leaves out what projects to null', async () => {
    const {kube} = await scripted(page(['a', 'b']))
    expect(await kube.list('/pods', (pod) => (pod.metadata.name === 'a' ? null : pod.metadata.name))).toEqual(['b'])
  })

  test('starts anew once when its token expired, with nothing twice', async () => {
    const {kube} = await scripted(page(['a'], 'x'), status(410, 'expired', 'Expired'), page(['a'], 'y'), page(['b']))
    expect(await named(kube)).toEqual(['v1 Pod a', 'v1 Pod b'])
  })

  test('but not twice', async () => {
    const {kube} = await scripted(page(['a'], 'x'), status(410, 'expired'), page(['a'], 'y'), status(410, 'expired again'))
    await expect(named(kube)).rejects.toThrow('expired again')
  })

  test('of nothing is empty', async () => {
    const {kube} = await scripted(ok({kind: 'PodList', apiVersion: 'v1', metadata: {}, items: null}))
    expect(await named(kube)).toEqual([])
  })

  test('may come compressed', async () => {
    const body = gzipSync(JSON.stringify({kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [{metadata: {name: 'z'}}]}))
    const {server, kube} = await scripted((_, response) => response.writeHead(200, {'content-encoding': 'gzip'}).end(body))
    expect(await named(kube)).toEqual(['v1 Pod z'])
    expect(server.seen[0]?.headers['accept-encoding']).toBe('gzip')
  })
})

describe('patience', () => {
  const reset: TestServer['answer'] = (request) => request.socket.destroy()

  test.each<[string, TestServer['answer'][], (kube: Kube) => Promise<unknown>, number]>([
    ['a read after 503, 500, 502 and 504', [503, 500, 502, 504].map((code) => status(code, 'busy')), (kube) => kube.get('/x'), 5],
    ['a read after a reset', [reset], (kube) => kube.get('/x'), 2],
    ['an apply after a reset', [reset], (kube) => kube.apply('/x', {}, {fieldManager: 'me'}), 2],
    ['a dry run after a reset', [reset], (kube) => kube.create('/x', {}, {dryRun: true}), 2],
    ['a review after a reset', [reset], (kube) => kube.create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {}), 2],
    ['a create after 429', [status(429, 'slow down')], (kube) => kube.create('/x', {}), 2],
  ])('tries again: %s', async (_, answers, call, count) => {
    const {server, kube} = await scripted(...answers, ok({}))
    await call(kube)
    expect(server.seen).toHaveLength(count)
  })

  test.each<[string, TestServer['answer'], (kube: Kube) => Promise<unknown>, number, RegExp]>([
    [
      'a conflict',
      status(409, 'field is owned by helm', 'Conflict'),
      (kube) => kube.apply('/x', {}, {fieldManager: 'me'}),
      409,
      /owned by helm/,
    ],
    ['a refusal', status(403, 'pods is forbidden', 'Forbidden'), (kube) => kube.get('/x'), 403, /forbidden/],
    ['a token that cannot be renewed', status(401, 'Unauthorized'), (kube) => kube.get('/x'), 401, /Unauthorized/],
    ['a create that may have happened', reset, (kube) => kube.create('/x', {}), 0, /did not answer: socket hang up/],
    ['a create that the server failed', status(500, 'webhook down'), (kube) => kube.create('/x', {}), 500, /webhook down/],
    [
      'a redirect',
      (_, response) => response.writeHead(302, {location: '/login'}).end('go'),
      (kube) => kube.get('/x'),
      302,
      /answered 302: go/,
    ],
    ['a login page', (_, response) => response.end('<html>Please log in'), (kube) => kube.get('/x'), 200, /no JSON: <html>/],
    [
      'a resource unknown',
      (_, response) => response.writeHead(404).end('404 page not found\n'),
      (kube) => kube.get('/x'),
      404,
      /could not find the requested resource/,
    ],
  ])('gives up at once: %s', async (_, answer, call, code, message) => {
    const {server, kube} = await scripted(answer)
    const failure = await refusedOf(call(kube))
    expect(failure).toBeInstanceOf(KubeFailure)
    expect({status: failure.status, message: failure.message}).toEqual({status: code, message: expect.stringMatching(message)})
    expect(server.seen).toHaveLength(1)
  })

  test('waits as long as the server asks', async () => {
    const {kube, io} = await scripted(status(429, 'slow', '', {'retry-after': '7'}), ok({}))
    const before = io.clock.ticks()
    await kube.get('/x')
    expect(io.clock.ticks() - before).toBe(7000)
    expect(io.details).toEqual(['GET /x: slow; trying again in 7.0 s'])
  })

  test('ends with the deadline of the run', async () => {
    const server = await serve(status(429, 'slow', '', {'retry-after': '7'}))
    const {kube} = await connect({server: server.url}, {deadline: 10_000})
    await expect(kube.get('/x')).rejects.toThrow('slow')
    expect(server.seen).toHaveLength(2)
  })

  test('does not begin after it', async () => {
    const server = await serve(ok({}))
    const {kube} = await connect({server: server.url}, {deadline: 0})
    await expect(kube.get('/x')).rejects.toThrow('the deadline of the run has passed')
  })

  test('says where nobody answers', async () => {
    const {kube} = await connect({server: 'http://127.0.0.1:1'})
    expect(await refusedOf(kube.get('/x'))).toMatchObject({
      status: 0,
      reason: 'ECONNREFUSED',
      message: expect.stringContaining('http://127.0.0.1:1 did not answer: connect ECONNREFUSED'),
    })
  })

  test('a 401 runs the credential program once more', async () => {
    const command = join(root, 'login')
    writeFileSync(command, `#!/bin/sh\necho x >> ${root}/runs\nprintf '{"status":{"token":"token-number-%s"}}' $(wc -l < ${root}/runs)\n`)
    chmodSync(command, 0o700)
    const server = await serve((request, response, body) =>
      request.headers.authorization === 'Bearer token-number-2'
        ? ok({})(request, response, body)
        : status(401, 'expired')(request, response, body),
    )
    const {kube} = await connect({server: server.url}, {user: {exec: {command}}})
    await kube.get('/x')
    expect(server.seen.map(({headers}) => headers.authorization)).toEqual(['Bearer token-number-1', 'Bearer token-number-2'])
    expect(kube.kubeconfig).toContain('token: token-number-2')
    expect(kube.kubeconfig).not.toContain('exec')
  })
})

describe('TLS', () => {
  const certificate = selfSigned()
  const ca = Buffer.from(certificate.cert).toString('base64')

  test("trusts the kubeconfig's CA alone", async () => {
    const server = await serve(ok({a: 1}), certificate)
    expect(await (await connect({server: server.url, 'certificate-authority-data': ca})).kube.get('/x')).toEqual({a: 1})
    await expect((await connect({server: server.url})).kube.get('/x')).rejects.toThrow('self-signed certificate')
    expect(server.seen).toHaveLength(1)
  })

  test('checks the name it is told to', async () => {
    const server = await serve(ok({}), certificate)
    const {kube} = await connect({server: server.url, 'certificate-authority-data': ca, 'tls-server-name': 'other.test'})
    await expect(kube.get('/x')).rejects.toThrow(/altnames/)
  })

  test("goes through the kubeconfig's proxy, probes too", async () => {
    const proxy = await tunnelProxy()
    const server = await serve(ok({a: 1}), certificate)
    const {kube} = await connect({server: server.url, 'certificate-authority-data': ca, 'proxy-url': proxy.url})
    expect(await kube.get('/x')).toEqual({a: 1})
    expect(await kube.probe('/y', {upgrade: true, timeoutMs: 5000, maxBytes: 256})).toMatchObject({status: 200})
    expect(new Set(proxy.targets)).toEqual(new Set([server.url.replace('https://', '')]))
  })
})

describe('a probe', () => {
  const options = {upgrade: false, timeoutMs: 5000, maxBytes: 256}

  test('asks for an upgrade only where told, and carries no cookie', async () => {
    const {server, kube} = await scripted((_, response) => response.writeHead(200, {'set-cookie': 'a=b', 'x-a': '1'}).end('hello'))
    expect(await kube.probe('/p', options)).toMatchObject({status: 200, headers: {'x-a': '1'}, body: 'hello'})
    await kube.probe('/p', {...options, upgrade: true})
    expect(server.seen[0]?.headers.upgrade).toBeUndefined()
    expect(server.seen[1]?.headers).toMatchObject({connection: 'Upgrade', upgrade: 'istio-mtls-probe', 'user-agent': 'istio-mtls-action'})
    expect(server.seen.map(({headers}) => headers.cookie)).toEqual([undefined, undefined])
  })

  test.each([301, 307, 429, 500, 503])('is sent once, whatever the answer: %d', async (code) => {
    const {server, kube} = await scripted((_, response) =>
      response.writeHead(code, {location: '/api/v1/secrets', 'retry-after': '0'}).end('x'),
    )
    expect(await kube.probe('/p', options)).toMatchObject({status: code, body: 'x'})
    expect(server.seen).toHaveLength(1)
  })

  test('takes a switch of protocols as an answer', async () => {
    const {kube} = await scripted((request) =>
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: istio-mtls-probe\r\n\r\nbytes'),
    )
    expect(await kube.probe('/p', {...options, upgrade: true})).toMatchObject({status: 101, headers: {upgrade: 'istio-mtls-probe'}})
  })

  test('reads so much and hangs up', async () => {
    let closed = () => {}
    const hungUp = new Promise<void>((resolve) => {
      closed = resolve
    })
    const {kube} = await scripted((_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(100)), 1)
      response.once('close', () => {
        clearInterval(timer)
        closed()
      })
    })
    expect((await kube.probe('/p', options)).body).toHaveLength(256)
    await hungUp
  })

  test('keeps the status of an answer that breaks off', async () => {
    const {kube} = await scripted((_, response) => {
      response.writeHead(200, {'content-length': 100})
      response.write('part', () => response.socket?.destroy())
    })
    expect(await kube.probe('/p', options)).toMatchObject({status: 200, body: 'part'})
  })

  test("says why there was no answer, in the network's words", async () => {
    const silent = await scripted(() => {})
    await expect(silent.kube.probe('/p', {...options, timeoutMs: 50})).rejects.toThrow('no answer within 0.05 s')
    const broken = await scripted((request) => request.socket.destroy())
    await expect(broken.kube.probe('/p', options)).rejects.toThrow('socket hang up')
    expect(broken.server.seen).toHaveLength(1)
  })
})
