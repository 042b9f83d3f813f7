import type {InboundChain, RunningProxy} from '../model/delivered.ts'
import type {Capture} from './capture.ts'
import {HBONE} from './captured-port.ts'

/** What a proxy's ACTIVE listeners take on one port: a mode, `TLS` without a demand for the mesh's certificates, or `UNKNOWN` where nothing can be said. */
export interface DeliveredMode {
  mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'TLS' | 'UNKNOWN'
  /** One clause. */
  says: string
  /** When Envoy made the listener active, RFC 3339; '' when no listener was found. */
  updatedAt: string
}

/**
 * Reads a port's mode out of the running listeners (rules 18, 59, 60): Envoy takes the chains that name the port, else those that name none, and the listener's default chain
 * where none of them matches. Captured traffic meets the listener on 15006; without capture, and for the tunnel's port, the one bound to the port itself.
 */
export function deliveredMode(
  {listeners}: Pick<RunningProxy, 'listeners'>,
  capture: Pick<Capture, 'mode'> | null,
  port: number | null,
): DeliveredMode {
  const isCaptured = port !== HBONE && capture !== null && capture.mode !== 'NONE'
  const meeting = listeners.filter(
    (listener) => (isCaptured && listener.port === virtualInbound) || (port !== null && listener.port === port),
  )
  const chains = meeting.flatMap((listener) => chainsFor(listener.chains, port))
  const updatedAt =
    meeting
      .map((listener) => listener.updatedAt)
      .sort()
      .at(-1) ?? ''
  if (chains.length === 0) return {mode: 'UNKNOWN', says: 'the proxy runs no inbound listener for it', updatedAt}
  const accepts = new Set(chains.map((chain) => chain.accepts))
  const mode = accepts.has('unknown')
    ? 'UNKNOWN'
    : accepts.has('plain-text')
      ? accepts.has('mutual-tls')
        ? 'PERMISSIVE'
        : 'DISABLE'
      : accepts.has('tls')
        ? 'TLS'
        : 'STRICT'
  const names = [...new Set(chains.map(({name}) => name || 'unnamed'))].join(', ')
  return {mode, says: `${words[mode]} (filter chains ${names})`, updatedAt}
}

/** Ports that filter chains of the captured traffic's listener name. */
export function listenerPorts({listeners}: Pick<RunningProxy, 'listeners'>): number[] {
  const named = listeners
    .filter(({port}) => port === virtualInbound)
    .flatMap(({chains}) => chains.flatMap(({port}) => (port === null || port === virtualInbound ? [] : [port])))
  return [...new Set(named)].sort((a, b) => a - b)
}

function chainsFor(chains: readonly InboundChain[], port: number | null): InboundChain[] {
  const own = chains.filter((chain) => !chain.any && chain.port === port)
  const common = own.length > 0 ? own : chains.filter((chain) => !chain.any && chain.port === null)
  return [...common, ...chains.filter(({any}) => any)]
}

/** Its own chain of this name refuses what names its port (rule 60). */
const virtualInbound = 15006

const words: Record<DeliveredMode['mode'], string> = {
  STRICT: 'takes mutual TLS alone',
  PERMISSIVE: 'takes mutual TLS and plain text',
  DISABLE: 'takes plain text',
  TLS: "takes TLS without demanding a certificate of the mesh's roots",
  UNKNOWN: 'has a transport socket of another kind',
}
