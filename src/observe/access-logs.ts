import type {Io, Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {PlainCall, Traffic} from '../model/traffic.ts'
import {plainLines} from './access-log-lines.ts'
import {bounded} from './bounded.ts'

/** A pod whose proxy logs its calls. */
export interface LoggingPod {
  namespace: string
  name: string
}

/**
 * Reads the proxies' access logs, the newest lines of each: who called in plain text, and who was refused. Never throws; a log that could not be
 * read whole is named. Needs `get` on `pods/log`.
 */
export async function readTraffic(pods: readonly LoggingPod[], kube: Kube, io: Io, deadline: number): Promise<Part<Traffic>> {
  const until = io.clock.now().toISOString()
  if (pods.length > mostPods) return unread(`${pods.length} pods are too many to read the access logs of; ${mostPods} are the most`)
  const logs = await bounded(pods, concurrency, async ({namespace, name}) => {
    if (io.cancelled.aborted || io.clock.ticks() >= deadline) return {namespace, name, text: '', reason: 'the run was out of time'}
    return {namespace, name, ...(await logOf(namespace, name, kube))}
  })
  const denied = logs.find(({reason}) => reason.startsWith('403'))
  if (denied !== undefined) return unread('reading access logs was refused (403): grant `get` on `pods/log` of API group `""`')
  const calls = logs.flatMap(({namespace, name, text}) => callsOf(namespace, name, text))
  const open = logs.filter(({reason}) => reason !== '')
  return read({
    calls,
    read: logs.filter(({reason}) => reason === '').map(({namespace, name}) => `${namespace}/${name}`),
    unread: open.map(({namespace, name, reason}) => ({pod: `${namespace}/${name}`, reason})),
    windowSeconds,
    until,
  })
}

const mostPods = 500
const concurrency = 16
const windowSeconds = 3600
/** Of some 300 bytes each; the API server hands out the newest. */
const mostLines = 3000
const mostBytes = 4_000_000

async function logOf(namespace: string, name: string, kube: Kube): Promise<{text: string; reason: string}> {
  const query = `container=istio-proxy&sinceSeconds=${windowSeconds}&tailLines=${mostLines}`
  try {
    const options = {upgrade: false, timeoutMs: 15_000, maxBytes: mostBytes}
    const {status, body} = await kube.probe(`/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`, options)
    if (status === 403) return {text: '', reason: '403'}
    if (status !== 200) return {text: '', reason: `the API server answered ${status}`}
    if (body.length >= mostBytes) return {text: body, reason: 'its lines are too long'}
    const {strange} = plainLines(body)
    return {text: body, reason: strange === 0 ? '' : `${strange} lines are of another format than Istio's own`}
  } catch (thrown) {
    return {text: '', reason: messageOf(thrown)}
  }
}

function callsOf(namespace: string, pod: string, text: string): PlainCall[] {
  const found = new Map<string, PlainCall>()
  for (const {at, port, address, refused, protocol} of plainLines(text).lines) {
    const key = `${port} ${address} ${refused} ${protocol}`
    const known = found.get(key)
    const [first = at, , last = at] = [known?.first ?? at, at, known?.last ?? at].sort()
    found.set(key, {namespace, pod, port, address, refused, protocol, calls: (known?.calls ?? 0) + 1, first, last})
  }
  return [...found.values()]
}
