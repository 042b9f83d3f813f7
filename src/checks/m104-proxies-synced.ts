import {laggingPolicies} from '../derive/held-policies.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {IstiodReplica, ProxyState} from '../model/delivered.ts'
import type {Pod} from '../model/workload.ts'
import {podsInScope} from './in-scope.ts'
import {rowId, workloadId, workloadRef} from './subject.ts'

/** Every istiod holds every policy, and every proxy is connected to one and has acknowledged its listeners (rule 62; live-evidence.md, section 3). */
export const proxiesSynced = check({
  code: 'M104',
  slug: 'm104-proxies-synced',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'pods', 'policies', 'delivered'],
  title: 'Every proxy has what the control plane sends',
  failure: 'A proxy does not have what the control plane sends',
  why: 'A proxy that rejects its configuration, or never got it, goes on with the old one: a policy can be applied and in force nowhere.',
  hint: 'Read what the proxy answered, and remove what it cannot load: mostly an EnvoyFilter, or an extension that its version lacks.',
  role: 'deliver',
  run({mesh, namespaces, pods, policies, delivered}, {asked, now}) {
    const byName = new Map(podsInScope(pods, asked, mesh).map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
    const isAllRead = delivered.replicas.every(({state}) => state.read)
    const troubled = delivered.proxies.flatMap((proxy) => {
      const pod = byName.get(`${proxy.namespace}/${proxy.pod}`)
      const says = pod === undefined ? '' : troubleText(proxy, pod, isAllRead, now)
      return pod === undefined || says === '' ? [] : [{pod, says}]
    })
    const groups = Map.groupBy(troubled, ({pod, says}) => `${workloadId(pod)}\n${says}`)
    return [
      ...delivered.replicas.flatMap((replica) =>
        laggingPolicies(replica, policies, mesh, namespaces).map((lag) => lagFinding(replica, lag)),
      ),
      ...[...groups.values()].flatMap(([first, ...rest]) =>
        first === undefined ? [] : [troubleFinding(first.pod, first.says, rest.length)],
      ),
    ]
  },
})

function troubleText(proxy: ProxyState, pod: Pod, isAllRead: boolean, now: number): string {
  const {sync} = proxy
  if (sync === null) return isUp(proxy, pod) && isAllRead && isGrown(pod, now) ? 'its proxy is connected to no istiod of this cluster' : ''
  if (sync.errors.length > 0) return `its proxy rejected what istiod sent: ${sync.errors.join('; ')}`
  const {sent, acked, sentAt} = sync.listeners
  if (sent === '' && dataPlane(pod) !== 'gateway') return isGrown(pod, now) ? 'istiod never sent its proxy any listeners' : ''
  return sent === acked ? '' : `its proxy has not acknowledged the listeners that istiod sent at ${sentAt}`
}

/** Also where nobody may look into the pod itself: istiod alone tells who is connected. */
function isUp({asked, running}: ProxyState, {name, phase, terminating, simulated}: Pod): boolean {
  if (asked) return true
  const isGone = !running.read && running.reason === `pod \`${name}\` is gone`
  return phase === 'Running' && !terminating && !simulated && !isGone
}

/** A proxy that has just started is about to connect. */
function isGrown({ready, createdAt}: Pod, now: number): boolean {
  return ready || now - Date.parse(createdAt) > 60_000
}

function troubleFinding(pod: Pod, says: string, more: number): PartialFinding {
  const fix = `istioctl proxy-status ${pod.name}.${pod.namespace}\nkubectl -n ${pod.namespace} logs ${pod.name} -c istio-proxy | grep -iE 'rejected|error'\nkubectl get envoyfilter --all-namespaces`
  return finding(workloadRef(pod), more === 0 ? says : `${says} (and ${more} more of its pods)`, {fix, endpoints: [rowId(pod, null)]})
}

function lagFinding({namespace, pod}: IstiodReplica, {policy, held}: ReturnType<typeof laggingPolicies>[number]): PartialFinding {
  const says = held === null ? 'not at all' : `at generation ${held}`
  return finding(
    {kind: 'PeerAuthentication', namespace: policy.namespace, name: policy.name},
    `stands at generation ${policy.generation}, and istiod pod \`${pod}\` holds it ${says}`,
    {
      hint: 'Find out why istiod does not see the policy: its log says what it cannot watch.',
      fix: `kubectl -n ${namespace} logs ${pod} | grep -iE 'error|watch'`,
    },
  )
}
