import {selectorMatches} from '../derive/label-selector.ts'
import type {KubeObject} from '../io/io.ts'
import type {LabelSelector} from '../model/mesh.ts'

/** A PodDisruptionBudget with the counts its controller keeps; `selector` null selects nothing, {} all pods of the namespace (policy/v1). */
export interface Budget {
  name: string
  selector: LabelSelector | null
  currentHealthy: number
  desiredHealthy: number
}

/** Address of a namespace's budgets. */
export function budgetsPath(namespace: string): string {
  return `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`
}

export function budgetFrom({metadata, spec, status}: KubeObject): Budget {
  const {selector = null} = (spec ?? {}) as {selector?: LabelSelector | null}
  const {currentHealthy = 0, desiredHealthy = 0} = (status ?? {}) as {currentHealthy?: number; desiredHealthy?: number}
  return {name: metadata.name, selector, currentHealthy, desiredHealthy}
}

/**
 * Why a rollout must not begin now, or null. Rollouts do not ask budgets, only evictions do: so a budget that is violated already, or that
 * the rollout's own strategy would violate, keeps us from starting it.
 */
export function budgetObstacle(rollout: KubeObject, budgets: readonly Budget[]): string | null {
  const {template} = (rollout['spec'] ?? {}) as {template?: {metadata?: {labels?: Record<string, string>}}}
  const labels = template?.metadata?.labels ?? {}
  const away = takesAway(rollout)
  for (const {name, selector, currentHealthy, desiredHealthy} of budgets) {
    if (selector === null || !selectorMatches(selector, labels)) continue
    const counts = `${currentHealthy} pods healthy, ${desiredHealthy} demanded`
    if (currentHealthy < desiredHealthy) return `its PodDisruptionBudget \`${name}\` is violated already (${counts})`
    if (away > currentHealthy - desiredHealthy)
      return `its rollout takes ${away} at a time away, and its PodDisruptionBudget \`${name}\` does not allow that (${counts})`
  }
  return null
}

/** How many ready pods a rollout does without at its worst moment: the strategies of Kubernetes' own controllers. */
export function takesAway({kind, spec, status}: KubeObject): number {
  const {replicas = 1, strategy, updateStrategy} = (spec ?? {}) as Spec
  if (kind === 'Deployment') {
    if (strategy?.type === 'Recreate') return replicas
    const {maxUnavailable = '25%', maxSurge = '25%'} = strategy?.rollingUpdate ?? {}
    const away = resolved(maxUnavailable, replicas, Math.floor)
    // Neither more nor fewer would never end: the controller then takes one away (deployment/util: ResolveFenceposts).
    return away === 0 && resolved(maxSurge, replicas, Math.ceil) === 0 ? Math.min(1, replicas) : Math.min(away, replicas)
  }
  if (kind === 'StatefulSet')
    return Math.min(resolved(updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, replicas, Math.floor) || 1, replicas)
  const {desiredNumberScheduled = 0} = (status ?? {}) as {desiredNumberScheduled?: number}
  const {maxUnavailable, maxSurge = 0} = updateStrategy?.rollingUpdate ?? {}
  const surges = resolved(maxSurge, desiredNumberScheduled, Math.ceil) > 0
  return Math.min(resolved(maxUnavailable ?? (surges ? 0 : 1), desiredNumberScheduled, Math.ceil), desiredNumberScheduled)
}

interface Spec {
  replicas?: number
  strategy?: {type?: string; rollingUpdate?: Rolling}
  updateStrategy?: {rollingUpdate?: Rolling}
}

interface Rolling {
  maxUnavailable?: number | string
  maxSurge?: number | string
}

function resolved(value: number | string, of: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * of)
}
