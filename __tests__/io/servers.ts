import {execFileSync} from 'node:child_process'
import http from 'node:http'
import https from 'node:https'
import {type AddressInfo, connect} from 'node:net'
import {afterAll} from '@jest/globals'

/** A local server for one test file: `answer` decides, `seen` records; closed when the file's tests are done. */
export interface TestServer {
  url: string
  seen: {method: string; path: string; headers: http.IncomingHttpHeaders; body: string}[]
  answer: (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void
}

/** Starts a server on a free port of 127.0.0.1; with `certificate` it speaks TLS. */
export async function serve(answer: TestServer['answer'], certificate?: {cert: string; key: string}): Promise<TestServer> {
  const listener: http.RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const {method = '', url = '', headers} = request
    test.seen.push({method, path: url, headers, body})
    test.answer(request, response, body)
  }
  const server = certificate ? https.createServer(certificate, listener) : http.createServer(listener)
  const port = await listen(server)
  const test: TestServer = {url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`, seen: [], answer}
  return test
}

/** Answers with JSON. */
export function json(response: http.ServerResponse, status: number, value: unknown, headers: http.OutgoingHttpHeaders = {}): void {
  response.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(value))
}

/** A forward proxy that only tunnels, and the targets it was asked for. */
export async function tunnelProxy(): Promise<{url: string; targets: string[]}> {
  const targets: string[] = []
  const server = http.createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (request, socket) => {
    targets.push(request.url ?? '')
    const [host = '', port] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  return {url: `http://127.0.0.1:${await listen(server)}`, targets}
}

/** A self-signed certificate for 127.0.0.1. */
export function selfSigned(): {cert: string; key: string} {
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const pem = execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      '-',
      '-out',
      '-',
    ],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const certificateAt = pem.indexOf('-----BEGIN CERTIFICATE')
  return {key: pem.slice(0, certificateAt), cert: pem.slice(certificateAt)}
}

const open: http.Server[] = []
afterAll(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(server: http.Server): Promise<number> {
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
