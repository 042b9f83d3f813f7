import {isSubset} from '../derive/label-selector.ts'
import {isWorkloadLevel, policyRef} from '../derive/policy-index.ts'
import {check, finding} from '../model/check.ts'
import {scopeOf} from '../derive/scope-of.ts'

/** Every PeerAuthentication with a selector selects a pod, or the template of one that is scaled to zero or scheduled (rule 10). */
export const selectorsMatch = check({
  code: 'M305',
  slug: 'm305-selectors-match',
  severity: 'warning',
  needs: ['mesh', 'policies', 'pods', 'templates'],
  title: 'Every policy selects a workload',
  failure: 'A policy selects no workload',
  why: 'A selector that matches nothing protects nothing, and its author believes otherwise; a later pod may fall under it by surprise.',
  hint: 'Correct the labels in `spec.selector.matchLabels`, or delete the policy.',
  run({mesh, policies, pods, templates}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    const labels = Map.groupBy(
      [
        ...pods.map(({namespace, labels}) => ({namespace, labels})),
        ...templates.map(({namespace, pod}) => ({namespace, labels: pod.labels})),
      ],
      ({namespace}) => namespace,
    )
    return policies
      .filter(
        (policy) =>
          isWorkloadLevel(policy) && inScope(policy.namespace) && !mesh.some(({rootNamespace}) => rootNamespace === policy.namespace),
      )
      .filter((policy) => !(labels.get(policy.namespace) ?? []).some((one) => isSubset(policy.selector ?? {}, one.labels)))
      .map((policy) => {
        const selector = Object.entries(policy.selector ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(',')
        return finding(policyRef(policy), `selector \`${selector}\` matches no pod and no pod template in \`${policy.namespace}\``, {
          fix: `kubectl -n ${policy.namespace} get pods --show-labels  # then correct the selector, or:\nkubectl -n ${policy.namespace} delete peerauthentication ${policy.name}`,
        })
      })
  },
})
