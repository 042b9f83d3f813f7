import type http from 'node:http'
import https from 'node:https'
import type {AddressInfo} from 'node:net'
import {text} from 'node:stream/consumers'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from '@jest/globals'
import {type WebSocket, WebSocketServer} from 'ws'
import type {Kube} from '../../src/io/io.ts'
import {kubeOver} from '../../src/io/kube.ts'
import {openTransport} from '../../src/io/kube-transport.ts'
import {chosenFrom, kubeconfigFrom, type UserEntry} from '../../src/io/kubeconfig-text.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {selfSigned, tunnelProxy} from './servers.ts'

// The kubelet's side of a port-forward, as k8s.io/cri-streaming/pkg/streaming/portforward/websocket.go speaks it; the real one is in delivered.cluster.test.ts.

type Side = {socket: WebSocket; data(bytes: string | Buffer): void; error(text: string): void}

const sockets = new WebSocketServer({noServer: true, handleProtocols: () => 'v4.channel.k8s.io'})
const pair = selfSigned()
const server = https.createServer(pair)
const ca = {'certificate-authority-data': Buffer.from(pair.cert).toString('base64')}
let refusals: [number, string][] = []
let seen: {url: string; headers: http.IncomingHttpHeaders}[] = []
let behave: (side: Side, message: Buffer | null) => void = () => {}
let address = ''

beforeAll(async () => {
  server.on('upgrade', (request, socket, head) => {
    seen.push({url: request.url ?? '', headers: request.headers})
    const refusal = refusals.shift()
    if (refusal !== undefined) {
      const [status, message] = refusal
      const body = JSON.stringify({kind: 'Status', message, reason: 'Told'})
      socket.end(
        `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const send = (channel: number, bytes: Buffer) => opened.send(Buffer.concat([Buffer.from([channel]), bytes]))
      const side: Side = {socket: opened, data: (bytes) => send(0, Buffer.from(bytes)), error: (words) => send(1, Buffer.from(words))}
      const port = Buffer.from([0x98, 0x3a])
      send(0, port)
      send(1, port)
      behave(side, null)
      opened.on('message', (message) => behave(side, (message as Buffer).subarray(1)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  for (const client of sockets.clients) client.terminate()
  server.close()
})

beforeEach(() => {
  refusals = []
  seen = []
})

const target = {namespace: 'shop', pod: 'web-1', port: 15000}
const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

async function connect(user: UserEntry = {token: 'bearer-token-1'}, env: Record<string, string> = {}, path = ''): Promise<Kube> {
  const kubeconfig = JSON.stringify({
    'current-context': 'dev',
    clusters: [{name: 'dev', cluster: {server: `${address}${path}`, ...ca}}],
    users: [{name: 'dev', user}],
    contexts: [{name: 'dev', context: {cluster: 'dev', user: 'dev'}}],
  })
  const io = fakeIo({env})
  const chosen = chosenFrom(kubeconfigFrom(kubeconfig, 'kubeconfig'), '', 'kubeconfig')
  return kubeOver(await openTransport(chosen, io), {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: () => {}})
}

describe('a raw stream', () => {
  test('carries bytes both ways, without the numbers of the port', async () => {
    behave = ({data}, message) => message && data(`echo ${message}`)
    const stream = await (await connect()).forward(target, {timeoutMs: 5000})
    stream.write('one')
    const [first] = await once(stream)
    expect(String(first)).toBe('echo one')
    stream.destroy()
    expect(seen).toMatchObject([
      {
        url: '/api/v1/namespaces/shop/pods/web-1/portforward?ports=15000',
        headers: {authorization: 'Bearer bearer-token-1', 'sec-websocket-protocol': 'v4.channel.k8s.io', 'user-agent': 'istio-mtls-action'},
      },
    ])
  })

  test('ends when the pod hangs up', async () => {
    behave = ({data, socket}) => {
      data('last words')
      socket.close()
    }
    expect(await text(await (await connect()).forward(target, {timeoutMs: 5000}))).toBe('last words')
  })

  test('that the kubelet cannot open is destroyed with its words', async () => {
    behave = ({error, socket}) => {
      error('failed to connect to localhost:15000: connection refused')
      socket.close()
    }
    await expect(text(await (await connect()).forward(target, {timeoutMs: 5000}))).rejects.toThrow('connection refused')
  })

  test('more than a reader takes at once comes whole', async () => {
    const big = Buffer.alloc(3_000_000, 'x')
    behave = ({data, socket}) => {
      for (let at = 0; at < big.length; at += 32_768) data(big.subarray(at, at + 32_768))
      socket.close()
    }
    expect((await text(await (await connect()).forward(target, {timeoutMs: 5000}))).length).toBe(big.length)
  })
})

describe('a refusal', () => {
  test.each([
    [403, 'pods "web-1" is forbidden'],
    [404, 'pods "web-1" not found'],
  ])('with status %i is a KubeFailure with its words, asked once', async (status, message) => {
    refusals = [[status, message]]
    await expect((await connect()).forward(target, {timeoutMs: 5000})).rejects.toMatchObject({
      name: 'KubeFailure',
      status,
      message,
      reason: 'Told',
    })
    expect(seen.length).toBe(1)
  })

  test('that may pass is asked again', async () => {
    refusals = [
      [429, 'too many'],
      [503, 'not now'],
    ]
    behave = ({data}, message) => message && data(answer('well'))
    expect(await (await connect()).forwardedGet(target, '/x', {timeoutMs: 20_000, maxBytes: 100})).toMatchObject({
      status: 200,
      body: 'well',
    })
    expect(seen.length).toBe(3)
  })

  test('of stale credentials has the program asked for others', async () => {
    refusals = [[401, 'Unauthorized']]
    behave = ({data}, message) => message && data(answer('well'))
    const io = fakeIo({shell: () => ({stdout: JSON.stringify({status: {token: 'bearer-token-2'}})})})
    const kubeconfig = kubeconfigFrom(
      JSON.stringify({
        'current-context': 'dev',
        clusters: [{name: 'dev', cluster: {server: address, ...ca}}],
        users: [{name: 'dev', user: {exec: {command: 'login'}}}],
        contexts: [{name: 'dev', context: {cluster: 'dev', user: 'dev'}}],
      }),
      'kubeconfig',
    )
    const transport = await openTransport(chosenFrom(kubeconfig, '', 'kubeconfig'), io)
    const kube = kubeOver(transport, {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: () => {}})
    expect((await kube.forwardedGet(target, '/x', {timeoutMs: 5000, maxBytes: 100})).body).toBe('well')
    expect(io.commands).toEqual([['login'], ['login']])
    expect(seen.map(({headers}) => headers.authorization)).toEqual(['Bearer bearer-token-2', 'Bearer bearer-token-2'])
  })
})

describe('one GET', () => {
  test('asks for the path as localhost and keeps umlauts', async () => {
    let asked = ''
    behave = ({data}, message) => {
      if (message === null) return
      asked += message
      if (asked.endsWith('\r\n\r\n')) data(answer('grün'))
    }
    expect(await (await connect()).forwardedGet(target, '/config_dump?a=b', {timeoutMs: 5000, maxBytes: 100})).toMatchObject({body: 'grün'})
    expect(asked).toMatch(/^GET \/config_dump\?a=b HTTP\/1\.1\r\n/)
    expect(asked).toContain('\r\nhost: localhost\r\n')
    expect(asked).not.toContain('bearer-token')
  })

  test.each<[string, (side: Side) => void, RegExp]>([
    ['a body without end', ({data}) => data(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`), /bigger than 1000 bytes/],
    [
      'a body that breaks off',
      ({data, socket}) => {
        data('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf')
        socket.close()
      },
      /aborted|hang up/,
    ],
    ['bytes that are no HTTP', ({data}) => data('SSH-2.0-x\r\n\r\n'), /Parse Error/],
    ['silence', () => {}, /no answer within 0 s|no answer within 1 s/],
    ['a redirect, which is not followed', ({data}) => data('HTTP/1.1 302 F\r\nLocation: /secrets\r\nContent-Length: 0\r\n\r\n'), /^302$/],
  ])('%s', async (_title, speak, expected) => {
    behave = (side, message) => message && speak(side)
    const kube = await connect()
    const got = await kube.forwardedGet(target, '/x', {timeoutMs: 400, maxBytes: 1000}).then(
      ({status}) => String(status),
      (thrown: Error) => thrown.message,
    )
    expect(got).toMatch(expected)
  })
})

