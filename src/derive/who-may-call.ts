import type {Authorization} from '../model/authorization.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {distinctPods} from './alike-pods.ts'
import {actionOf, appliesTo, isDryRun, isOpenRule, ruleDemandsToken, rulesOf} from './authorization-rules.ts'
import {dataPlane, isFinished} from './membership.ts'
import {meshFor} from './mesh-for.ts'
import {permitFrom} from './permit-words.ts'
import {isOfRevision} from './policies-visible.ts'
import {scopeOf} from './scope-of.ts'

/**
 * Who may call each workload of the scope, and with which token, by configuration alone (istio.io, "Implicit enablement": CUSTOM, then DENY,
 * then ALLOW); null where pods or policies were not read, for then nobody knows.
 */
export function whoMayCall({asked, mesh, pods, authorizationPolicies, requestAuthentications}: Snapshot): Authorization[] | null {
  if (!mesh.read || !pods.read || !authorizationPolicies.read || !requestAuthentications.read) return null
  const inScope = scopeOf(asked, mesh.value)
  const [policiesFor, tokensFor] = [authorizationPolicies.value, requestAuthentications.value].map(applying)
  const found = new Map<string, Authorization>()
  for (const pod of distinctPods(pods.value.filter((each) => !isFinished(each) && !each.terminating && inScope(each.namespace)))) {
    const own = meshFor(pod, mesh.value)
    const answer = answerOf(dataPlane(pod), policiesFor?.(pod, own) ?? [], tokensFor?.(pod, own) ?? [])
    const {namespace, workload} = pod
    const key = JSON.stringify([namespace, workload.kind, workload.name, answer])
    if (!found.has(key)) found.set(key, {namespace, workload, ...answer})
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

/** The objects of one kind that reach a pod; filed by namespace, for there may be thousands of pods. */
function applying(objects: readonly IstioObject[]): (pod: Pod, mesh: Mesh) => IstioObject[] {
  const filed = Map.groupBy(objects, ({namespace}) => namespace)
  return (pod, {rootNamespace, revision}) =>
    [...new Set([rootNamespace, pod.namespace])]
      .flatMap((namespace) => filed.get(namespace) ?? [])
      .filter((object) => isOfRevision(object, revision) && appliesTo(object, pod, rootNamespace) && !isDryRun(object))
}

function answerOf(
  plane: ReturnType<typeof dataPlane>,
  policies: IstioObject[],
  tokens: IstioObject[],
): Omit<Authorization, 'namespace' | 'workload'> {
  if (plane === 'none') {
    const remark = policies.length + tokens.length > 0 ? 'policies select it, but it runs without a proxy: none is in force' : ''
    return {callers: 'anyone', allowed: [], denied: [], asks: [], token: {demand: 'none', issuers: []}, remark}
  }
  const of = (action: string) => policies.filter((policy) => actionOf(policy) === action)
  const [allow, deny, custom] = [of('ALLOW'), of('DENY'), of('CUSTOM')]
  const permits = (some: IstioObject[]) => some.flatMap((policy) => rulesOf(policy).map((rule) => permitFrom(rule, policy)))
  const isOpen = allow.length === 0 || allow.some((policy) => rulesOf(policy).some(isOpenRule))
  const isShut =
    deny.some((policy) => rulesOf(policy).some(isOpenRule)) || (!isOpen && allow.every((policy) => rulesOf(policy).length === 0))
  const issuers = [...new Set(tokens.flatMap(issuersOf))].sort()
  const demand = demandOf(allow, deny, issuers, isOpen)
  return {
    callers: isShut ? 'nobody' : isOpen ? 'anyone' : 'listed',
    allowed: isOpen ? [] : permits(allow),
    denied: permits(deny),
    asks: [...new Set(custom.map(({spec}) => (spec['provider'] as {name?: string} | undefined)?.name ?? 'an external authorizer'))].sort(),
    token: {demand, issuers},
    remark: remarkOf(plane, demand, issuers),
  }
}

function issuersOf({spec}: IstioObject): string[] {
  return ((spec['jwtRules'] ?? []) as {issuer?: string}[]).map(({issuer}) => issuer ?? '(any issuer)')
}

/** A DENY of whoever has no token holds for all calls only where it says nothing else; rules of ALLOW are alternatives. */
function demandOf(allow: IstioObject[], deny: IstioObject[], issuers: string[], isOpen: boolean): Authorization['token']['demand'] {
  const refusals = deny.flatMap(rulesOf).filter(({from = []}) => from.some(({source}) => source?.notRequestPrincipals?.includes('*')))
  if (
    refusals.some(
      ({from = [], to = [], when = []}) => to.length + when.length === 0 && from.some(({source}) => Object.keys(source ?? {}).length === 1),
    )
  )
    return 'demanded'
  const rules = isOpen ? [] : allow.flatMap(rulesOf)
  const demanding = rules.filter(ruleDemandsToken)
  if (demanding.length > 0 && demanding.length === rules.length) return 'demanded'
  if (demanding.length > 0 || refusals.length > 0) return 'in part'
  return issuers.length > 0 ? 'checked' : 'none'
}

function remarkOf(plane: ReturnType<typeof dataPlane>, demand: Authorization['token']['demand'], issuers: string[]): string {
  if (issuers.length === 0 && (demand === 'demanded' || demand === 'in part'))
    return 'a token is demanded, but no RequestAuthentication reads one: no such call gets through'
  if (plane === 'proxyless') return 'proxyless gRPC heeds only a part of these policies'
  return plane === 'ambient' ? 'a waypoint may refuse more; ztunnel leaves out what only HTTP can tell' : ''
}
