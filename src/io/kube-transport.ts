import http from 'node:http'
import https from 'node:https'
import {buffer, text} from 'node:stream/consumers'
import {createGunzip, type Gunzip} from 'node:zlib'
import type WebSocket from 'ws'
import type {Files, Runner, Shell} from './io.ts'
import {statusText} from './kube-status.ts'
import {material, openSession, type Session} from './kube-session.ts'
import {type Chosen, textOf} from './kubeconfig-text.ts'
import {proxyFor} from './proxy.ts'

/** One exchange with the API server; `path` is absolute below the server's own path and may hold a query. */
export interface KubeRequest {
  method: string
  path: string
  body?: string
  contentType?: string
  /** Made anew for each attempt: takes a protobuf body as it comes; one in JSON is read as text all the same. */
  sink?: () => Sink
}

/** Where the bytes of a successful protobuf answer go; both throw a RangeError for bytes that are no such answer. */
export interface Sink {
  take(chunk: Uint8Array): void
  finish(): void
}

/** The whole answer to one exchange, decompressed. */
export interface KubeAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
  /** What took the body in place of `body`. */
  sink?: Sink
}

/** A pool of connections to one API server and the credentials to use it; it never retries. */
export interface Transport {
  server: string
  /** The kubeconfig of this connection with the credentials in force, no program left in it. */
  kubeconfig(): string
  /** Rejects with the network's error. */
  send(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer>
  /** A request not yet sent: for exchanges with rules of their own. */
  open(method: string, path: string, headers: http.OutgoingHttpHeaders): Promise<http.ClientRequest>
  /** A WebSocket that begins its handshake, with the credentials, TLS and proxy of every other request; no redirect is followed. */
  socket(path: string, protocol: string, timeoutMs: number): Promise<WebSocket>
  /** Forgets credentials that the server refused; false when there is no way to get others. */
  renew(): boolean
  close(): void
}

/** Opens the credentials; nothing is sent to the API server yet. */
export async function openTransport(chosen: Chosen, door: {files: Files; shell: Shell; runner: Runner}): Promise<Transport> {
  const {cluster, user} = chosen
  const server = new URL(cluster.server)
  const ca = await material(cluster['certificate-authority-data'], cluster['certificate-authority'], 'certificate-authority', door.files)
  const connectTo = {
    ca,
    proxy: cluster['proxy-url'] || proxyFor(server, door.runner.env),
    insecure: cluster['insecure-skip-tls-verify'] === true,
  }
  let session = await openSession(chosen, door)
  let agent = agentOf(server, session, connectTo)
  // An upgrade takes its connection along, and a kept one may be gone by then: each gets its own.
  let dialer = agentOf(server, session, {...connectTo, keepAlive: false})
  let opening: Promise<void> | null = null

  const renewed = async () => {
    const next = await openSession(chosen, door)
    if (next.certificate !== session.certificate || next.key !== session.key) {
      agent.destroy()
      agent = agentOf(server, next, connectTo)
      dialer = agentOf(server, next, {...connectTo, keepAlive: false})
    }
    session = next
  }
  const fresh = async () => {
    if (Date.now() < session.expires) return
    opening ??= renewed().finally(() => {
      opening = null
    })
    await opening
  }
  const servername = cluster['tls-server-name'] ? {servername: cluster['tls-server-name']} : {}
  const open: Transport['open'] = async (method, path, headers) => {
    await fresh()
    return (server.protocol === 'https:' ? https : http).request({
      method,
      agent,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || undefined,
      path: server.pathname.replace(/\/$/, '') + path,
      headers: {'user-agent': userAgent, ...session.headers, ...headers},
      ...servername,
    })
  }
  const socket: Transport['socket'] = async (path, protocol, timeoutMs) => {
    const {WebSocket} = await import('ws')
    await fresh()
    const address = `${server.origin.replace(/^http/, 'ws')}${server.pathname.replace(/\/$/, '')}${path}`
    const headers = {'user-agent': userAgent, ...session.headers} as Record<string, string>
    return new WebSocket(address, protocol, {agent: dialer, headers, handshakeTimeout: timeoutMs, perMessageDeflate: false, ...servername})
  }
  return {
    server: cluster.server,
    kubeconfig: () => textOf({...chosen, user: session.user}),
    open,
    socket,
    async send({method, path, body, contentType = 'application/json', sink}, signal) {
      const sending = body === undefined ? {} : {'content-type': contentType, 'content-length': Buffer.byteLength(body)}
      const request = await open(method, path, {...(sink === undefined ? acceptsJson : acceptsProtobuf), ...sending})
      return exchange(request, body, signal, sink)
    },
    renew() {
      if (!user.exec && !user.tokenFile) return false
      session = {...session, expires: 0}
      return true
    },
    close: () => agent.destroy(),
  }
}

function agentOf(
  server: URL,
  {certificate, key}: Session,
  {ca, proxy, insecure, keepAlive = true}: {ca: string; proxy: string | null; insecure: boolean; keepAlive?: boolean},
): http.Agent {
  const pool = {keepAlive, maxSockets, ...(proxy ? {proxyEnv: {HTTPS_PROXY: proxy, HTTP_PROXY: proxy}} : {})}
  if (server.protocol === 'http:') return new http.Agent(pool)
  return new https.Agent({
    ...pool,
    ...(ca === '' ? {} : {ca}),
    ...(certificate === '' ? {} : {cert: certificate, key}),
    rejectUnauthorized: !insecure,
  })
}

async function exchange(
  request: http.ClientRequest,
  body: string | undefined,
  signal: AbortSignal,
  sink: KubeRequest['sink'],
): Promise<KubeAnswer> {
  const abort = () => request.destroy(signal.reason as Error)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, {once: true})
  try {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      // Kept for the whole exchange: an error after the response must not go unheard.
      request.on('error', reject)
      request.setTimeout(idleMs, () =>
        request.destroy(Object.assign(new Error(`no answer within ${idleMs / 1000} s`), {code: 'ETIMEDOUT'})),
      )
      request.end(body)
    })
    const {statusCode: status = 0, headers} = response
    const zipped = headers['content-encoding'] === 'gzip'
    const plain = zipped ? unzipped(response) : response
    if (sink === undefined || !isProtobuf(headers)) return {status, headers, body: await text(plain)}
    if (status >= 300) return {status, headers, body: statusText(await buffer(plain))}
    const taking = sink()
    await drain(plain, taking)
    return {status, headers, body: '', sink: taking}
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * The source's error reaches the reader, which `pipe` alone does not do; the unzipper's own (an answer cut short) reaches it, too, and never
 * goes unheard: `compose` lets it end the process.
 */
