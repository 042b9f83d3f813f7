import {isSubset} from './label-selector.ts'
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
  ipBlocks?: string[]
  notIpBlocks?: string[]
  remoteIpBlocks?: string[]
  notRemoteIpBlocks?: string[]
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

/** A rule without any condition, which matches every call. */
export function isOpenRule(rule: Rule): boolean {
  return [rule.from, rule.to, rule.when].every((part) => (part ?? []).length === 0)
}

/** Only logged, never enforced (authz/builder:isDryRun, Go's strconv.ParseBool). */
export function isDryRun({annotations}: IstioObject): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(annotations['istio.io/dry-run'] ?? '')
}

/** A rule that no call without a token matches, by source or by condition. */
export function ruleDemandsToken(rule: Rule): boolean {
  const sources = rule.from ?? []
  const bySource = sources.length > 0 && sources.every(({source}) => (source?.requestPrincipals ?? []).length > 0)
  return bySource || asksClaim(rule, 'values')
}

/** True when a rule compares a claim of the token. */
export function asksClaim({when}: Rule, values: 'values' | 'notValues'): boolean {
  return (when ?? []).some((one) => (one.key ?? '').startsWith('request.auth.') && (one[values] ?? []).length > 0)
}
