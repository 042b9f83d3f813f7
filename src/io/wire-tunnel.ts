import {type ClientHttp2Session, type ClientHttp2Stream, connect} from 'node:http2'
import type {Duplex} from 'node:stream'
import {text} from 'node:stream/consumers'
import type {Dial, Tunnel} from './io.ts'

/**
 * TCP connections from the far end of one stream, where Envoy takes HTTP/2 CONNECT (observe/prober-envoy.ts) and dials the address of header
 * `x-istio-mtls-target`. A broken session is opened anew for the next connection; connections that it carried are lost, never closed by their targets.
 */
export function tunnel(open: () => Promise<Duplex>): Tunnel {
  let opening: Promise<ClientHttp2Session> | null = null
  const session = () => {
    opening ??= sessionOver(open).then(
      (ready) => {
        ready.once('close', () => {
          opening = null
        })
        return ready
      },
      (thrown) => {
        opening = null
        throw thrown
      },
    )
    return opening
  }
  const dial: Dial = async (address, port, {timeoutMs}) => {
    const carrier = await session()
    const target = `${address.includes(':') ? `[${address}]` : address}:${port}`
    const stream = carrier.request({':method': 'CONNECT', ':authority': target, 'x-istio-mtls-target': target})
    const status = await answered(stream, timeoutMs)
    if (status === 200) return {stream, isLost: () => carrier.destroyed || carrier.closed}
    if (status === null) return {unreached: `no connection within ${timeoutMs / 1000} s`}
    const said = await text(stream).catch(() => '')
    const failed = status === 503 ? unreachedText(said) : null
    if (failed === null) throw new Error(`the prober answered ${status}: ${said.slice(0, 160)}`)
    return {unreached: failed}
  }
  return {
    dial,
    close() {
      const ready = opening
      opening = null
      void ready?.then((each) => each.destroy()).catch(() => {})
    },
  }
}

async function sessionOver(open: () => Promise<Duplex>): Promise<ClientHttp2Session> {
  const carrier = await open()
  const session = connect('http://prober', {createConnection: () => carrier})
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => session.destroy(new Error(`the prober did not greet within ${greetingMs / 1000} s`)), greetingMs)
    session.once('remoteSettings', () => resolve())
    session.once('error', reject)
    session.once('close', () => reject(new Error('the prober hung up')))
    session.once('close', () => clearTimeout(timer))
    session.once('remoteSettings', () => clearTimeout(timer))
  })
  session.on('error', () => {})
  return session
}

/** The status of a CONNECT; null when none came in time. */
function answered(stream: ClientHttp2Stream, timeoutMs: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stream.destroy()
      resolve(null)
    }, timeoutMs)
    stream.once('response', (headers) => {
      clearTimeout(timer)
      resolve(Number(headers[':status']))
    })
    stream.on('error', reject)
    stream.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the prober hung up before it had connected'))
    })
  })
}

/** Envoy's words for an upstream that could not be connected (source/common/http/utility.cc), without its own preamble. */
function unreachedText(body: string): string | null {
  if (!/reset reason: (?:remote connection failure|connection timeout|local connection failure)/.test(body)) return null
  if (/connection timeout/.test(body)) return 'connection timed out'
  const [, cause = ''] = /(?:delayed connect error|immediate connect error): ([\w ]+)/.exec(body) ?? []
  return (cause || 'connection failed').toLowerCase()
}

const greetingMs = 10_000
