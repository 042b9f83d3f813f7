import type {Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {type Scheme, type Seen, seenIn, seenInFailure} from './probe-answer.ts'

/** One attempt at one port of one pod. */
export type Ask = (target: {namespace: string; pod: string; port: number}, scheme: Scheme, path?: string) => Promise<Seen>

/**
 * Attempts through the API server's pod proxy, never followed, never retried, never throwing. Over TLS the request asks for an upgrade:
 * the API server then offers http/1.1 alone, and the peer's alert is not lost to an HTTP/2 preface (live-evidence.md, section 1).
 */
export function askThrough(kube: Kube): Ask {
  return async ({namespace, pod, port}, scheme, path = '.well-known/istio-mtls-probe') => {
    const name = `${scheme === 'tls' ? 'https:' : ''}${pod}:${port}`
    const options = scheme === 'tls' ? {upgrade: true, timeoutMs: 15_000, maxBytes} : {upgrade: false, timeoutMs: 35_000, maxBytes}
    try {
      return seenIn(scheme, await kube.probe(`/api/v1/namespaces/${namespace}/pods/${name}/proxy/${path}`, options))
    } catch (thrown) {
      return seenInFailure(messageOf(thrown))
    }
  }
}

/** Enough for a `Status` with its message; what is longer comes from a pod and says nothing more. */
const maxBytes = 1024
