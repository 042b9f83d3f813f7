import type {LabelSelector} from '../model/mesh.ts'

export type Labels = Record<string, string>

/** True when a Kubernetes label selector matches; empty matches all, an unknown operator nothing (metav1.LabelSelectorAsSelector). */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  return isSubset(selector.matchLabels ?? {}, labels) && (selector.matchExpressions ?? []).every((one) => requirementMatches(one, labels))
}

/** True when every pair of `wanted` is among `labels`: Istio's selectors know nothing else (labels.Instance.SubsetOf). */
export function isSubset(wanted: Labels, labels: Labels): boolean {
  for (const key in wanted) if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false
  return true
}

function requirementMatches({key, operator, values = []}: {key: string; operator: string; values?: string[]}, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
