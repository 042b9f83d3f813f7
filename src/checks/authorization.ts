import {isSubset} from '../derive/label-selector.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'

/** One source of a rule of an AuthorizationPolicy, as far as identity goes. */
export interface Source {
  principals?: string[]
  notPrincipals?: string[]
  namespaces?: string[]
  notNamespaces?: string[]
  serviceAccounts?: string[]
  notServiceAccounts?: string[]
  trustDomains?: string[]
  notTrustDomains?: string[]
  requestPrincipals?: string[]
  notRequestPrincipals?: string[]
}

export interface Rule {
  from?: {source?: Source}[]
  to?: {operation?: Record<string, string[]>}[]
  when?: {key?: string; values?: string[]; notValues?: string[]}[]
}

/** The action of an AuthorizationPolicy; ALLOW is the enum's zero. */
export function actionOf({spec}: IstioObject): string {
  return typeof spec['action'] === 'string' ? spec['action'] : 'ALLOW'
}

export function rulesOf({spec}: IstioObject): Rule[] {
  return ((spec['rules'] ?? []) as (Rule | null)[]).map((rule) => rule ?? {})
}

/** True when a policy with a selector or none reaches a pod: its own namespace, or from the root every one (model/authorization.go:ListAuthorizationPolicies). */
export function appliesTo({namespace, spec}: IstioObject, pod: Pick<Pod, 'namespace' | 'labels'>, rootNamespace: string): boolean {
  if (spec['targetRef'] !== undefined || spec['targetRefs'] !== undefined) return false
  const labels = (spec['selector'] as {matchLabels?: Record<string, string>} | undefined)?.matchLabels ?? {}
  return (namespace === pod.namespace || namespace === rootNamespace) && isSubset(labels, pod.labels)
}

/** Fields of a source that speak of the peer's mesh identity, which plain text has not. */
export const identityFields = ['principals', 'namespaces', 'serviceAccounts', 'trustDomains'] as const
export const notIdentityFields = ['notPrincipals', 'notNamespaces', 'notServiceAccounts', 'notTrustDomains'] as const

/** True when a rule names any of these identity fields, or the same thing as a condition. */
export function speaksOf(rule: Rule, fields: readonly (keyof Source)[], values: 'values' | 'notValues'): boolean {
  const inSource = (rule.from ?? []).some(({source}) => fields.some((field) => (source?.[field] ?? []).length > 0))
  return (
    inSource ||
    (rule.when ?? []).some(
      (one) => /^source\.(principal|namespace|serviceAccount|trustDomain)$/.test(one.key ?? '') && (one[values] ?? []).length > 0,
    )
  )
}
