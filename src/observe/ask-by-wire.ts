import type {Dial, Io} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {type Ask, type Left, outOfTime, probePath, type Target} from './ask.ts'
import type {Seen} from './probe-answer.ts'
import type {ServedJudge} from './served.ts'
import {seenInGreeting, seenInHeard} from './wire-answer.ts'

/**
 * Attempts over TCP connections of our own, from wherever `dial` opens them. Where STRICT was computed the TLS greeting offers what any client offers, so that
 * only a STRICT port answers with the mesh's certificate; elsewhere it offers `istio` alone, which the proxy takes even under PERMISSIVE (rule 18).
 */
export function askByWire(dial: Dial, wire: Pick<Io['wire'], 'greet' | 'exchange'>, judge: ServedJudge, left: Left): Ask {
  return async (target, scheme, path = probePath) => {
    if (left() <= 0) return outOfTime
    const within = (timeoutMs: number) => ({timeoutMs: Math.max(1, Math.min(timeoutMs, left()))})
    try {
      const dialed = await dial(target.address, target.port, within(connectMs))
      if ('unreached' in dialed) return {saw: 'inconclusive', detail: `not connected: ${printable(dialed.unreached)}`}
      const {stream, isLost = () => false} = dialed
      if (scheme === 'tls') {
        const greeting = await wire.greet(stream, {alpn: target.strict ? clientAlpn : meshAlpn, ...within(greetMs)})
        if (isLost()) return lost
        const seen = seenInGreeting(greeting)
        if (greeting.chain.length === 0) return seen.saw === 'client-certificate' ? bare : seen
        return {...seen, served: judge(greeting.chain, target)}
      }
      const heard = await wire.exchange(stream, requestText(target, path), {...within(answerMs), maxBytes})
      return heard.bytes === '' && isLost() ? lost : seenInHeard(heard)
    } catch (thrown) {
      return {saw: 'unread', detail: `the prober could not ask: ${printable(messageOf(thrown))}`}
    }
  }
}

/** The whole plain request, byte for byte (docs/live-probes.md). */
export function requestText({address, port}: Pick<Target, 'address' | 'port'>, path: string): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `GET /${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: istio-mtls-action\r\nConnection: close\r\n\r\n`
}

/** A silence that our own path may have made. */
const lost: Seen = {saw: 'unread', detail: 'the connection to the prober broke'}

/** TLS 1.3 demands a certificate after it has served its own: an alert without one is bytes that any application can send. */
const bare: Seen = {saw: 'closed', detail: 'TLS alert 116 before any certificate was served'}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 160)
}

const clientAlpn = ['h2', 'http/1.1']
const meshAlpn = ['istio']
const connectMs = 10_000
const greetMs = 10_000
const answerMs = 15_000
const maxBytes = 256
