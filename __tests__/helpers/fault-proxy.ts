import {readFileSync} from 'node:fs'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {Agent, createServer, request as httpsRequest} from 'node:https'
import type {AddressInfo, Socket} from 'node:net'
import {join} from 'node:path'
import type {Bed} from '../../testbed/bed.ts'

/** How an answer of the API server is spoilt. */
export type FaultKind =
  | 'latency'
  | 'reset'
  | 'reset mid-body'
  | 'half-closed'
  | 'truncated'
  | 'login page'
  | '429'
  | '500'
  | '503'
  | '410 on continue'
  | 'watch cut'
  | 'hang'
  | 'slow drip'

/** Which requests are spoilt, and how often each: by method and path, `times` for every path of its own. */
export interface Fault {
  kind: FaultKind
  on: (request: {method: string; path: string; agent: string}) => boolean
  times: number
}

/** A proxy in front of a bed's API server. */
export interface FaultProxy {
  /** Text of a kubeconfig that leads through the proxy. */
  kubeconfig: string
  server: string
  /** How many requests were spoilt. */
  spoilt(): number
  close(): Promise<void>
}

/**
 * Ends TLS on 127.0.0.1 with the bed's own certificate and asks the real API server as its administrator; spoils what the fault says. Lists are
 * cut into pages of one where the fault is about continue tokens, for a bed has too few objects for pages of 500.
 */
export async function faultProxy(bed: Bed, fault: Fault | null): Promise<FaultProxy> {
  const pki = (name: string) => readFileSync(join(bed.runDir, 'pki', name))
  const upstream = {agent: new Agent({keepAlive: true, ca: pki('ca.crt'), cert: pki('admin.crt'), key: pki('admin.key'), maxSockets: 64})}
  const target = new URL(bed.apiServer)
  const sockets = new Set<Socket>()
  const spent = new Map<string, number>()
  let spoilt = 0

  const isHit = (request: IncomingMessage): boolean => {
    const [method, path] = [request.method ?? '', request.url ?? '']
    if (fault === null || !fault.on({method, path, agent: request.headers['user-agent'] ?? ''})) return false
    if (fault.kind === '410 on continue' && !path.includes('continue=')) return false
    if (fault.kind === 'watch cut' && !/[?&]watch=(1|true)/.test(path)) return false
    const key = `${method} ${path.split('?')[0]}`
    const used = spent.get(key) ?? 0
    if (used >= fault.times) return false
    spent.set(key, used + 1)
    spoilt++
    return true
  }

  const forward = (request: IncomingMessage) => {
    const path = fault?.kind === '410 on continue' ? (request.url ?? '').replace('limit=500', 'limit=1') : request.url
    return httpsRequest({
      host: target.hostname,
      port: target.port,
      method: request.method,
      path,
      headers: {...request.headers, host: target.host},
      ...upstream,
    })
  }

  const server = createServer({cert: pki('artifacts.crt'), key: pki('artifacts.key')}, (request, response) => {
    const hit = isHit(request)
    if (hit && refuse(fault as Fault, request, response)) return
    const asked = forward(request)
    asked.on('error', () => request.socket.destroy())
    asked.on('response', (answer) => {
      if (!hit) {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
        answer.on('error', () => request.socket.destroy())
        return
      }
      spoil((fault as Fault).kind, answer, request, response)
    })
    const begin = () => request.pipe(asked)
    if (hit && fault?.kind === 'latency') setTimeout(begin, 400)
    else begin()
  })
  // Probes ask for an upgrade that the API server declines, port-forwards get theirs.
  server.on('upgrade', (request, duplex, head) => {
    const socket = duplex as Socket
    socket.on('error', () => {})
    if (isHit(request)) {
      const {kind} = fault as Fault
      if (kind === 'hang' || kind === 'slow drip') return
      if (['429', '500', '503'].includes(kind))
        return void socket.end(`HTTP/1.1 ${kind} Fault\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n`)
      if (kind !== 'latency') return void socket.destroy()
    }
    const asked = forward(request)
    asked.on('error', () => socket.destroy())
    asked.on('response', (answer) => {
      socket.write(headOf(answer))
      answer.pipe(socket)
    })
    asked.on('upgrade', (answer, other, otherHead) => {
      socket.write(headOf(answer))
      socket.write(otherHead)
      other.write(head)
      other.on('error', () => socket.destroy())
      socket.pipe(other).pipe(socket)
    })
    asked.end()
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    server: address,
    kubeconfig: readFileSync(bed.kubeconfig, 'utf8').replaceAll(bed.apiServer, address),
    spoilt: () => spoilt,
    async close() {
      for (const socket of sockets) socket.destroy()
      upstream.agent.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** What is answered without asking the API server; false where it is to be asked. */
function refuse({kind}: Fault, request: IncomingMessage, response: ServerResponse): boolean {
  const status = (code: number, reason: string, more: Record<string, string> = {}) => {
    request.resume()
    response.writeHead(code, {'content-type': 'application/json', ...more})
    response.end(JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `injected: ${reason}`, reason, code}))
    return true
  }
  switch (kind) {
    case 'reset':
      request.socket.destroy()
      return true
    case 'hang':
      return true
    case '429':
      return status(429, 'TooManyRequests', {'retry-after': '1'})
    case '500':
      return status(500, 'InternalError')
    case '503':
      return status(503, 'ServiceUnavailable')
    case '410 on continue':
      return status(410, 'Expired')
    case 'login page':
      request.resume()
      response.writeHead(200, {'content-type': 'text/html'})
      response.end('<html><body>Please log in</body></html>')
      return true
    default:
      return false
  }
}

function spoil(kind: FaultKind, answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
  if (kind === 'watch cut') {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    setTimeout(() => request.socket.destroy(), 300)
    return
  }
  const chunks: Buffer[] = []
  answer.on('data', (chunk: Buffer) => chunks.push(chunk))
  answer.on('error', () => request.socket.destroy())
  answer.on('end', () => {
    const body = Buffer.concat(chunks)
    const {'transfer-encoding': _chunked, ...headers} = answer.headers
    const half = body.subarray(0, Math.floor(body.length / 2))
    const head = (length: number) => response.writeHead(answer.statusCode ?? 502, {...headers, 'content-length': length})
    if (kind === 'latency') return void head(body.length).end(body)
    if (kind === 'truncated') return void head(half.length).end(half)
    head(body.length)
    if (kind === 'slow drip') return drip(body, response)
    response.write(half)
    // Given a moment, so that the half arrives before the end does.
    setTimeout(() => (kind === 'half-closed' ? request.socket.end() : request.socket.destroy()), 20)
  })
}

/** Twenty bytes each tenth of a second: never idle, and minutes for the shortest list. */
function drip(body: Buffer, response: ServerResponse): void {
  let at = 0
  const timer = setInterval(() => {
    if (at >= body.length || response.destroyed) {
      clearInterval(timer)
      response.end()
      return
    }
    response.write(body.subarray(at, at + 20))
    at += 20
  }, 100)
  timer.unref()
}

function headOf(answer: IncomingMessage): string {
  const lines = []
  for (let at = 0; at < answer.rawHeaders.length; at += 2) lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`)
  return `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`
}
