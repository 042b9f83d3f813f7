import {ambientMode} from '../derive/ambient-mode.ts'
import {effectiveMode, winners} from '../derive/effective-mode.ts'
import {dataPlane} from '../derive/membership.ts'
import {policiesByLevel, policyRef} from '../derive/policy-index.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import type {Ref} from '../model/ref.ts'
import type {Pod} from '../model/workload.ts'
import {listeningContainers} from '../derive/target-port.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {viewFinder} from './policy-view.ts'
import {rowId} from './subject.ts'

/** For every ambient workload the policies mean what they mean for a sidecar: where ztunnel lets in what they forbid, it is said (rules 40 to 44). */
export const ambientSemantics = check({
  code: 'M309',
  slug: 'm309-ambient-semantics',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'Policies mean in ambient what they say',
  failure: 'A policy means something weaker in ambient',
  why: 'ztunnel knows no modes: istiod translates each policy into rules, and some combinations come out open although they read STRICT.',
  hint: 'Write one mode per workload: drop `selector: {}`, and give the policy an explicit `mtls.mode` beside its ports.',
  run({mesh, namespaces, policies, pods}, {asked}) {
    const viewFor = viewFinder({mesh, namespaces, policies})
    const ambient = distinctPodsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) === 'ambient')
    const weaker = ambient.flatMap((pod) => {
      const {index} = viewFor(pod)
      const levels = policiesByLevel(index, pod.namespace, pod.labels)
      const deciding = winners(levels)
      return portsOf(pod, deciding.workload).flatMap((port) => {
        const written = effectiveMode(deciding, port)
        const real = ambientMode(levels, pod.namespace === index.rootNamespace, port)
        if (written.mode !== 'STRICT' || real.mode === 'STRICT' || real.doubt !== '') return []
        const hasPorts = deciding.workload !== null && Object.keys(deciding.workload.ports).length > 0
        const culprit = hasPorts ? deciding.workload : written.by
        return culprit === null ? [] : [{pod, port, culprit}]
      })
    })
    return [...Map.groupBy(weaker, ({culprit}) => culprit)].map(([culprit, rows]) => findingOf(culprit, rows))
  },
})

function portsOf(pod: Pod, workload: PeerAuthentication | null): (number | null)[] {
  const declared = listeningContainers(pod).flatMap(({ports}) => ports.filter(({protocol}) => protocol === 'TCP').map(({port}) => port))
  return [...new Set([...declared, ...Object.keys(workload?.ports ?? {}).map(Number)]), null]
}

function findingOf(policy: PeerAuthentication, rows: {pod: Pod; port: number | null}[]): PartialFinding {
  const subject: Ref = policyRef(policy)
  const ports = [...new Set(rows.map(({port}) => port ?? 'every undeclared port'))].join(', ')
  const widened = policy.selector !== null && Object.keys(policy.selector).length === 0
  const why = widened
    ? 'an empty `selector: {}` is not read as mesh- or namespace-wide there'
    : 'its ports are translated without the mode of the level above'
  return finding(subject, `reads STRICT, yet in ambient port ${ports} of its workloads is open to plain text: ${why}`, {
    fix: widened
      ? `kubectl -n ${policy.namespace} patch peerauthentication ${policy.name} --type json -p '[{"op":"remove","path":"/spec/selector"}]'`
      : `kubectl -n ${policy.namespace} patch peerauthentication ${policy.name} --type merge -p '{"spec":{"mtls":{"mode":"STRICT"}}}'`,
    endpoints: [...new Set(rows.map(({pod, port}) => rowId(pod, port)))].sort(),
  })
}