function unzipped(response: http.IncomingMessage): Gunzip {
  const gunzip = createGunzip()
  gunzip.on('error', () => response.destroy())
  response.on('error', (error) => gunzip.destroy(error))
  response.pipe(gunzip)
  return gunzip
}

/** Not by async iteration: the API server's chunks are of 4 kB, tens of thousands of them. */
function drain(stream: NodeJS.ReadableStream, sink: Sink): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown) => {
      reject(thrown)
      ;(stream as http.IncomingMessage).destroy()
    }
    stream.on('data', (chunk: Uint8Array) => {
      try {
        sink.take(chunk)
      } catch (thrown) {
        fail(thrown)
      }
    })
    stream.on('error', reject)
    // Also of an answer that breaks off: then no end comes, and the error that node tells first has settled it.
    stream.on('close', () => reject(Object.assign(new Error('the connection closed within the answer'), {code: 'ECONNRESET'})))
    stream.on('end', () => {
      try {
        sink.finish()
        resolve()
      } catch (thrown) {
        fail(thrown)
      }
    })
  })
}

function isProtobuf({'content-type': type = ''}: http.IncomingHttpHeaders): boolean {
  return type.startsWith(protobuf)
}

const protobuf = 'application/vnd.kubernetes.protobuf'
const acceptsJson = {accept: 'application/json', 'accept-encoding': 'gzip'}
/** Not zipped: an API server zips slower than a common network carries what was not. */
const acceptsProtobuf = {accept: `${protobuf}, application/json`}
const userAgent = 'istio-mtls-action'
const maxSockets = 32
const idleMs = 60_000
