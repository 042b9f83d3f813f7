import type {Kube} from '../io/io.ts'
import type {ServedCertificate} from '../model/evidence.ts'
import {messageOf} from '../model/failure.ts'
import {type Scheme, type Seen, seenIn, seenInFailure} from './probe-answer.ts'

/** What to ask: a port of a pod at one of its addresses. */
export interface Target {
  namespace: string
  pod: string
  address: string
  port: number
  /** Was STRICT computed? Elsewhere a TLS greeting need not reach the application. */
  strict: boolean
}

/** One attempt at one port of one pod; never throws. */
export type Ask = (target: Target, scheme: Scheme, path?: string) => Promise<Seen & {served?: ServedCertificate}>

/** Milliseconds until the run's deadline; no attempt waits longer. */
export type Left = () => number

/** What an attempt sees that would begin past the deadline. */
export const outOfTime: Seen = {saw: 'unread', detail: 'the run was out of time'}

/** What every plain request asks for, unless it is a control's. */
export const probePath = '.well-known/istio-mtls-probe'

/**
 * Attempts through the API server's pod proxy, never followed, never retried, never throwing. Over TLS the request asks for an upgrade:
 * the API server then offers http/1.1 alone, and the peer's alert is not lost to an HTTP/2 preface (live-evidence.md, section 1).
 */
export function askThrough(
  kube: Kube,
  left: Left,
): (target: Pick<Target, 'namespace' | 'pod' | 'port'>, scheme: Scheme, path?: string) => Promise<Seen> {
  return async ({namespace, pod, port}, scheme, path = probePath) => {
    const name = `${scheme === 'tls' ? 'https:' : ''}${pod}:${port}`
    if (left() <= 0) return outOfTime
    const timeoutMs = Math.min(scheme === 'tls' ? 15_000 : 35_000, left())
    const options = {upgrade: scheme === 'tls', timeoutMs, maxBytes}
    try {
      return seenIn(scheme, await kube.probe(`/api/v1/namespaces/${namespace}/pods/${name}/proxy/${path}`, options))
    } catch (thrown) {
      return seenInFailure(messageOf(thrown))
    }
  }
}

/** Enough for a `Status` with its message; what is longer comes from a pod and says nothing more. */
const maxBytes = 1024
