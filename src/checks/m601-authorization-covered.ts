import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {actionOf, appliesTo, rulesOf} from './authorization.ts'
import {apply} from './fix.ts'
import {governedPods} from './policy-view.ts'
import {rowId, workloadList} from './subject.ts'

/** An ALLOW policy that refuses something covers every workload: mutual TLS says who calls, only authorization says who may. */
export const authorizationCovered = check({
  code: 'M601',
  slug: 'm601-authorization-covered',
  severity: 'info',
  needs: ['mesh', 'pods', 'authorizationPolicies'],
  title: 'Authorization covers every workload',
  failure: 'Any identity may call some workloads',
  why: 'Mutual TLS proves who calls; without an AuthorizationPolicy every workload of the mesh may call every other all the same.',
  hint: 'Apply an AuthorizationPolicy of action ALLOW that names who may call.',
  run({mesh, pods, authorizationPolicies}, {asked}) {
    const covering = authorizationPolicies.filter(covers)
    const bare = governedPods(pods, asked, mesh).filter(
      (pod) => !covering.some((policy) => appliesTo(policy, pod, meshFor(pod, mesh).rootNamespace)),
    )
    return [...Map.groupBy(bare, (pod) => pod.namespace)].map(([namespace, open]) =>
      finding({kind: 'Namespace', name: namespace}, `no AuthorizationPolicy limits who may call ${workloadList(open)}`, {
        severity: asked.requireAuthorization ? 'error' : 'info',
        fix: apply(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: same-namespace
  namespace: ${namespace}
spec:
  action: ALLOW
  rules:
    - from:
        - source:
            namespaces: [${namespace}]`),
        endpoints: [...new Set(open.map((pod) => rowId(pod, null)))].sort(),
      }),
    )
  },
})

/** `rules: [{}]` allows everything; DENY, AUDIT and CUSTOM leave open what they do not name; no rules at all deny everything, which covers. */
function covers(policy: IstioObject): boolean {
  return (
    actionOf(policy) === 'ALLOW' && rulesOf(policy).every((rule) => [rule.from, rule.to, rule.when].some((part) => (part ?? []).length > 0))
  )
}
