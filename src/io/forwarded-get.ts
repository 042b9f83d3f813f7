import http from 'node:http'
import type {Duplex} from 'node:stream'
import type {ForwardedAnswer} from './io.ts'
import {after} from './timer.ts'

/**
 * One HTTP GET over a stream of its own, which it ends: no redirect is followed, no cookie sent. Rejects with a plain Error: the stream's
 * words, `no answer within … s` for the whole exchange, or that the body is bigger than `maxBytes` or broke off. The body is UTF-8.
 */
export function forwardedGet(
  stream: Duplex,
  path: string,
  {timeoutMs, maxBytes}: {timeoutMs: number; maxBytes: number},
): Promise<ForwardedAnswer> {
  return new Promise((resolve, reject) => {
    const end = (error: Error | null) => {
      clearTimeout(timer)
      if (error !== null) reject(error)
      stream.destroy()
    }
    const timer = after(timeoutMs, () => end(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)))
    // Told by the stream itself: node's client reports every early end as `socket hang up`.
    stream.once('error', end)
    const request = http.request({createConnection: () => stream, path, headers: {host: 'localhost', 'user-agent': userAgent}})
    request.once('error', end)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxBytes) end(new Error(`the answer is bigger than ${maxBytes} bytes`))
      })
      response.once('error', end)
      response.once('end', () => {
        const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value ?? '')]))
        resolve({status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8')})
        end(null)
      })
    })
    request.end()
  })
}

const userAgent = 'istio-mtls-action'
