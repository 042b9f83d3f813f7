import type {IncomingHttpHeaders, IncomingMessage} from 'node:http'
import type {RawAnswer} from './io.ts'
import {networkText} from './kube-failure.ts'
import type {Transport} from './kube-transport.ts'
import {after} from './timer.ts'

/**
 * One GET exactly as live-evidence.md, section 1, says: never retried, never redirected, no cookie; with `upgrade` the API server's
 * proxy speaks HTTP/1.1 to the pod. The status counts as answered even when the body breaks off.
 */
export async function probe(
  transport: Transport,
  path: string,
  {upgrade, timeoutMs, maxBytes}: {upgrade: boolean; timeoutMs: number; maxBytes: number},
): Promise<RawAnswer> {
  const request = await transport.open('GET', path, upgrade ? {connection: 'Upgrade', upgrade: 'istio-mtls-probe'} : {})
  return new Promise((resolve, reject) => {
    const timer = after(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(new Error(networkText(error), {cause: error}))
    })
    request.once('upgrade', (response, socket) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answerOf(response, ''))
    })
    request.once('response', (response) => {
      // What a pod itself answered to an upgrade is relayed raw (no Audit-Id), and the API server then hangs up without saying so.
      if (upgrade && response.headers['audit-id'] === undefined) request.shouldKeepAlive = false
      const chunks: Uint8Array[] = []
      let size = 0
      response.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= maxBytes) response.destroy()
      })
      response.on('error', () => {})
      response.once('close', () => {
        clearTimeout(timer)
        resolve(answerOf(response, Buffer.concat(chunks).subarray(0, maxBytes).toString('latin1')))
      })
    })
    request.end()
  })
}

function answerOf(response: IncomingMessage, body: string): RawAnswer {
  return {status: response.statusCode ?? 0, headers: textHeaders(response.headers), body}
}

function textHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]))
}
