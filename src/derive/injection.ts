import type {Webhook} from '../model/mesh.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {type Labels, selectorMatches} from './label-selector.ts'

/** Whether Istio's injector would give a new pod a proxy, and why (rules 28, 29). */
export interface Injection {
  injected: boolean
  /** The control plane that would inject it; '' when none. */
  revision: string
  /** The webhook that selects it, or null. */
  webhook: Webhook | null
  /** One clause: what decided. */
  reason: string
}

/** What of a pod to be created the injector looks at. */
export type InjectedPod = Pick<Pod, 'labels' | 'annotations' | 'hostNetwork'>

/** Would the pod be injected if it were created now? By the live webhooks' selectors, then the injector's own rules (inject/inject.go:injectRequired). */
export function injection(pod: InjectedPod, namespace: Pick<Namespace, 'name' | 'labels'>, webhooks: readonly Webhook[]): Injection {
  const webhook = injectors(webhooks).find((each) => selects(each, namespace, pod.labels)) ?? null
  const no = (reason: string): Injection => ({injected: false, revision: '', webhook, reason})
  if (webhook === null) return no("no injection webhook's selectors match its labels and its namespace's")
  if (pod.hostNetwork) return no("it is on its node's network")
  if (neverInjected.has(namespace.name)) return no(`Istio never injects into namespace \`${namespace.name}\``)
  if (wish(pod) === 'false') return no(`\`${injectKey}: "false"\` opts it out`)
  return {
    injected: true,
    revision: webhook.revision || 'default',
    webhook,
    reason: `webhook \`${webhook.name}\` of \`${webhook.configuration}\` selects it`,
  }
}

/** How a namespace enrols an ordinary pod, one that says nothing of itself (rules 28, 31). */
export interface Enrolment {
  by: 'sidecar' | 'ambient' | 'none'
  revision: string
  reason: string
}

/** What a namespace's labels do for its new pods; a pod's own labels may still differ. */
export function namespaceEnrolment(namespace: Pick<Namespace, 'name' | 'labels'>, webhooks: readonly Webhook[]): Enrolment {
  const answer = injection({labels: {}, annotations: {}, hostNetwork: false}, namespace, webhooks)
  if (answer.injected) return {by: 'sidecar', revision: answer.revision, reason: answer.reason}
  if (isAmbientWanted({labels: {}, annotations: {}, hostNetwork: false}, namespace))
    return {by: 'ambient', revision: '', reason: `label \`${ambientKey}: ambient\` enrols it`}
  return {by: 'none', revision: '', reason: answer.reason}
}

/** True when the CNI would redirect the pod to ztunnel, by the chart's default selectors (rule 31, cni/pkg/util/enablement_selector.go:Matches). */
export function isAmbientWanted(pod: InjectedPod, namespace: Pick<Namespace, 'name' | 'labels'>): boolean {
  if (pod.hostNetwork || namespace.name === 'kube-system' || pod.annotations['sidecar.istio.io/status'] !== undefined) return false
  return pod.labels[ambientKey] === 'ambient' || (namespace.labels[ambientKey] === 'ambient' && pod.labels[ambientKey] !== 'none')
}

/** Every injection webhook that selects a pod: more than one is a mistake (m102). */
export function selectingWebhooks(labels: Labels, namespace: Pick<Namespace, 'name' | 'labels'>, webhooks: readonly Webhook[]): Webhook[] {
  return injectors(webhooks).filter((webhook) => selects(webhook, namespace, labels))
}

function injectors(webhooks: readonly Webhook[]): Webhook[] {
  return webhooks.filter(({type, name}) => type === 'mutating' && name.endsWith('sidecar-injector.istio.io'))
}

/** The API server labels every namespace with its own name. */
function selects(
  {namespaceSelector, objectSelector}: Webhook,
  {name, labels}: Pick<Namespace, 'name' | 'labels'>,
  podLabels: Labels,
): boolean {
  return selectorMatches(namespaceSelector, {...labels, 'kubernetes.io/metadata.name': name}) && selectorMatches(objectSelector, podLabels)
}

/** The label wins over the annotation, and selectors never see the annotation (rules 28, 29). */
function wish({labels, annotations}: InjectedPod): string | undefined {
  return labels[injectKey] ?? annotations[injectKey]
}

const injectKey = 'sidecar.istio.io/inject'
const ambientKey = 'istio.io/dataplane-mode'
const neverInjected = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])
