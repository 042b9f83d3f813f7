import {decidingPolicies, effectiveMode} from '../derive/effective-mode.ts'
import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import {actionOf, appliesTo, identityFields, notIdentityFields, rulesOf, speaksOf} from '../derive/authorization-rules.ts'
import {governedPods, viewFinder} from './policy-view.ts'
import {istioRef, rowId, workloadList} from './subject.ts'

/** Rules about identities stand only where mutual TLS is certain: a plain caller has none, so what must not match it does not. */
export const identityRulesBacked = check({
  code: 'M602',
  slug: 'm602-identity-rules-backed',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods', 'authorizationPolicies'],
  title: 'Identity rules are backed by mutual TLS',
  failure: 'Identity rules are not backed by mutual TLS',
  why: 'In plain text there is no identity: a DENY of an identity then denies nobody, and an ALLOW of all but one allows that one too.',
  hint: 'Make mutual TLS STRICT for the workloads that the policy selects.',
  run({mesh, namespaces, policies, pods, authorizationPolicies}, {asked}) {
    const viewFor = viewFinder({mesh, namespaces, policies})
    const uncertain = governedPods(pods, asked, mesh).filter((pod) => {
      const deciding = decidingPolicies(viewFor(pod).index, pod.namespace, pod.labels)
      const ports = [null, ...Object.keys(deciding.workload?.ports ?? {}).map(Number)]
      return ports.some((port) => effectiveMode(deciding, port).mode !== 'STRICT')
    })
    return authorizationPolicies.flatMap((policy) => {
      const way = failsHow(policy)
      const hit = way === null ? [] : uncertain.filter((pod) => appliesTo(policy, pod, viewFor(pod).mesh.rootNamespace))
      if (way === null || hit.length === 0) return []
      const says =
        way === 'open'
          ? 'a caller in plain text has no identity and gets past it'
          : 'a caller in plain text has no identity and is refused by it'
      return [
        finding(istioRef(policy), `speaks of identities on ${workloadList(hit)}, where mutual TLS is not STRICT: ${says}`, {
          severity: way === 'open' ? 'error' : 'warning',
          fix: `kubectl -n ${hit[0]?.namespace} get peerauthentication  # set mtls.mode: STRICT in the one that decides`,
          endpoints: [...new Set(hit.map((pod) => rowId(pod, null)))].sort(),
        }),
      ]
    })
  },
})

/** DENY of an identity, and ALLOW of all but one, fail open; ALLOW of an identity fails closed. */
function failsHow(policy: IstioObject): 'open' | 'closed' | null {
  const rules = rulesOf(policy)
  const action = actionOf(policy)
  const positive = rules.some((rule) => speaksOf(rule, identityFields, 'values'))
  const negative = rules.some((rule) => speaksOf(rule, notIdentityFields, 'notValues'))
  if (action === 'DENY') return positive ? 'open' : null
  if (action !== 'ALLOW') return null
  return negative ? 'open' : positive ? 'closed' : null
}
