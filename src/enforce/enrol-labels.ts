import {namespaceEnrolment} from '../derive/injection.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Namespace} from '../model/workload.ts'

export type EnrolWish = Pick<Inputs, 'profile' | 'revision' | 'takeOver'>

/** What enrolling does to one namespace: nothing, a change of labels (null removes one), or nothing for others' labels say otherwise. */
export type Enrolment =
  | {is: 'settled'}
  | {is: 'labelled'; labels: Record<string, string | null>; takenOver: string[]}
  | {is: 'contradicted'; by: string[]}

/** The label that makes new pods of a namespace join the mesh (rules 28, 31). */
export function enrolLabel({profile, revision}: Pick<EnrolWish, 'profile' | 'revision'>): [string, string] {
  if (profile === 'ambient') return [dataplaneMode, 'ambient']
  return revision === '' || revision === 'default' ? [injection, 'enabled'] : [istioRev, revision]
}

/** Decides by the live webhooks, so that a revision tag counts as the revision it points at; `ours`: this action labelled it before. */
export function enrolmentOf(namespace: Namespace, wish: EnrolWish, webhooks: readonly Webhook[], ours: boolean): Enrolment {
  const [key, value] = enrolLabel(wish)
  if (isSettled(namespace, wish, webhooks)) return {is: 'settled'}
  const against = [injection, istioRev, dataplaneMode].filter((label) => contradicts(label, namespace.labels[label], key, value))
  const by = against.map((label) => `${label}=${namespace.labels[label]}`)
  if (by.length > 0 && !ours && !wish.takeOver) return {is: 'contradicted', by}
  const labels = {...Object.fromEntries(against.map((label) => [label, null])), [key]: value}
  return {is: 'labelled', labels, takenOver: ours ? [] : by}
}

/** A namespace's labels after a change. */
export function labelsAfter(labels: Record<string, string>, change: Record<string, string | null>): Record<string, string> {
  const after = {...labels}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete after[key]
    else after[key] = value
  }
  return after
}

function isSettled(namespace: Namespace, wish: EnrolWish, webhooks: readonly Webhook[]): boolean {
  const {by, revision} = namespaceEnrolment(namespace, webhooks)
  if (wish.profile === 'ambient') return by === 'ambient'
  return by === 'sidecar' && (wish.revision === '' || wish.revision === revision)
}

/** `istio-injection`, once there, shuts out `istio.io/rev`; a namespace of one data plane is not quietly made one of the other (rule 28). */
function contradicts(label: string, found: string | undefined, key: string, value: string): boolean {
  if (found === undefined || (label === key && found === value)) return false
  if (label === dataplaneMode) return key === dataplaneMode || found === 'ambient'
  return !(key === dataplaneMode && label === injection && found !== 'enabled')
}

const injection = 'istio-injection'
const istioRev = 'istio.io/rev'
const dataplaneMode = 'istio.io/dataplane-mode'
