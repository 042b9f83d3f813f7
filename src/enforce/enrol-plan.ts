import {injection} from '../derive/injection.ts'
import {dataPlane, isFinished} from '../derive/membership.ts'
import {revisionOf} from '../derive/mesh-for.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Problem} from '../model/problem.ts'
import {isInScope} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {enrolLabel, enrolmentOf, labelsAfter} from './enrol-labels.ts'
import type {Rollout} from './restart.ts'

export type EnrolWish = Pick<Inputs, 'profile' | 'revision' | 'takeOver' | 'namespaces' | 'excludeNamespaces'>

/** What decides who is to be enrolled; `own` are the control planes' namespaces, `ours` those that this action labelled before. */
export interface EnrolFound {
  namespaces: Namespace[]
  pods: Pod[]
  webhooks: Webhook[]
  own: string[]
  ours: string[]
}

/** One namespace to label; `former` are the values of the same labels as found (null: absent). */
export interface Labelling {
  namespace: string
  labels: Record<string, string | null>
  former: Record<string, string | null>
}

/** All that enrolling would do: labels first, then one rollout after the other; `left` has no proxy and gets none from this run, with the reason. */
export interface EnrolPlan {
  labellings: Labelling[]
  restarts: Rollout[]
  left: string[]
  problems: Problem[]
  notes: string[]
}

/** Decides who is labelled, restarted and left alone. A pod joins at its creation (rule 21), so in profile sidecar what runs without a proxy is restarted. */
export function planEnrol(wish: EnrolWish, found: EnrolFound): EnrolPlan {
  const plan: EnrolPlan = {labellings: [], restarts: [], left: [], problems: [], notes: []}
  const after = new Map<string, Namespace>()
  for (const namespace of found.namespaces.filter((each) => isAsked(each, wish, found))) {
    const enrolment = enrolmentOf(namespace, wish, found.webhooks, found.ours.includes(namespace.name))
    if (enrolment.is === 'contradicted') {
      plan.notes.push(
        `Namespace \`${namespace.name}\` was not enrolled: others labelled it \`${enrolment.by.join('`, `')}\`; \`take-over: true\` would change that.`,
      )
      continue
    }
    const labels = enrolment.is === 'labelled' ? enrolment.labels : {}
    after.set(namespace.name, {...namespace, labels: labelsAfter(namespace.labels, labels)})
    if (enrolment.is === 'settled') continue
    const former = Object.fromEntries(Object.keys(labels).map((label) => [label, namespace.labels[label] ?? null]))
    plan.labellings.push({namespace: namespace.name, labels, former})
    if (enrolment.takenOver.length > 0) {
      plan.notes.push(
        `Namespace \`${namespace.name}\` was labelled \`${enrolment.takenOver.join('`, `')}\` by others; its former labels are in the annotation \`${previousLabels}\`.`,
      )
    }
  }
  if (wish.profile === 'ambient') return plan
  plan.problems.push(...unserved(wish, plan.labellings, after, found))
  collectRestarts(plan, wish, after, found)
  return plan
}

/** Annotation of a namespace that this action labelled: the labels' former values as JSON, null for none. */
export const previousLabels = 'istio-mtls/previous-labels'

function isAsked({name, phase}: Namespace, {namespaces, excludeNamespaces}: EnrolWish, {own}: EnrolFound): boolean {
  if (phase === 'Terminating' || own.includes(name) || neverInjected.has(name)) return false
  return isInScope({namespaces, exclude: excludeNamespaces}, name, '')
}

/** Where Istio injects nothing, whatever the labels (inject/inject.go:IgnoredNamespaces). */
const neverInjected = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])

/** A label that no webhook heeds would restart everything and give nobody a proxy. */
function unserved(wish: EnrolWish, labellings: Labelling[], after: Map<string, Namespace>, {webhooks}: EnrolFound): Problem[] {
  const [first] = labellings
  const namespace = first === undefined ? undefined : after.get(first.namespace)
  if (namespace === undefined) return []
  const {injected, reason} = injection({labels: {}, annotations: {}, hostNetwork: false}, namespace, webhooks)
  if (injected) return []
  const [key, value] = enrolLabel(wish)
  return [
    {
      says: `Label \`${key}: ${value}\` would give no pod a proxy: ${reason}.`,
      cure: 'Install the control plane of this `revision` first (leave `install` at `auto`), or correct `revision`. No namespace was labelled.',
      entry: 'enrol-unserved',
    },
  ]
}

function collectRestarts(plan: EnrolPlan, wish: EnrolWish, after: Map<string, Namespace>, {pods, webhooks}: EnrolFound): void {
  const rollouts = new Map<string, Rollout>()
  const left = new Map<string, string>()
  for (const pod of pods) {
    const namespace = after.get(pod.namespace)
    if (namespace === undefined || isFinished(pod) || pod.terminating) continue
    const becomes = injection(pod, namespace, webhooks)
    if (!lacksProxy(pod, wish, becomes.revision)) continue
    const {kind, name} = pod.workload
    const id = `${kind} ${pod.namespace}/${name}`
    const text = `${kind} \`${pod.namespace}/${name}\``
    if (!becomes.injected) left.set(id, `${text}: ${becomes.reason}`)
    else if (kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet')
      rollouts.set(id, {kind, namespace: pod.namespace, name})
    else left.set(id, `${text}: ${unrestartable[kind] ?? 'this action restarts Deployments, StatefulSets and DaemonSets alone'}`)
  }
  const sorted = <T>(map: Map<string, T>): T[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
  plan.restarts.push(...sorted(rollouts))
  plan.left.push(...sorted(left))
}

const unrestartable: Record<string, string> = {
  CronJob: 'its next run gets a proxy, the one that runs now ends as it is',
  Job: 'a job is not interrupted; make it anew',
  Pod: 'nothing would make it again; delete it and create it anew',
}

/** Without any data plane; or, where a revision was asked for by name, with a proxy of another one. */
function lacksProxy(pod: Pod, {revision}: EnrolWish, becomes: string): boolean {
  const plane = dataPlane(pod)
  if (plane === 'none') return true
  return revision !== '' && plane === 'sidecar' && becomes !== '' && revisionOf(pod) !== becomes
}
