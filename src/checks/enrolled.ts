import {selectorMatches} from '../derive/label-selector.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Namespace} from '../model/workload.ts'

/** How pods of a namespace join the mesh without a label of their own (rules 28, 31), or null. */
export function enrolment(namespace: Namespace, webhooks: readonly Webhook[]): 'sidecar' | 'ambient' | null {
  if (injectors(namespace, {}, webhooks).length > 0) return 'sidecar'
  return namespace.labels['istio.io/dataplane-mode'] === 'ambient' ? 'ambient' : null
}

/** The webhooks that select a pod with these labels: more than one would inject twice. */
export function injectors(namespace: Namespace, podLabels: Record<string, string>, webhooks: readonly Webhook[]): Webhook[] {
  const labels = {'kubernetes.io/metadata.name': namespace.name, ...namespace.labels}
  return webhooks.filter(
    (webhook) =>
      webhook.type === 'mutating' &&
      selectorMatches(webhook.namespaceSelector, labels) &&
      selectorMatches(webhook.objectSelector, podLabels),
  )
}

/** The command that enrols a namespace, for the revision that is installed. */
export function enrolFix(namespace: Namespace, webhooks: readonly Webhook[]): string {
  const revisions = [...new Set(webhooks.filter(({type}) => type === 'mutating').map(({revision, tag}) => tag || revision))].filter(Boolean)
  const isDefault = revisions.length === 0 || revisions.includes('default')
  const clear = namespace.labels['istio.io/rev'] !== undefined && isDefault ? ' istio.io/rev-' : ''
  return isDefault
    ? `kubectl label namespace ${namespace.name} istio-injection=enabled --overwrite${clear}`
    : `kubectl label namespace ${namespace.name} istio.io/rev=${revisions[0]} istio-injection- --overwrite`
}
