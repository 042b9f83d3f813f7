import {ambientMode} from '../derive/ambient-mode.ts'
import {decidingPolicies} from '../derive/effective-mode.ts'
import {dataPlane} from '../derive/membership.ts'
import {policiesByLevel, type PolicyIndex, policyRef} from '../derive/policy-index.ts'
import {check, finding} from '../model/check.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {merge} from './fix.ts'
import {governedPods, isDowngrade, viewFinder} from './policy-view.ts'
import {rowId, workloadList} from './subject.ts'

/** No port-level entry of a policy in force sets a mode below STRICT on a workload that the policy does not open anyway (rules 13, 14). */
export const noPortDowngrade = check({
  code: 'M304',
  slug: 'm304-no-port-downgrade',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'No port is excepted from mutual TLS',
  failure: 'A port is excepted from mutual TLS',
  why: 'An excepted port answers any caller without an identity, while the workload looks STRICT at a glance.',
  hint: 'Remove the port from `portLevelMtls`; where one legacy caller needs plain text, give the caller a sidecar instead.',
  run(parts, {asked}) {
    const viewFor = viewFinder(parts)
    const hits = governedPods(parts.pods, asked, parts.mesh).flatMap((pod) => {
      const {index} = viewFor(pod)
      const policy = decidingPolicies(index, pod.namespace, pod.labels).workload
      if (policy === null || isDowngrade(policy.mode, asked)) return []
      const open = Object.keys(policy.ports).filter(
        (port) => isDowngrade(policy.ports[port] ?? '', asked) && !isClosedAnyway(pod, index, Number(port)),
      )
      return open.map((port) => ({pod, policy, port}))
    })
    return [...Map.groupBy(hits, ({policy}) => policy)].map(([policy, open]) => {
      const ports = [...new Set(open.map(({port}) => port))]
      const modes = ports.map((port) => `port ${port} is ${policy.ports[port]}`).join(', ')
      return finding(policyRef(policy), `${modes} on ${workloadList(open.map(({pod}) => pod))}: plain text is accepted there`, {
        fix: merge('peerauthentication', policy.namespace, policy.name, {spec: {portLevelMtls: removed(policy, ports)}}),
        endpoints: [...new Set(open.map(({pod, port}) => rowId(pod, Number(port))))].sort(),
      })
    })
  },
})

/** ztunnel knows no DISABLE: some exceptions of a port come out STRICT there (rules 40, 44). */
function isClosedAnyway(pod: Pod, index: PolicyIndex, port: number): boolean {
  if (dataPlane(pod) !== 'ambient') return false
  return ambientMode(policiesByLevel(index, pod.namespace, pod.labels), pod.namespace === index.rootNamespace, port).mode === 'STRICT'
}

/** A merge patch that drops these ports; the CRD refuses an empty portLevelMtls, so the last one takes the field along (rule 7). */
function removed(policy: PeerAuthentication, ports: string[]): Record<string, null> | null {
  const isAll = Object.keys(policy.ports).every((port) => ports.includes(port))
  return isAll ? null : Object.fromEntries(ports.map((port) => [port, null]))
}
