import type {Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {redacted} from './redact.ts'

/** A container whose log may help. */
export interface LogPlace {
  namespace: string
  pod: string
  container: string
}

/** The end of a container's log, ready to be kept, or why there is none; `denied` when the right is missing. */
export type LogTail = {text: string} | {reason: string; denied: boolean}

/** Reads the last lines of a container's log and keeps those that Istio's own programs wrote. Needs `get` on `pods/log`; never throws. */
export async function logTail({namespace, pod, container}: LogPlace, kube: Kube): Promise<LogTail> {
  const query = `container=${container}&tailLines=${mostLines}&limitBytes=${mostBytes}`
  try {
    const options = {upgrade: false, timeoutMs: 15_000, maxBytes: mostBytes}
    const {status, body} = await kube.probe(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`, options)
    if (status === 200) return {text: ownLines(Buffer.from(body, 'latin1').toString('utf8'))}
    return {reason: `the API server answered ${status}`, denied: status === 403}
  } catch (thrown) {
    return {reason: messageOf(thrown), denied: false}
  }
}

/**
 * The lines that pilot-agent, Envoy and istiod write about themselves (time, level, scope, message; as text or JSON). All others are left out
 * and counted: access logs tell whose requests went where, and an application may have written anything.
 */
export function ownLines(log: string): string {
  let strange = 0
  const kept = log.split('\n').flatMap((line) => {
    if (line.trim() === '') return []
    const own = plainLine.test(line) ? line : jsonLine(line)
    if (own === null) strange++
    return own === null ? [] : [redacted(own.length > 2000 ? `${own.slice(0, 2000)}…`.toWellFormed() : own)]
  })
  return `${[...(strange > 0 ? [`(${strange} lines of another form left out)`] : []), ...kept].join('\n')}\n`
}

const plainLine = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t(?:trace|debug|info|warn|warning|error|critical|fatal)\t/

function jsonLine(line: string): string | null {
  if (!line.startsWith('{')) return null
  try {
    const {time, level, scope = '', msg} = JSON.parse(line) as Record<string, unknown>
    if (typeof time !== 'string' || typeof level !== 'string' || typeof msg !== 'string') return null
    return `${time}\t${level}\t${String(scope)}\t${msg.replace(/\s+/g, ' ')}`
  } catch {
    return null
  }
}

const mostLines = 2000
const mostBytes = 256_000
