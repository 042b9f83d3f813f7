import {createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream} from 'node:http2'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import {type Duplex, PassThrough} from 'node:stream'
import {createServer as createTlsServer, type TlsOptions} from 'node:tls'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import type {Dialed, Greeting, Heard} from '../../src/io/io.ts'
import {liveWire} from '../../src/io/wire-live.ts'
import {authority, type Issued, workload} from '../helpers/mesh-pki.ts'

const wire = liveWire()
const servers: (Server | Http2Server)[] = []
let root: Issued
let leaf: Issued

beforeAll(() => {
  root = authority('cluster.local')
  leaf = workload(['spiffe://cluster.local/ns/shop/sa/cart'], root)
}, 30_000)

afterAll(() => {
  for (const server of servers) server.close()
})

describe('a plain exchange', () => {
  const ask = async (serve: (socket: Socket) => void, options = {}): Promise<Heard> => {
    const {stream} = await opened(await plainServer(serve))
    return wire.exchange(stream, 'GET / HTTP/1.1\r\n\r\n', {timeoutMs: 1000, maxBytes: 64, ...options})
  }

  test('ends with the first line', async () => {
    expect(await ask((socket) => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nServer: x\r\n')))).toMatchObject({
      bytes: expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n/),
      end: 'enough',
    })
  })

  test('goes on until what was asked for', async () => {
    const reply = 'HTTP/1.1 200 OK\r\nx-envoy-upstream-service-time: 1\r\n\r\n'
    const halves = (socket: Socket) =>
      void socket.once('data', () => {
        socket.write(reply.slice(0, 20))
        setTimeout(() => socket.write(reply.slice(20)), 20)
      })
    expect(await ask(halves, {until: '\r\n\r\n', maxBytes: 2048})).toEqual({bytes: reply, end: 'enough'})
  })

  test('cuts endless bytes without a line, and hangs up', async () => {
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve
    })
    const endless = (socket: Socket) => {
      const timer = setInterval(() => socket.write('y'.repeat(50)), 1)
      socket.on('error', () => {})
      socket.once('close', () => {
        clearInterval(timer)
        closed()
      })
    }
    expect(await ask(endless)).toEqual({bytes: 'y'.repeat(64), end: 'enough'})
    await isClosed
  })

  test.each<[string, (socket: Socket) => void, Heard]>([
    ['hears who speaks first', (socket) => socket.write('220 ready\n'), {bytes: '220 ready\n', end: 'enough'}],
    ['tells the end', (socket) => socket.end(), {bytes: '', end: 'closed'}],
    ['tells a reset', (socket) => void socket.once('data', () => socket.resetAndDestroy()), {bytes: '', end: 'reset'}],
    [
      'keeps what came before a reset',
      (socket) => void socket.write('half', () => setTimeout(() => socket.resetAndDestroy(), 20)),
      {bytes: 'half', end: 'reset'},
    ],
    ['gives up on silence', () => {}, {bytes: '', end: 'late'}],
  ])('%s', async (_title, serve, heard) => {
    expect(await ask(serve, {timeoutMs: 300})).toEqual(heard)
  })
})

