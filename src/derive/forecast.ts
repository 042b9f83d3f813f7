import type {CallerOutlook, Forecast, Outlook} from '../model/forecast.ts'
import type {Part} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {clientClasses} from './client-classes.ts'
import {callerOutlooks} from './forecast-callers.ts'
import {counterOutlooks} from './forecast-counters.ts'
import {outsideOutlooks} from './forecast-outside.ts'
import {serviceOutlooks} from './forecast-services.ts'
import {observedCallers, trafficOutlooks} from './forecast-traffic.ts'
import {type PolicyWrite, withPolicies} from './planned-policies.ts'
import {possibleCallers} from './possible-callers.ts'
import {rowKey, rowOf, turningPorts} from './turning-ports.ts'

/**
 * Who would be refused once `writes` are in force: from configuration, endpoints, and access logs where they were read. Of manifests nothing
 * earlier is known, so every port that is STRICT afterwards counts as turning. Never throws on a well-formed snapshot.
 */
export function forecastOf(snapshot: Snapshot, writes: readonly PolicyWrite[]): Forecast {
  const after = withPolicies(snapshot, writes)
  const turning = turningPorts(snapshot.asked.manifests === true ? null : snapshot, after)
  const rows = [...new Map(turning.all.map((each) => [rowKey(rowOf(each)), rowOf(each)])).values()]
  const blind = blindSpots(after)
  const {callers, machinery} = possibleCallers(after)
  const observed = observedCallers(turning, after)
  const found = rows.length === 0 ? [] : outlooks()
  return {
    turning: rows,
    outlooks: found.sort(worstFirst),
    callers: countCallers(found),
    observed,
    blind,
    notRead: rows.length === 0 ? [] : notRead(after),
    machinery: machinery.map(({namespace, name}) => `${namespace}/${name}`).sort(),
  }

  function outlooks(): CallerOutlook[] {
    const rules = after.destinationRules.read ? after.destinationRules.value : []
    const meshes = after.mesh.read ? after.mesh.value : []
    const seen = trafficOutlooks(turning, after)
    const strangers = new Set(seen.flatMap(({caller, server}) => (caller.kind === 'address' && server !== null ? [rowKey(server)] : [])))
    const outside = outsideOutlooks(turning, after).map((each) =>
      // Whoever made a load balancer means it to be called; seen to be idle, it only may be.
      each.because === 'load-balancer' && observed.callers && each.server !== null && !strangers.has(rowKey(each.server))
        ? {...each, outlook: 'may-break' as const}
        : each,
    )
    const own = callerOutlooks(callers, after)
    const all = [
      ...seen,
      ...counterOutlooks(turning, after),
      ...outside,
      ...serviceOutlooks(clientClasses(callers, rules, meshes), turning, after),
      ...own,
    ]
    return blind.length === 0
      ? all
      : all.map((each) => (each.outlook === 'safe' ? {...each, outlook: 'unknown', reason: `not certain, for ${blind[0]}`} : each))
  }
}

/** Parts that any answer rests on: unread, nothing may be called safe. */
const essential = ['mesh', 'pods', 'policies', 'services', 'namespaces', 'destinationRules', 'sidecars', 'envoyFilters'] as const

function blindSpots(snapshot: Snapshot): string[] {
  const {apiServerCalls} = snapshot
  const calls = apiServerCalls?.read === false ? [`whom the API server calls was not read (${apiServerCalls.reason})`] : []
  const parts = essential.flatMap((name) => {
    const part: Part<unknown> = snapshot[name]
    return part.read ? [] : [`the ${name} were not read (${part.reason})`]
  })
  return [...parts, ...calls]
}

function notRead({apiServerCalls, asked}: Snapshot): string[] {
  const manifests = asked.manifests === true
  return [
    'Scrapers: what Prometheus is told to scrape (annotations, ServiceMonitors) is not read; the merged metrics on port 15020 stay open.',
    'NetworkPolicies: a caller that one keeps away is listed all the same.',
    ...(manifests ? ['The cluster: only callers that are among these manifests are known.'] : []),
    ...(apiServerCalls === undefined ? ['Webhooks and aggregated APIs: this snapshot was not taken for a forecast.'] : []),
  ]
}

const rank: Record<Outlook, number> = {breaks: 0, 'may-break': 1, unknown: 2, safe: 3}

function countCallers(outlooks: readonly CallerOutlook[]): Record<Outlook, number> {
  const worst = new Map<string, Outlook>()
  for (const {caller, outlook} of outlooks) {
    const key = JSON.stringify([caller.kind, caller.namespace, caller.name])
    const known = worst.get(key)
    if (known === undefined || rank[outlook] < rank[known]) worst.set(key, outlook)
  }
  const counts = {breaks: 0, 'may-break': 0, unknown: 0, safe: 0}
  for (const outlook of worst.values()) counts[outlook]++
  return counts
}

function worstFirst(a: CallerOutlook, b: CallerOutlook): number {
  return rank[a.outlook] - rank[b.outlook] || compare(nameOf(a), nameOf(b))
}

function nameOf({caller, server, because}: CallerOutlook): string {
  return [caller.namespace, caller.kind, caller.name, server === null ? '' : rowKey(server), because].join('\n')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
