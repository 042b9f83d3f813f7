import type {ClientHttp2Session, ClientHttp2Stream} from 'node:http2'
import type {Duplex} from 'node:stream'
import type {Dial, Tunnel} from './wire-forms.ts'
import {after} from './timer.ts'

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
    const answer = await answered(stream, timeoutMs)
    if (answer === null) return {unreached: `no connection within ${timeoutMs / 1000} s`}
    if (answer.status === 200) return {stream, isLost: () => carrier.destroyed || carrier.closed}
    stream.destroy()
    const unreached = unreachedText(answer.proxyStatus)
    if (unreached === null) throw new Error(`the prober answered ${answer.status} ${answer.proxyStatus.slice(0, 160)}`)
    return {unreached}
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
  const {connect} = await import('node:http2')
  const carrier = await open()
  const session = connect('http://prober', {createConnection: () => carrier})
  await new Promise<void>((resolve, reject) => {
    const timer = after(greetingMs, () => session.destroy(new Error(`the prober did not greet within ${greetingMs / 1000} s`)))
    session.once('remoteSettings', () => resolve())
    session.once('error', reject)
    session.once('close', () => reject(new Error('the prober hung up')))
    session.once('close', () => clearTimeout(timer))
    session.once('remoteSettings', () => clearTimeout(timer))
  })
  session.on('error', () => {})
  return session
}

/** The answer to a CONNECT; null when none came in time. */
function answered(stream: ClientHttp2Stream, timeoutMs: number): Promise<{status: number; proxyStatus: string} | null> {
  return new Promise((resolve, reject) => {
    const timer = after(timeoutMs, () => {
      stream.destroy()
      resolve(null)
    })
    stream.once('response', (headers) => {
      clearTimeout(timer)
      resolve({status: Number(headers[':status']), proxyStatus: String(headers['proxy-status'] ?? '')})
    })
    stream.on('error', reject)
    stream.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the prober hung up before it had connected'))
    })
  })
}

/** What Envoy's `proxy-status` (RFC 9209) says of a target that it could not connect to; null when it speaks of something else. */
function unreachedText(proxyStatus: string): string | null {
  if (
    !/; error=(?:connection_refused|connection_timeout|connection_terminated|destination_unavailable|destination_ip_unroutable)\b/.test(
      proxyStatus,
    )
  ) {
    return null
  }
  const [, cause = ''] = /connect_error:_?([\w ]+)/.exec(proxyStatus) ?? []
  if (cause !== '') return cause.replaceAll('_', ' ').trim().toLowerCase()
  return /; error=connection_timeout\b/.test(proxyStatus) ? 'connection timed out' : 'connection failed'
}

const greetingMs = 10_000
