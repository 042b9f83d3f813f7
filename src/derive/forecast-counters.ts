import type {CallerOutlook} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {rowKey, rowOf, type TurningPorts} from './turning-ports.ts'

/**
 * Plain calls that the servers' own counters saw, where they were read: by whom they do not tell, nor whether the caller is still at work, and
 * a probe of ours counts as well; so it only may break (live-evidence.md, section 5).
 */
export function counterOutlooks(turning: TurningPorts, {delivered}: Pick<Snapshot, 'delivered'>): CallerOutlook[] {
  if (!delivered.read) return []
  const found = new Map<string, CallerOutlook>()
  for (const {namespace, pod, running} of delivered.value.proxies) {
    if (!running.read) continue
    const {windowMs, traffic} = running.value.counters
    for (const {port, plain} of traffic) {
      if (plain === 0) continue
      const own = turning.all.filter((each) => each.pod.namespace === namespace && each.pod.name === pod)
      const target = port === null ? own[0] : turning.at({namespace, name: pod}, port)
      if (target === undefined || target === null) continue
      const server = port === null ? {...rowOf(target), port: null} : rowOf(target)
      found.set(rowKey(server), {
        caller: {kind: 'somebody', namespace: '', name: ''},
        server,
        ...{outlook: 'may-break', because: 'counted-plain', by: null},
        reason: "the server's own counters saw plain text, and do not tell whose",
        seen: `${plain} of its requests or connections in ${Math.round(windowMs / 60_000)} min came without mutual TLS`,
      })
    }
  }
  return [...found.values()]
}