describe('a TLS greeting without a certificate', () => {
  const greet = async (port: number, options = {}): Promise<Greeting> => {
    const {stream} = await opened(port)
    return wire.greet(stream, {alpn: ['h2', 'http/1.1'], timeoutMs: 1000, ...options})
  }
  const mutual = () => ({cert: leaf.cert + root.cert, key: leaf.key, ca: root.cert, requestCert: true, rejectUnauthorized: true})

  test('hears the demand that comes after the handshake, and sees the chain', async () => {
    const greeting = await greet(await tlsServer(mutual()))
    expect(greeting).toMatchObject({protocol: 'TLSv1.3', alert: 116, accepted: false})
    expect(greeting.chain).toHaveLength(2)
    expect(greeting.chain.map((pem) => pem.replace(/\s/g, ''))).toEqual([leaf.cert, root.cert].map((pem) => pem.replace(/\s/g, '')))
  })

  test('meets handshake failure where TLS 1.2 is the ceiling', async () => {
    expect(await greet(await tlsServer({...mutual(), maxVersion: 'TLSv1.2'}))).toMatchObject({protocol: '', alert: 40, chain: []})
  })

  test.each<[string, () => TlsOptions, object]>([
    ['TLS 1.3', () => ({cert: leaf.cert, key: leaf.key}), {protocol: 'TLSv1.3', accepted: true, alert: null}],
    ['TLS 1.2', () => ({cert: leaf.cert, key: leaf.key, maxVersion: 'TLSv1.2'}), {protocol: 'TLSv1.2', accepted: true, alert: null}],
    [
      'a certificate that is only wished for',
      () => ({...mutual(), rejectUnauthorized: false}),
      {protocol: 'TLSv1.3', accepted: true, alert: null},
    ],
    ['other protocols', () => ({cert: leaf.cert, key: leaf.key, ALPNProtocols: ['smtp']}), {protocol: '', accepted: false, alert: 120}],
    [
      'versions before 1.2',
      () => ({cert: leaf.cert, key: leaf.key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1'}),
      {protocol: '', accepted: false},
    ],
  ])('%s', async (_title, options, expected) => {
    expect(await greet(await tlsServer(options()))).toMatchObject(expected)
  })

  test.each<[string, (socket: Socket) => void, Partial<Greeting>]>([
    [
      'plain text',
      (socket) => void socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      {bytes: expect.stringMatching(/^HTTP\/1\.1 400/) as unknown as string},
    ],
    ['an echo', (socket) => void socket.pipe(socket), {bytes: expect.stringContaining('\x16\x03\x01') as unknown as string, protocol: ''}],
    ['the end', (socket) => socket.end(), {bytes: '', end: 'closed'}],
    ['a reset', (socket) => void socket.once('data', () => socket.resetAndDestroy()), {bytes: '', end: 'reset'}],
    ['silence', () => {}, {bytes: '', end: 'late'}],
  ])('meets %s', async (_title, serve, expected) => {
    expect(await greet(await plainServer(serve), {timeoutMs: 300})).toMatchObject(expected)
  })
})

describe('dialing from here', () => {
  test('says in words why not', async () => {
    const port = await plainServer(() => {})
    await new Promise((done) => servers.pop()?.close(done))
    expect(await wire.dial('127.0.0.1', port, {timeoutMs: 1000})).toEqual({unreached: 'connection refused'})
  })

  test('takes an address of either family', async () => {
    const server = createServer((socket) => socket.end('six\n'))
    const port = await listening(server, '::1')
    const dialed = await wire.dial('::1', port, {timeoutMs: 1000})
    expect(await wire.exchange(streamOf(dialed), '', {timeoutMs: 1000, maxBytes: 64})).toEqual({bytes: 'six\n', end: 'enough'})
  })
})

describe('dialing through a prober', () => {
  test('each connection goes to its own address, all over one stream', async () => {
    const {open, streams} = await prober((stream, target) => {
      stream.respond({':status': 200})
      stream.end(`to ${target}\n`)
    })
    const tunnel = wire.tunnel(open)
    const answers = await Promise.all(
      [
        ['10.0.0.1', 80],
        ['fd00::2', 8080],
      ].map(async ([address, port]) => {
        const dialed = await tunnel.dial(String(address), Number(port), {timeoutMs: 1000})
        return wire.exchange(streamOf(dialed), '', {timeoutMs: 1000, maxBytes: 64})
      }),
    )
    expect(answers.map(({bytes}) => bytes)).toEqual(['to 10.0.0.1:80\n', 'to [fd00::2]:8080\n'])
    expect(streams()).toBe(1)
    tunnel.close()
  })

  test('carries a whole TLS handshake', async () => {
    const port = await tlsServer({cert: leaf.cert, key: leaf.key, ca: root.cert, requestCert: true, rejectUnauthorized: true})
    const {open} = await prober((stream) => {
      const upstream = connect(port, '127.0.0.1')
      upstream.on('error', () => stream.close())
      stream.respond({':status': 200})
      stream.pipe(upstream).pipe(stream)
    })
    const tunnel = wire.tunnel(open)
    const dialed = await tunnel.dial('10.0.0.1', 443, {timeoutMs: 1000})
    expect(await wire.greet(streamOf(dialed), {alpn: ['http/1.1'], timeoutMs: 2000})).toMatchObject({alert: 116, protocol: 'TLSv1.3'})
    tunnel.close()
  })

  test.each([
    [
      'envoy; error=connection_refused; details="upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}; UF"',
      'connection refused',
    ],
    [
      'envoy; error=connection_terminated; details="upstream_reset_before_response_started{remote_connection_failure|immediate_connect_error:_Network_is_unreachable}; UF"',
      'network is unreachable',
    ],
    ['envoy; error=connection_timeout; details="x"', 'connection timed out'],
  ])('tells why a target cannot be reached: %s', async (proxyStatus, unreached) => {
    const {open} = await prober((stream) => stream.respond({':status': 503, 'proxy-status': proxyStatus}, {endStream: true}))
    const tunnel = wire.tunnel(open)
    expect(await tunnel.dial('10.0.0.1', 80, {timeoutMs: 1000})).toEqual({unreached})
    tunnel.close()
  })

  test('a prober that answers anything else has failed, not its target', async () => {
    const {open} = await prober((stream) => stream.respond({':status': 404}, {endStream: true}))
    const tunnel = wire.tunnel(open)
    await expect(tunnel.dial('10.0.0.1', 80, {timeoutMs: 1000})).rejects.toThrow('the prober answered 404')
    tunnel.close()
  })

  test('a target that resets is told from a prober that breaks', async () => {
    const {open, carriers} = await prober((stream, target) => {
      stream.respond({':status': 200})
      if (target.startsWith('10.0.0.1')) setTimeout(() => stream.close(2), 20)
      else setTimeout(() => carriers.at(-1)?.destroy(), 20)
    })
    const tunnel = wire.tunnel(open)
    for (const [address, isLost] of [
      ['10.0.0.1', false],
      ['10.0.0.2', true],
    ] as const) {
      const dialed = await tunnel.dial(address, 80, {timeoutMs: 1000})
      expect(await wire.exchange(streamOf(dialed), 'x', {timeoutMs: 1000, maxBytes: 64})).toMatchObject({bytes: ''})
      expect('isLost' in dialed && dialed.isLost?.()).toBe(isLost)
    }
    tunnel.close()
  })

  test('a broken stream is opened anew for the next connection', async () => {
    const {open, carriers, streams} = await prober((stream) => {
      stream.respond({':status': 200})
      stream.end('ok\n')
    })
    const tunnel = wire.tunnel(open)
    await tunnel.dial('10.0.0.1', 80, {timeoutMs: 1000})
    carriers[0]?.destroy()
    await new Promise((done) => setTimeout(done, 50))
    const dialed = await tunnel.dial('10.0.0.1', 80, {timeoutMs: 1000})
    expect(await wire.exchange(streamOf(dialed), '', {timeoutMs: 1000, maxBytes: 64})).toMatchObject({bytes: 'ok\n'})
    expect(streams()).toBe(2)
    tunnel.close()
  })

  test('a door that does not open is the reason', async () => {
    const tunnel = wire.tunnel(async () => Promise.reject(new Error('pods "p" is forbidden')))
    await expect(tunnel.dial('10.0.0.1', 80, {timeoutMs: 1000})).rejects.toThrow('forbidden')
    const dead = wire.tunnel(async () => new PassThrough().destroy())
    await expect(dead.dial('10.0.0.1', 80, {timeoutMs: 1000})).rejects.toThrow()
  })
})

/** A stand-in for the prober's Envoy: takes HTTP/2 CONNECT on 127.0.0.1. */
async function prober(answer: (stream: ServerHttp2Stream, target: string) => void) {
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    expect(headers[':method']).toBe('CONNECT')
    answer(stream, String(headers['x-istio-mtls-target']))
  })
  server.on('sessionError', () => {})
  const port = await listening(server)
  const carriers: Socket[] = []
  const open = async (): Promise<Duplex> => {
    const {stream} = await opened(port)
    carriers.push(stream as Socket)
    return stream
  }
  return {open, carriers, streams: () => carriers.length}
}

function plainServer(serve: (socket: Socket) => void): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => {})
      serve(socket)
    }),
  )
}

function tlsServer(options: TlsOptions): Promise<number> {
  const server = createTlsServer(options, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  return listening(server)
}

function listening(server: Server | Http2Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server)
  return new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as AddressInfo).port)))
}

async function opened(port: number): Promise<{stream: Duplex}> {
  return {stream: streamOf(await wire.dial('127.0.0.1', port, {timeoutMs: 1000}))}
}

function streamOf(dialed: Dialed): Duplex {
  if ('unreached' in dialed) throw new Error(dialed.unreached)
  return dialed.stream
}
