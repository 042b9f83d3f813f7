import type {CallerOutlook, TurningRow} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {PlainCall, Traffic} from '../model/traffic.ts'
import type {Pod} from '../model/workload.ts'
import {accessLogging} from './access-logging.ts'
import {dataPlane} from './membership.ts'
import {rowKey, rowOf, type TurningPorts} from './turning-ports.ts'

/** Whether callers could be seen at the ports that turn, and in what way. */
export interface Observed {
  callers: boolean
  says: string
}

/** Callers are observable where the proxies of all ports that turn log their calls and the logs were read (live-evidence.md, section 5). */
export function observedCallers(turning: TurningPorts, {traffic, telemetries}: Snapshot): Observed {
  const no = (says: string): Observed => ({callers: false, says: `callers not observable: ${says}`})
  const pods = [...new Map(turning.all.map(({pod, view}) => [`${pod.namespace}/${pod.name}`, {pod, view}])).values()]
  if (pods.length === 0) return {callers: true, says: 'no port turns STRICT, so there is no caller to look for'}
  if (!telemetries.read) return no(`whether access is logged is not known (${telemetries.reason})`)
  const silent = pods.filter(({pod, view}) => view.plane !== 'sidecar' || !accessLogging(pod, view.mesh, telemetries.value).on)
  const [first] = silent
  if (first !== undefined)
    return no(`access is not logged at ${podsText(silent.length, pods.length)}, such as \`${first.pod.namespace}/${first.pod.name}\``)
  if (traffic === undefined) return no('access logs were not read')
  if (!traffic.read) return no(traffic.reason)
  const [unread] = traffic.value.unread
  if (unread !== undefined)
    return no(
      `the access log of ${podsText(traffic.value.unread.length, pods.length)} could not be read, \`${unread.pod}\` first: ${unread.reason}`,
    )
  return {
    callers: true,
    says: `the access logs of ${podsText(pods.length, pods.length)}, at most ${Math.round(traffic.value.windowSeconds / 60)} min back`,
  }
}

/** What was seen: every call without mutual TLS to a port that turns, by whoever has that address. */
export function trafficOutlooks(turning: TurningPorts, {traffic, pods}: Snapshot): CallerOutlook[] {
  if (!traffic?.read || !pods.read) return []
  const servers = new Map(turning.all.map(({pod}) => [`${pod.namespace}/${pod.name}`, pod]))
  const callerAt = callersByAddress(pods.value)
  const found = new Map<string, {outlook: CallerOutlook & {server: TurningRow}; calls: PlainCall[]}>()
  for (const call of traffic.value.calls) {
    const server = servers.get(`${call.namespace}/${call.pod}`)
    const target = server === undefined ? null : turning.at(server, call.port)
    if (target === null || call.refused) continue
    const outlook = {...seenOutlook(call, callerAt(call), traffic.value), server: rowOf(target), seen: ''}
    const key = [JSON.stringify(outlook.caller), rowKey(outlook.server), outlook.outlook].join('\n')
    const known = found.get(key)
    if (known === undefined) found.set(key, {outlook, calls: [call]})
    else known.calls.push(call)
  }
  return [...found.values()].map(({outlook, calls}) => ({...outlook, seen: seenText(calls)}))
}

/** Who called from an address, if it is a pod that lived then; on a node's network the address is the node's, and anybody's there. */
function callersByAddress(pods: readonly Pod[]): (call: PlainCall) => Pod | 'node' | null {
  const byAddress = new Map<string, Pod[]>()
  for (const pod of pods) for (const address of pod.ips) byAddress.set(address, [...(byAddress.get(address) ?? []), pod])
  return ({address, last}) => {
    const found = byAddress.get(address) ?? []
    if (found.some(({hostNetwork}) => hostNetwork)) return 'node'
    return found.find(({createdAt}) => !(Date.parse(createdAt) > Date.parse(last))) ?? null
  }
}

/** Only of a pod is it certain that it is a caller of its own: an unknown address may be the API server's, through which this action probes. */
function seenOutlook(call: PlainCall, caller: Pod | 'node' | null, traffic: Traffic): Omit<CallerOutlook, 'server' | 'seen'> {
  if (caller !== 'node' && caller !== null) {
    const isOutside = dataPlane(caller) === 'none'
    const reason = isOutside ? 'it has no proxy and calls in plain text' : 'it has a proxy, yet its calls come in plain text'
    const {kind, name} = caller.workload
    return {
      ...{outlook: 'breaks', by: null, reason},
      because: isOutside ? 'no-proxy' : 'seen-plain',
      caller: {kind, namespace: caller.namespace, name},
    }
  }
  const isNode = caller === 'node'
  const from = {caller: {kind: isNode ? 'a process of the node' : 'address', namespace: '', name: call.address}, by: null}
  const where = isNode ? "it comes from a node's network" : 'no pod has that address'
  if (call.protocol === 'tcp')
    return {
      ...from,
      outlook: 'may-break',
      because: 'seen-plain',
      reason: `it opened TCP connections without mutual TLS, and ${where}: a client outside the mesh, or a probe of this action`,
    }
  if (!isNode && fellSilent(call, traffic))
    return {
      ...from,
      outlook: 'unknown',
      because: 'fell-silent',
      reason: 'it called in plain text and has stopped, and no pod has that address now',
    }
  return {...from, outlook: 'breaks', because: isNode ? 'host-network' : 'seen-plain', reason: `it calls in plain text, and ${where}`}
}

/** A caller that kept a rhythm and has missed three beats: a pod that is gone, most likely. One that called once or twice has no rhythm. */
function fellSilent({calls, first, last}: PlainCall, {until}: Traffic): boolean {
  if (calls < 3) return false
  const beat = (Date.parse(last) - Date.parse(first)) / (calls - 1)
  return Date.parse(until) - Date.parse(last) > Math.max(leastSilence, 3 * beat)
}

const leastSilence = 10_000

function seenText(calls: PlainCall[]): string {
  const count = calls.reduce((sum, each) => sum + each.calls, 0)
  const last =
    calls
      .map((each) => each.last)
      .sort()
      .at(-1) ?? ''
  return `${count === 1 ? 'one plain call' : `${count} plain calls`} in the server's access log, the last at ${last.slice(11, 19)} UTC`
}

function podsText(count: number, all: number): string {
  return count === all ? (all === 1 ? 'the only pod' : `all ${all} pods`) : `${count} of ${all} pods`
}
