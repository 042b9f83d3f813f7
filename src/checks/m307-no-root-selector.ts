import {isWorkloadLevel, policyRef} from '../derive/policy-index.ts'
import {check, finding} from '../model/check.ts'
import {isInScope, isMeshWide} from '../model/snapshot.ts'

/** No PeerAuthentication of a root namespace has a selector: Istio ignores it for every workload, its own included (rules 9, 41). */
export const noRootSelector = check({
  code: 'M307',
  slug: 'm307-no-root-selector',
  severity: 'error',
  needs: ['mesh', 'policies'],
  title: 'No policy in the root namespace has a selector',
  failure: 'A policy in the root namespace has no effect',
  why: 'A policy with a selector in the root namespace is ignored everywhere, though it reads like a rule for the whole mesh.',
  hint: 'Move the policy to the namespace of the workloads that it selects, or drop its selector.',
  run({mesh, policies}, {asked}) {
    const roots = new Set(mesh.map(({rootNamespace}) => rootNamespace))
    return policies
      .filter(({namespace}) => roots.has(namespace) && (isMeshWide(asked.scope) || isInScope(asked.scope, namespace, namespace)))
      .filter(isWorkloadLevel)
      .map((policy) => {
        const get = `kubectl -n ${policy.namespace} get peerauthentication ${policy.name} -o yaml`
        return finding(
          policyRef(policy),
          `has a selector in the root namespace \`${policy.namespace}\`, so it applies to no workload at all`,
          {
            fix: `${get} | sed 's/namespace: ${policy.namespace}/namespace: NAMESPACE-OF-THE-WORKLOAD/' | kubectl apply -f -\nkubectl -n ${policy.namespace} delete peerauthentication ${policy.name}`,
          },
        )
      })
  },
})
