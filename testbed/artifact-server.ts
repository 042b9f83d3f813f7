import {appendFileSync, createReadStream, readFileSync, statSync} from 'node:fs'
import {type IncomingMessage, request, type ServerResponse} from 'node:http'
import {createServer} from 'node:https'
import {join, normalize} from 'node:path'

/** Where to listen, what to serve; the file named by the first argument holds it as JSON. */
interface Settings {
  address: string
  port: number
  certificate: string
  key: string
  /** Folder of `helm/` and `charts/`. */
  folder: string
  /** Base URL of the registry that answers below /v2/. */
  registry: string
  /** One JSON line per answered request. */
  accessLog: string
}

const settings = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as Settings

createServer({cert: readFileSync(settings.certificate), key: readFileSync(settings.key)}, (incoming, outgoing) => {
  logWhenDone(incoming, outgoing)
  const path = decodeURIComponent(new URL(incoming.url ?? '/', 'https://host').pathname)
  if (path === '/healthz') outgoing.end('ok')
  else if (path.startsWith('/v2/')) forward(incoming, outgoing)
  else serveFile(join(settings.folder, normalize(path)), incoming, outgoing)
}).listen(settings.port, settings.address)

function serveFile(file: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const size = sizeOf(file)
  if (size === undefined) return void outgoing.writeHead(404).end('not found\n')
  const type = file.endsWith('.yaml') ? 'application/yaml' : /\.t?gz$/.test(file) ? 'application/gzip' : 'text/plain'
  outgoing.writeHead(200, {'content-type': type, 'content-length': size})
  if (incoming.method === 'HEAD') outgoing.end()
  else createReadStream(file).pipe(outgoing)
}

function sizeOf(file: string): number | undefined {
  const stat = statSync(file, {throwIfNoEntry: false})
  return stat?.isFile() ? stat.size : undefined
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const call = request(settings.registry + incoming.url, {method: incoming.method, headers: incoming.headers}, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  call.on('error', (error) => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end(`${error.message}\n`)))
  incoming.pipe(call)
}

function logWhenDone(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.url === '/healthz') return
  const {method, url, headers} = incoming
  const time = new Date().toISOString()
  outgoing.on('close', () => {
    const line = {
      time,
      method,
      path: url,
      status: outgoing.statusCode,
      complete: outgoing.writableFinished,
      userAgent: headers['user-agent'],
    }
    appendFileSync(settings.accessLog, `${JSON.stringify(line)}\n`)
  })
}
