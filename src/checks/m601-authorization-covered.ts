import {meshFor} from '../derive/mesh-for.ts'
import {dataPlane} from '../derive/membership.ts'
import {isOfRevision} from '../derive/policies-visible.ts'
import {servicesOf} from '../derive/services-of.ts'
import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Namespace, Pod, Service} from '../model/workload.ts'
import {actionOf, appliesTo, isDryRun, isOpenRule, rulesOf} from '../derive/authorization-rules.ts'
import {apply} from './fix.ts'
import {governedPods} from './policy-view.ts'
import {rowId, workloadList} from './subject.ts'

/** ALLOW policies that refuse something cover every workload: mutual TLS says who calls, only authorization says who may. */
export const authorizationCovered = check({
  code: 'M601',
  slug: 'm601-authorization-covered',
  severity: 'info',
  needs: ['mesh', 'namespaces', 'pods', 'services', 'authorizationPolicies'],
  title: 'Authorization covers every workload',
  failure: 'Any identity may call some workloads',
  why: 'Mutual TLS proves who calls; without an AuthorizationPolicy every workload of the mesh may call every other all the same.',
  hint: 'Apply an AuthorizationPolicy of action ALLOW that names who may call.',
  run({mesh, namespaces, pods, services, authorizationPolicies}, {asked}) {
    const enforced = authorizationPolicies.filter((policy) => actionOf(policy) === 'ALLOW' && !isDryRun(policy))
    const byNamespace = Map.groupBy(enforced, (policy) => policy.namespace)
    const labels = new Map(namespaces.map((namespace) => [namespace.name, namespace.labels]))
    const selecting = servicesOf(services)
    const bare = governedPods(pods, asked, mesh).filter((pod) => {
      const {revision, rootNamespace} = meshFor(pod, mesh)
      // Wherever else a policy lies, it never reaches this pod.
      const near = [...new Set([rootNamespace, pod.namespace])].flatMap((namespace) => byNamespace.get(namespace) ?? [])
      const isSeen = (policy: IstioObject) => isOfRevision(policy, revision)
      if (limits(near.filter((policy) => isSeen(policy) && appliesTo(policy, pod, rootNamespace)))) return false
      // A sidecar ignores whatever has targetRefs (policyattachment.go:ShouldAttachPolicy), and so does ztunnel.
      if (dataPlane(pod) !== 'ambient') return true
      const bound = behindWaypoint(pod, selecting(pod), labels)
      return !limits(enforced.filter((policy) => isSeen(policy) && bound.some((one) => targets(policy, one, rootNamespace))))
    })
    return [...Map.groupBy(bare, (pod) => pod.namespace)].map(([namespace, open]) => {
      const undoing = enforced.filter(
        (policy) => isOpen(policy) && open.some((pod) => appliesTo(policy, pod, meshFor(pod, mesh).rootNamespace)),
      )
      const names = undoing.map((policy) => `\`${policy.namespace}/${policy.name}\``).join(', ')
      const message = `no AuthorizationPolicy limits who may call ${workloadList(open)}`
      const remove = undoing.map(
        (policy) => `kubectl -n ${policy.namespace} delete authorizationpolicy ${policy.name}  # or narrow its rules\n`,
      )
      return finding({kind: 'Namespace', name: namespace}, names === '' ? message : `${message}: ${names} allows everyone`, {
        severity: asked.requireAuthorization ? 'error' : 'info',
        fix: `${remove.join('')}${apply(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: same-namespace
  namespace: ${namespace}
spec:
  action: ALLOW
  rules:
    - from:
        - source:
            namespaces: [${namespace}]`)}`,
        endpoints: [...new Set(open.map((pod) => rowId(pod, null)))].sort(),
      })
    })
  },
})

/**
 * Policies of one place add up: a single `rules: [{}]` lets everyone past all the others; no rules at all deny everything, which limits, and
 * so does a rule of HTTP fields alone where ztunnel leaves it out (ambient/authorization.go:handleRule).
 */
function limits(policies: IstioObject[]): boolean {
  return policies.length > 0 && !policies.some(isOpen)
}

function isOpen(policy: IstioObject): boolean {
  return rulesOf(policy).some(isOpenRule)
}

/** A Service or a pod whose calls its labels send through a waypoint; whether the Gateway is there, a snapshot does not say. */
interface Bound {
  service: Service | null
  waypoint: {name: string; namespace: string}
}

/** The label of the object itself, else its namespace's; `none` opts out (ambient/waypoints.go:fetchWaypointForTarget). */
function behindWaypoint(pod: Pod, services: Service[], namespaces: Map<string, Namespace['labels']>): Bound[] {
  return [pod, ...services].flatMap((object) => {
    const labels = object.labels[useWaypoint] === undefined ? (namespaces.get(object.namespace) ?? {}) : object.labels
    const name = labels[useWaypoint] ?? 'none'
    const namespace = labels[`${useWaypoint}-namespace`] ?? object.namespace
    return name === 'none' ? [] : [{service: object === pod ? null : (object as Service), waypoint: {name, namespace}}]
  })
}

const useWaypoint = 'istio.io/use-waypoint'

/** model/policyattachment.go:ShouldAttachPolicy, for a waypoint. */
function targets({namespace, spec}: IstioObject, {service, waypoint}: Bound, rootNamespace: string): boolean {
  const refs = (spec['targetRefs'] ?? (spec['targetRef'] ? [spec['targetRef']] : [])) as {
    kind?: string
    name?: string
    namespace?: string
  }[]
  return refs.some((ref) => {
    if (ref.kind === 'Service') return service !== null && ref.name === service.name && namespace === service.namespace
    if (ref.kind === 'GatewayClass') return ref.name === 'istio-waypoint' && namespace === rootNamespace
    return (
      ref.kind === 'Gateway' && ref.name === waypoint.name && namespace === waypoint.namespace && (ref.namespace ?? namespace) === namespace
    )
  })
}