test('a server below a path, with impersonation, is reached there', async () => {
  behave = ({data}, message) => message && data(answer('well'))
  const kube = await connect({token: 'bearer-token-1', as: 'jane', 'as-groups': ['a', 'b']}, {}, '/clusters/one')
  await kube.forwardedGet(target, '/x', {timeoutMs: 5000, maxBytes: 100})
  expect(seen).toMatchObject([
    {
      url: '/clusters/one/api/v1/namespaces/shop/pods/web-1/portforward?ports=15000',
      headers: {'impersonate-user': 'jane', 'impersonate-group': 'a, b'},
    },
  ])
})

test('the way leads through the proxy of the kubeconfig', async () => {
  const proxy = await tunnelProxy()
  behave = ({data}, message) => message && data(answer('well'))
  const io = fakeIo()
  const kubeconfig = {
    'current-context': 'dev',
    clusters: [{name: 'dev', cluster: {server: address, 'proxy-url': proxy.url, ...ca}}],
    users: [{name: 'dev', user: {token: 'bearer-token-1'}}],
    contexts: [{name: 'dev', context: {cluster: 'dev', user: 'dev'}}],
  }
  const transport = await openTransport(chosenFrom(kubeconfigFrom(JSON.stringify(kubeconfig), 'kubeconfig'), '', 'kubeconfig'), io)
  const kube = kubeOver(transport, {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: () => {}})
  expect((await kube.forwardedGet(target, '/x', {timeoutMs: 5000, maxBytes: 100})).body).toBe('well')
  expect(proxy.targets).toEqual([address.replace('https://', '')])
})

function once(stream: NodeJS.ReadableStream): Promise<Buffer[]> {
  return new Promise((resolve) => stream.once('data', (chunk: Buffer) => resolve([chunk])))
}
