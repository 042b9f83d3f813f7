import {read, unread} from '../model/part.ts'
import type {MtlsMode, PeerAuthentication} from '../model/policy.ts'
import {isInScope, isMeshWide, type Snapshot} from '../model/snapshot.ts'
import {defaultMesh} from './mesh-for.ts'
import {policyIndex} from './policy-index.ts'

/** A PeerAuthentication that is to be written: its mode, and of a file of the user's own all that it says; what is not told stays. */
export interface PolicyWrite extends Partial<Pick<PeerAuthentication, 'selector' | 'ports' | 'labels'>> {
  namespace: string
  name: string
  mode: MtlsMode
}

/** The snapshot as it will be once these policies are written; policies that were not read stay so. */
export function withPolicies(snapshot: Snapshot, writes: readonly PolicyWrite[]): Snapshot {
  if (!snapshot.policies.read) return snapshot
  const policies = new Map(snapshot.policies.value.map((policy) => [`${policy.namespace}/${policy.name}`, policy]))
  for (const write of writes) {
    const {namespace, name} = write
    const key = `${namespace}/${name}`
    policies.set(key, {...(policies.get(key) ?? unwritten(namespace, name)), ...write})
  }
  return {...snapshot, policies: read([...policies.values()])}
}

/** The same to be judged: nothing that was observed of today's cluster can speak for tomorrow's. */
export function judgedAfter(snapshot: Snapshot, writes: readonly PolicyWrite[]): Snapshot {
  const part = unread('a plan judges what would be, of which nothing can be observed yet')
  const asked = {...snapshot.asked, probes: false, inspect: false, require: 'configured' as const, dryRun: false, plan: true}
  return {...withPolicies(snapshot, writes), asked, probes: part, delivered: part, validation: part}
}

/** Where only manifests are known: STRICT for the scope wherever nobody wrote a mode of that level (`enforce` would write just that). */
export function wishedPolicies(snapshot: Snapshot): PolicyWrite[] {
  const {scope, mtlsMode} = snapshot.asked
  if (mtlsMode !== 'STRICT' || !snapshot.policies.read) return []
  const meshes = snapshot.mesh.read && snapshot.mesh.value.length > 0 ? snapshot.mesh.value : [defaultMesh]
  const roots = [...new Set(meshes.map(({rootNamespace}) => rootNamespace))]
  const pods = snapshot.pods.read ? snapshot.pods.value : []
  const known = [...new Set(pods.map(({namespace}) => namespace))].filter((name) => !roots.includes(name) && isInScope(scope, name, ''))
  const {value: policies} = snapshot.policies
  const isFree = (namespace: string) =>
    roots.includes(namespace)
      ? policyIndex(policies, namespace).mesh.length === 0
      : roots.every((root) => (policyIndex(policies, root).namespaces.get(namespace)?.namespace ?? []).length === 0)
  const places = isMeshWide({namespaces: scope.namespaces, exclude: []}) ? roots : known
  return places.filter(isFree).map((namespace) => ({namespace, name: 'default', mode: 'STRICT'}))
}

/** Without a creation time it comes after all that exist (rule 11). */
function unwritten(namespace: string, name: string): PeerAuthentication {
  return {
    ...{namespace, name, uid: '', createdAt: '', generation: 0, labels: {}, annotations: {}},
    ...{selector: null, mode: 'UNSET', ports: {}},
  }
}
