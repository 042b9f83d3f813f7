import type {IstiodReplica} from '../model/delivered.ts'
import type {Mesh} from '../model/mesh.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import type {Namespace} from '../model/workload.ts'
import {defaultMesh} from './mesh-for.ts'
import {policiesVisible} from './policies-visible.ts'

/** A policy that an istiod should see and does not hold as it stands in the API server; `held` null: not at all. */
export interface LaggingPolicy {
  policy: PeerAuthentication
  held: number | null
}

/** Compares what one istiod holds with the policies that its revision and namespaces let it see (rules 1 to 4); [] where it was not read. */
export function laggingPolicies(
  {state, revision}: IstiodReplica,
  policies: readonly PeerAuthentication[],
  meshes: readonly Mesh[],
  namespaces: readonly Namespace[],
): LaggingPolicy[] {
  if (!state.read) return []
  const mesh = meshes.find((each) => each.revision === revision) ?? {...defaultMesh, revision}
  const held = new Map(state.value.policies.map(({namespace, name, generation}) => [`${namespace}/${name}`, generation]))
  return policiesVisible(policies, mesh, namespaces).flatMap((policy) => {
    const generation = held.get(`${policy.namespace}/${policy.name}`)
    return generation === undefined || generation < policy.generation ? [{policy, held: generation ?? null}] : []
  })
}
