import type {Endpoint} from '../model/endpoint.ts'
import type {Ref} from '../model/ref.ts'

/** A foreign name inside a sentence: on one line, shortened, in backticks that it cannot close. */
export function quoted(name: string): string {
  const plain = clipped(name, 120).replaceAll('`', "'")
  return `\`${plain === '' ? '(no name)' : plain}\``
}

/** Text on one line of at most `limit` characters, cut with `…`. */
export function clipped(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`.toWellFormed()
}

/** A clause as a sentence: a capital in front, a full stop behind. */
export function sentence(clause: string): string {
  const trimmed = clause.trim()
  const ended = /[.!?:…]$/.test(trimmed) || trimmed === '' ? trimmed : `${trimmed}.`
  return ended.charAt(0).toUpperCase() + ended.slice(1)
}

/** `1 error`, `2 errors`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `` `orders` port 8080 in `shop` ``; the row without a port stands for all undeclared ones. */
export function rowName({namespace, workload, port}: Endpoint): string {
  const where = port === null ? 'on its undeclared ports' : `port ${port}`
  return `${quoted(workload.name)} ${where} in ${quoted(namespace)}`
}

/** `` PeerAuthentication `legacy-callers` ``, with its namespace when that is not the reader's. */
export function policyName(policy: Ref, namespace: string): string {
  const prefix = policy.namespace === undefined || policy.namespace === namespace ? '' : `${policy.namespace}/`
  return `${policy.kind} ${quoted(`${prefix}${policy.name}`)}`
}

/** Milliseconds as people read them: `840 ms`, `8.1 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const whole = Math.round(ms / 1000)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}
