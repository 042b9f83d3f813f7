import {type DeliveredMode, deliveredMode} from '../derive/delivered-mode.ts'
import {judgedPods} from '../derive/judged-pods.ts'
import type {PodView} from '../derive/pod-view.ts'
import type {PortMode} from '../derive/port-mode.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {RunningProxy} from '../model/delivered.ts'
import {read} from '../model/part.ts'
import {rowId, workloadId, workloadRef} from './subject.ts'

/** Each port's ACTIVE listener shows the mode that the policies give, and none is stuck on its way (rules 59 to 61). */
export const configMatchesProxy = check({
  code: 'M804',
  slug: 'm804-config-matches-proxy',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'pods', 'services', 'policies', 'sidecars', 'envoyFilters', 'delivered'],
  title: 'Every proxy runs what the policies say',
  failure: 'A proxy runs something else than the policies say',
  why: 'What the proxy runs is what callers meet: an EnvoyFilter or a stale configuration can open a port that every policy closes.',
  hint: 'Look for an EnvoyFilter that touches inbound listeners, and for a proxy that does not take its configuration.',
  role: 'inspect',
  run({mesh, namespaces, pods, services, policies, sidecars, envoyFilters, delivered}, {asked, now}) {
    const running = new Map(delivered.proxies.map((proxy) => [`${proxy.namespace}/${proxy.pod}`, proxy.running]))
    const parts = {
      ...{asked, takenAt: new Date(now).toISOString(), mesh: read(mesh), namespaces: read(namespaces), pods: read(pods)},
      ...{
        services: read(services),
        policies: read(policies),
        sidecars: read(sidecars),
        envoyFilters: read(envoyFilters),
        delivered: read(delivered),
      },
    }
    const found = judgedPods(parts).flatMap(({view, ports}) => {
      const own = running.get(`${view.pod.namespace}/${view.pod.name}`)
      if (!own?.read || (view.plane !== 'sidecar' && view.plane !== 'waypoint')) return []
      const differing = ports.flatMap(({port, protocol, mode}): Differing[] => {
        if (protocol !== 'TCP' || mode.exempt !== null || mode.doubt !== '' || mode.mode === 'NONE') return []
        const runs = deliveredMode(own.value, view.capture, port)
        return runs.mode === mode.mode ? [] : [{port, mode, runs}]
      })
      const says = [...differing.map(differingText), ...stuckTexts(own.value)].join('; ')
      return says === '' ? [] : [{view, says, differing}]
    })
    return [...Map.groupBy(found, ({view, says}) => `${workloadId(view.pod)}\n${says}`).values()].flatMap(([first]) =>
      first === undefined ? [] : [findingOf(first.view, first.says, first.differing)],
    )
  },
})

interface Differing {
  port: number | null
  mode: PortMode
  runs: DeliveredMode
}

function differingText({port, mode, runs}: Differing): string {
  return `${port === null ? 'undeclared ports' : `port ${port}`}: ${mode.says}, and the proxy ${runs.says}`
}

function stuckTexts({stuck}: RunningProxy): string[] {
  return stuck.map(({state, listener, details}) =>
    state === 'error' ? `the proxy rejected listener \`${listener}\`: ${details}` : `listener \`${listener}\` is still warming`,
  )
}

function findingOf({pod, filters}: PodView, says: string, differing: readonly Differing[]): PartialFinding {
  const names = filters.map(({namespace, name}) => `EnvoyFilter ${namespace}/${name}`)
  const touched = names.length === 0 ? '' : ` (${names.join(', ')} ${names.length === 1 ? 'touches' : 'touch'} its inbound listeners)`
  const fix = `istioctl proxy-config listener ${pod.name} -n ${pod.namespace} --port 15006 -o json\nkubectl get envoyfilter --all-namespaces\nkubectl get peerauthentication --all-namespaces`
  const endpoints = differing.map(({port}) => rowId(pod, port))
  return finding(workloadRef(pod), `${says}${touched}`, {fix, endpoints})
}
