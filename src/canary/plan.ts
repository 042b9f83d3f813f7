import {compare, valid} from 'semver'
import {type Injection, injection, namespaceEnrolment} from '../derive/injection.ts'
import {isFinished} from '../derive/membership.ts'
import {asIfServed} from '../derive/served-webhooks.ts'
import {revisionOf} from '../derive/mesh-for.ts'
import type {EnrolFound} from '../enforce/enrol-plan.ts'
import type {Rollout} from '../enforce/restart.ts'
import type {FoundIstiod} from '../install/found.ts'
import type {Inputs} from '../model/inputs.ts'
import {isInScope} from '../model/snapshot.ts'
import type {Namespace, Pod} from '../model/workload.ts'

export type CanaryWish = Pick<Inputs, 'revision' | 'tags' | 'enroll' | 'namespaces' | 'excludeNamespaces'>

/** The cluster as a canary upgrade sees it; `istiods` are those of this action alone. */
export interface CanaryFound extends EnrolFound {
  istiods: FoundIstiod[]
}

/** One namespace to move; labels by value, null removes one. `afterwards`: its labels once the tags point at the new revision, null: as moved. */
export interface Move {
  namespace: string
  labels: Record<string, string | null>
  former: Record<string, string | null>
  afterwards: Record<string, string | null> | null
  rollouts: Rollout[]
}

/** What a canary upgrade would do: one namespace after the other; `old` are the revisions it moves away from. */
export interface CanaryPlan {
  target: FoundIstiod | null
  old: FoundIstiod[]
  moves: Move[]
  notes: string[]
}

/**
 * Decides which namespaces of the scope are moved to the revision asked for: those whose labels choose an older revision of ours, directly or
 * by a tag in `tags`, and those that run proxies of one. A newer revision is never moved away from, so two workflows cannot fight over a namespace.
 */
export function planCanary(wish: CanaryWish, found: CanaryFound): CanaryPlan {
  const target = found.istiods.find(({revision}) => revision === (wish.revision || 'default')) ?? null
  const old = target === null ? [] : found.istiods.filter((each) => isOlder(each, target))
  const plan: CanaryPlan = {target, old, moves: [], notes: []}
  if (target === null || old.length === 0) return plan
  const leaving = new Set(old.map(({revision}) => revision))
  for (const namespace of found.namespaces) {
    if (namespace.phase === 'Terminating' || found.own.includes(namespace.name)) continue
    if (!isInScope({namespaces: wish.namespaces, exclude: wish.excludeNamespaces}, namespace.name, '')) continue
    collect(plan, namespace, target, leaving, wish, found)
  }
  return plan
}

/** Older by version; of equal versions (a change of values tried as a canary) the one that was made first. */
export function isOlder(one: FoundIstiod, than: FoundIstiod): boolean {
  if (one.revision === than.revision) return false
  const order = valid(one.version) && valid(than.version) ? compare(one.version, than.version) : 0
  return order === 0 ? one.createdAt < than.createdAt : order < 0
}

function collect(
  plan: CanaryPlan,
  namespace: Namespace,
  target: FoundIstiod,
  leaving: Set<string>,
  wish: CanaryWish,
  found: CanaryFound,
): void {
  const chosen = injection(plainPod, namespace, found.webhooks)
  const isLabelled = leaving.has(chosen.revision)
  const tag = chosen.webhook?.tag ?? ''
  if (isLabelled && tag !== '' && !wish.tags.includes(tag)) {
    plan.notes.push(
      `Namespace \`${namespace.name}\` follows the tag \`${tag}\` of revision \`${chosen.revision}\`: name it in \`tags\` to move it.`,
    )
    return
  }
  const stale = found.pods.filter((pod) => pod.namespace === namespace.name && isLive(pod) && leaving.has(revisionOf(pod)))
  const labels = isLabelled ? labelsFor(target.revision) : {}
  const after = {...namespace, labels: withLabels(namespace.labels, labels)}
  const rollouts = rolloutsOf(plan, stale, after, target, isLabelled ? asIfServed(target.revision) : found.webhooks)
  if (!isLabelled && rollouts.length === 0) return
  if (!wish.enroll) {
    const what = isLabelled ? `is labelled for revision \`${chosen.revision}\`` : 'runs proxies of an older revision'
    plan.notes.push(`Namespace \`${namespace.name}\` ${what}: \`enroll: true\` moves it to \`${target.revision}\`.`)
    return
  }
  const former = Object.fromEntries(Object.keys(labels).map((key) => [key, namespace.labels[key] ?? null]))
  plan.moves.push({namespace: namespace.name, labels, former, afterwards: isLabelled ? afterwardsOf(tag, former, wish) : null, rollouts})
}

/** The label by which a namespace chooses a revision (rule 28): `istio-injection`, once there, shuts out `istio.io/rev`. */
export function labelsFor(revision: string): Record<string, string | null> {
  return revision === 'default' ? {'istio-injection': 'enabled', 'istio.io/rev': null} : {'istio-injection': null, 'istio.io/rev': revision}
}

/** Who followed a tag follows it again; who named a revision follows the first tag from now on, where there is one. */
function afterwardsOf(tag: string, former: Record<string, string | null>, {tags}: CanaryWish): Record<string, string | null> | null {
  if (tag !== '') return former
  return tags[0] === undefined ? null : labelsFor(tags[0])
}

/** Only what the namespace's label decides can be moved by it. */
function rolloutsOf(
  plan: CanaryPlan,
  stale: Pod[],
  namespace: Namespace,
  target: FoundIstiod,
  webhooks: CanaryFound['webhooks'],
): Rollout[] {
  const rollouts = new Map<string, Rollout>()
  for (const pod of stale) {
    const {kind, name} = pod.workload
    const text = `${kind} \`${pod.namespace}/${name}\``
    const becomes: Injection = injection(pod, namespace, webhooks)
    if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') {
      plan.notes.push(`${text} keeps its proxy of revision \`${revisionOf(pod)}\` until it is made anew.`)
    } else if (!becomes.injected || becomes.revision !== target.revision) {
      plan.notes.push(`${text} chooses its revision by labels of its own pods, which this action does not change.`)
    } else rollouts.set(text, {kind, namespace: pod.namespace, name})
  }
  return [...rollouts.values()]
}

function withLabels(labels: Record<string, string>, change: Record<string, string | null>): Record<string, string> {
  const merged = {...labels, ...change}
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null))
}

/** A pod that counts: neither ended nor ending. */
export function isLive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.terminating
}

/** Which revision a namespace's labels choose for an ordinary pod; '' for none. */
export function chosenRevision(namespace: Namespace, webhooks: CanaryFound['webhooks']): string {
  return namespaceEnrolment(namespace, webhooks).revision
}

const plainPod = {labels: {}, annotations: {}, hostNetwork: false}
