import {deliveredMode} from '../derive/delivered-mode.ts'
import {coversAll, spanText} from '../derive/delivered-port.ts'
import {type JudgedPort, judgedPods} from '../derive/judged-pods.ts'
import type {PodView} from '../derive/pod-view.ts'
import {check, finding, type PartialFinding, type Severity} from '../model/check.ts'
import type {RunningProxy} from '../model/delivered.ts'
import {read} from '../model/part.ts'
import type {Asked} from '../model/snapshot.ts'
import {rowId, workloadId, workloadRef} from './subject.ts'

/** The proxies' own counters, read before any probe, saw no plain text; they contradict and never prove (live-evidence.md, section 5; rule 65). */
export const trafficEncrypted = check({
  code: 'M805',
  slug: 'm805-traffic-encrypted',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'pods', 'services', 'policies', 'sidecars', 'envoyFilters', 'delivered'],
  title: 'The proxies counted no plain text',
  failure: 'The proxies counted plain text',
  why: 'Someone does call without an identity: such calls are refused once mutual TLS is demanded, and under STRICT they should not have arrived.',
  hint: 'Find the callers without a proxy, or with a DestinationRule that switches TLS off, and bring them into the mesh.',
  role: 'inspect',
  run({mesh, namespaces, pods, services, policies, sidecars, envoyFilters, delivered}, {asked, now}) {
    const running = new Map(delivered.proxies.map((proxy) => [`${proxy.namespace}/${proxy.pod}`, proxy.running]))
    const takenAt = new Date(now).toISOString()
    const parts = {
      ...{asked, takenAt, mesh: read(mesh), namespaces: read(namespaces), pods: read(pods), delivered: read(delivered)},
      ...{services: read(services), policies: read(policies), sidecars: read(sidecars), envoyFilters: read(envoyFilters)},
    }
    const counted = judgedPods(parts).flatMap(({view, ports}) => {
      const own = running.get(`${view.pod.namespace}/${view.pod.name}`)
      return own?.read ? countedIn(view, ports, own.value, asked, takenAt) : []
    })
    const groups = Map.groupBy(counted, ({view, port, severity}) => `${workloadId(view.pod)}\n${port}\n${severity}`)
    return [...groups.values()].map(findingOf)
  },
})

interface Counted {
  view: PodView
  port: number | null
  plain: number
  windowMs: number
  severity: Severity
  when: string
}

function countedIn(view: PodView, ports: readonly JudgedPort[], running: RunningProxy, asked: Asked, takenAt: string): Counted[] {
  const {traffic, windowMs} = running.counters
  return traffic.flatMap(({port, plain}) => {
    // Istio's own metrics name no port: they are held against the workload only where no port of it may take plain text.
    const spoken = ports.filter((each) => each.protocol === 'TCP' && each.mode.exempt === null && (port === null || each.port === port))
    if (plain === 0 || spoken.length === 0) return []
    const isStrict = spoken.every(({mode}) => mode.mode === 'STRICT')
    const {updatedAt} = deliveredMode(running, view.capture, port)
    const isOld = isStrict && !coversAll(updatedAt, windowMs, takenAt)
    const severity: Severity = isOld ? 'info' : isStrict || asked.mtlsMode === 'STRICT' ? 'error' : 'warning'
    const when = isOld ? `, at least in part before its listener last changed at ${updatedAt}` : ''
    return [{view, port, plain, windowMs, severity, when}]
  })
}

function findingOf(group: readonly Counted[]): PartialFinding {
  const [first] = group as [Counted, ...Counted[]]
  const {view, port, severity, when} = first
  const total = group.reduce((sum, {plain}) => sum + plain, 0)
  const what = port === null ? 'requests and connections' : `connections to port ${port}`
  const span = spanText(Math.max(...group.map(({windowMs}) => windowMs)))
  const fix = `kubectl -n ${view.pod.namespace} port-forward ${view.pod.name} 15000 &\ncurl -s 'localhost:15000/stats?filter=istio_requests_total|downstream_cx_(ssl_)?total'`
  return finding(workloadRef(view.pod), `its proxies counted ${total} ${what} in plain text in ${span}${when}`, {
    severity,
    fix,
    endpoints: [rowId(view.pod, port)],
  })
}
