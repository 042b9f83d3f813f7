import {Duplex} from 'node:stream'
import type WebSocket from 'ws'
import {KubeFailure} from '../model/failure.ts'
import type {Clock, ForwardTarget} from './io.ts'
import {networkText, refusedBy} from './kube-failure.ts'
import type {Transport} from './kube-transport.ts'
import {codeOf, retryDelay} from './retry.ts'

/**
 * Opens a raw stream to a port of a pod's loopback (`create pods/portforward`), over the WebSocket form that every kubelet serves
 * (k8s.io/cri-streaming/pkg/streaming/portforward/websocket.go: channel 0 data, channel 1 errors, each begun by the port's number). Rejects with a
 * `KubeFailure` when the API server refuses; what may pass is tried again, and one 401 renews the credentials. What fails behind it, such as a closed port, destroys the stream with the kubelet's
 * words. The protocol knows no half-close: `end()` sends nothing, `destroy()` hangs up.
 */
export async function forward(
  transport: Transport,
  {namespace, pod, port}: ForwardTarget,
  timeoutMs: number,
  clock: Pick<Clock, 'ticks' | 'sleep'>,
): Promise<Duplex> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`
  const deadline = clock.ticks() + timeoutMs
  let mayRenew = true
  for (let next = 2; ; next++) {
    try {
      return channelStream(await opened(transport, path, Math.max(1, deadline - clock.ticks())))
    } catch (thrown) {
      if (!(thrown instanceof KubeFailure)) throw thrown
      if (thrown.status === 401 && mayRenew && transport.renew()) {
        mayRenew = false
        continue
      }
      // Nothing was sent to the pod yet, so what may pass is tried again.
      const delay = retryDelay({status: thrown.status, code: thrown.reason, retryAfter: ''}, next, Math.random())
      if (delay === null || clock.ticks() + delay >= deadline) throw thrown
      await clock.sleep(delay)
    }
  }
}

async function opened(transport: Transport, path: string, timeoutMs: number): Promise<WebSocket> {
  const request = {method: 'GET', path}
  const socket = await transport.socket(path, protocol, timeoutMs)
  // Nothing may be lost between the handshake and the reader.
  socket.once('open', () => socket.pause())
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.on('error', (error) => {
      const message = `port-forward could not be opened: ${networkText(error)}`
      reject(new KubeFailure(message, {status: 0, reason: codeOf(error), path, cause: error}))
    })
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, maxRefusal)
      })
      response.on('error', () => {})
      response.once('close', () => {
        reject(refusedBy({status: response.statusCode ?? 0, headers: response.headers, body}, request))
        socket.terminate()
      })
    })
  })
}

const protocol = 'v4.channel.k8s.io'
const maxRefusal = 16_384

function channelStream(socket: WebSocket): Duplex {
  /** Bytes of the port's number still to come, by channel. */
  const preamble = [2, 2]
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.send(Buffer.concat([dataChannel, chunk]), (error) => done(error ?? null))
    },
    destroy(error, done) {
      socket.terminate()
      done(error)
    },
  })
  socket.on('message', (message) => {
    const bytes = message as Buffer
    const channel = bytes[0] ?? 0
    const skipped = Math.min(preamble[channel] ?? 0, bytes.length - 1)
    preamble[channel] = (preamble[channel] ?? 0) - skipped
    const payload = bytes.subarray(1 + skipped)
    if (payload.length === 0) return
    if (channel === 1) stream.destroy(new Error(payload.toString('utf8')))
    else if (!stream.push(payload)) socket.pause()
  })
  socket.once('close', () => {
    if (!stream.destroyed) stream.push(null)
  })
  socket.once('error', (error) => stream.destroy(error))
  return stream
}

const dataChannel = Buffer.from([0])
