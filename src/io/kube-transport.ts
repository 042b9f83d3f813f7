import http from 'node:http'
import https from 'node:https'
import {text} from 'node:stream/consumers'
import {createGunzip} from 'node:zlib'
import WebSocket from 'ws'
import type {Files, Runner, Shell} from './io.ts'
import {material, openSession, type Session} from './kube-session.ts'
import {type Chosen, textOf} from './kubeconfig-text.ts'
import {proxyFor} from './proxy.ts'

/** One exchange with the API server; `path` is absolute below the server's own path and may hold a query. */
export interface KubeRequest {
  method: string
  path: string
  body?: string
  contentType?: string
}

/** The whole answer to one exchange, decompressed. */
export interface KubeAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
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
  let opening: Promise<void> | null = null

  const renewed = async () => {
    const next = await openSession(chosen, door)
    if (next.certificate !== session.certificate || next.key !== session.key) {
      agent.destroy()
      agent = agentOf(server, next, connectTo)
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
    await fresh()
    const address = `${server.origin.replace(/^http/, 'ws')}${server.pathname.replace(/\/$/, '')}${path}`
    const headers = {'user-agent': userAgent, ...session.headers} as Record<string, string>
    return new WebSocket(address, protocol, {agent, headers, handshakeTimeout: timeoutMs, perMessageDeflate: false, ...servername})
  }
  return {
    server: cluster.server,
    kubeconfig: () => textOf({...chosen, user: session.user}),
    open,
    socket,
    async send({method, path, body, contentType = 'application/json'}, signal) {
      const sending = body === undefined ? {} : {'content-type': contentType, 'content-length': Buffer.byteLength(body)}
      const request = await open(method, path, {accept: 'application/json', 'accept-encoding': 'gzip', ...sending})
      return exchange(request, body, signal)
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
  {ca, proxy, insecure}: {ca: string; proxy: string | null; insecure: boolean},
): http.Agent {
  const pool = {keepAlive: true, maxSockets, ...(proxy ? {proxyEnv: {HTTPS_PROXY: proxy, HTTP_PROXY: proxy}} : {})}
  if (server.protocol === 'http:') return new http.Agent(pool)
  return new https.Agent({
    ...pool,
    ...(ca === '' ? {} : {ca}),
    ...(certificate === '' ? {} : {cert: certificate, key}),
    rejectUnauthorized: !insecure,
  })
}

async function exchange(request: http.ClientRequest, body: string | undefined, signal: AbortSignal): Promise<KubeAnswer> {
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
    const zipped = response.headers['content-encoding'] === 'gzip'
    // compose, unlike pipe, carries the source's error to the reader.
    const whole = await text(zipped ? response.compose(createGunzip()) : response)
    return {status: response.statusCode ?? 0, headers: response.headers, body: whole}
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

const userAgent = 'istio-mtls-action'
const maxSockets = 32
const idleMs = 60_000
