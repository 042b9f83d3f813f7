import {isSubset} from '../derive/label-selector.ts'
import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import {actionOf, asksClaim, ruleDemandsToken, rulesOf} from '../derive/authorization-rules.ts'
import {apply} from './fix.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {istioRef} from './subject.ts'

/** Where a RequestAuthentication reads tokens an AuthorizationPolicy demands one: a request without any token passes the first. */
export const tokensRequired = check({
  code: 'M603',
  slug: 'm603-tokens-required',
  severity: 'warning',
  needs: ['mesh', 'requestAuthentications', 'authorizationPolicies'],
  title: 'Where tokens are checked they are demanded',
  failure: 'Tokens are checked but not demanded',
  why: 'RequestAuthentication refuses wrong tokens alone: a request without one passes as anonymous.',
  hint: 'Apply an AuthorizationPolicy that demands a request principal for the same workloads.',
  run({mesh, requestAuthentications, authorizationPolicies}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    const roots = mesh.map(({rootNamespace}) => rootNamespace)
    const demanding = authorizationPolicies.filter(demandsToken)
    return requestAuthentications
      .filter(({namespace, spec}) => inScope(namespace) && ((spec['jwtRules'] ?? []) as unknown[]).length > 0)
      .filter((authentication) => !demanding.some((policy) => reaches(policy, authentication, roots)))
      .map((authentication) =>
        finding(istioRef(authentication), 'reads tokens, but nothing refuses a request without one', {
          fix: apply(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${authentication.name}-required
  namespace: ${authentication.namespace}
spec:${selectorText(authentication)}
  action: DENY
  rules:
    - from:
        - source:
            notRequestPrincipals: ["*"]`),
        }),
      )
  },
})

/** DENY of requests without a principal, or an ALLOW whose every rule asks for one, by source or by condition. */
function demandsToken(policy: IstioObject): boolean {
  const rules = rulesOf(policy)
  switch (actionOf(policy)) {
    case 'DENY':
      return rules.some(
        (rule) => (rule.from ?? []).some(({source}) => (source?.notRequestPrincipals ?? []).includes('*')) || asksClaim(rule, 'notValues'),
      )
    case 'ALLOW':
      return rules.every(ruleDemandsToken)
    default:
      return actionOf(policy) === 'CUSTOM'
  }
}

/** The policy covers at least the workloads of the authentication: the same target, or a selector no narrower. */
function reaches(policy: IstioObject, authentication: IstioObject, roots: string[]): boolean {
  if (policy.namespace !== authentication.namespace && !roots.includes(policy.namespace)) return false
  const target = targetText(authentication)
  if (target !== null || targetText(policy) !== null) return target === targetText(policy)
  return isSubset(labelsOf(policy), labelsOf(authentication))
}

function targetText({spec}: IstioObject): string | null {
  const target = spec['targetRefs'] ?? (spec['targetRef'] === undefined ? undefined : [spec['targetRef']])
  return target === undefined ? null : JSON.stringify(target)
}

function labelsOf({spec}: IstioObject): Record<string, string> {
  return (spec['selector'] as {matchLabels?: Record<string, string>} | undefined)?.matchLabels ?? {}
}

function selectorText(authentication: IstioObject): string {
  const target = targetText(authentication)
  if (target !== null) return `\n  targetRefs: ${target}`
  const labels = Object.entries(labelsOf(authentication))
  return labels.length === 0
    ? ''
    : `\n  selector:\n    matchLabels: {${labels.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')}}`
}
