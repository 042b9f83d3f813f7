import {decidingPolicies} from '../derive/effective-mode.ts'
import {policyRef} from '../derive/policy-index.ts'
import {check, finding} from '../model/check.ts'
import {merge} from './fix.ts'
import {governedPods, isDowngrade, viewFinder} from './policy-view.ts'
import {rowId, workloadList} from './subject.ts'

/** No workload policy in force sets a mode below STRICT (rules 9 to 12). */
export const noWorkloadDowngrade = check({
  code: 'M303',
  slug: 'm303-no-workload-downgrade',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'No workload lowers mutual TLS',
  failure: 'A workload accepts plain text',
  why: 'A policy with a selector overrides mesh and namespace: its pods answer any caller, with or without an identity.',
  hint: 'Set `mtls.mode: STRICT` in the policy; where one legacy caller needs plain text, give the caller a sidecar instead.',
  run(parts, {asked}) {
    const viewFor = viewFinder(parts)
    const open = governedPods(parts.pods, asked, parts.mesh).flatMap((pod) => {
      const policy = decidingPolicies(viewFor(pod).index, pod.namespace, pod.labels).workload
      return policy !== null && isDowngrade(policy.mode, asked) ? [{pod, policy}] : []
    })
    return [...Map.groupBy(open, ({policy}) => policy)].map(([policy, hits]) => {
      const pods = hits.map(({pod}) => pod)
      return finding(policyRef(policy), `mode ${policy.mode} opens ${workloadList(pods)} to plain text`, {
        fix: merge('peerauthentication', policy.namespace, policy.name, {spec: {mtls: {mode: 'STRICT'}}}),
        endpoints: [...new Set(pods.map((pod) => rowId(pod, null)))].sort(),
      })
    })
  },
})
