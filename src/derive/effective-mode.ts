import type {MtlsMode, PeerAuthentication} from '../model/policy.ts'
import type {Labels} from './label-selector.ts'
import {type PolicyIndex, type PolicyLevels, policiesByLevel} from './policy-index.ts'

/** The one policy of each level that counts for a workload, or null (rules 9 to 11). */
export interface DecidingPolicies {
  mesh: PeerAuthentication | null
  namespace: PeerAuthentication | null
  workload: PeerAuthentication | null
}

/** A mode and the policy it comes from; null: Istio's default, PERMISSIVE. */
export interface DecidedMode {
  mode: Exclude<MtlsMode, 'UNSET'>
  by: PeerAuthentication | null
}

/** Picks the winner of each level for a workload with these live labels (authn/policy_applier.go:ComposePeerAuthentication). */
export function decidingPolicies(index: PolicyIndex, namespace: string, labels: Labels): DecidingPolicies {
  return winners(policiesByLevel(index, namespace, labels))
}

/** The head of each level hides the rest, whatever it says (rules 11, 12). */
export function winners(levels: PolicyLevels): DecidingPolicies {
  return {mesh: levels.mesh[0] ?? null, namespace: levels.namespace[0] ?? null, workload: levels.workload[0] ?? null}
}

/** The mode a sidecar enforces on a container port, and who decided; `port` null: all ports that no port-level entry names (rules 12 to 15). */
export function effectiveMode(deciding: DecidingPolicies, port: number | null): DecidedMode {
  const whole = modeOfLevels([deciding.mesh, deciding.namespace, deciding.workload])
  if (port === null || deciding.workload === null) return whole
  const own = deciding.workload.ports[String(port)] ?? 'UNSET'
  return own === 'UNSET' ? whole : {mode: own, by: deciding.workload}
}

/** Later levels override earlier ones, unless UNSET; nothing set is PERMISSIVE (rule 12). */
export function modeOfLevels(levels: readonly (PeerAuthentication | null)[]): DecidedMode {
  return levels.reduce<DecidedMode>(
    (decided, policy) => (policy === null || policy.mode === 'UNSET' ? decided : {mode: policy.mode, by: policy}),
    {mode: 'PERMISSIVE', by: null},
  )
}
