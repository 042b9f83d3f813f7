import {budgetFrom, budgetObstacle, budgetsPath} from '../enforce/budgets.ts'
import type {EnrolFound} from '../enforce/enrol-plan.ts'
import {labelNamespace} from '../enforce/label-namespace.ts'
import {type Rollout, restart, restartedAt, rolloutPath} from '../enforce/restart.ts'
import {rolloutStatus} from '../enforce/rollout-status.ts'
import {revisionOf} from '../derive/mesh-for.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import {isLive, type Move} from './plan.ts'

type Outside = Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>

/** What a move needs besides its plan. */
export interface MoveSite {
  target: string
  timeoutMs: number
  kube: Kube
  look: () => Promise<EnrolFound>
}

/**
 * Moves one namespace: its labels, then its rollouts one by one, each of which must come up with a proxy of the new revision. The first that
 * does not stops the upgrade: labels and templates go back to what they were, and a `Failure` names the namespace and the reason.
 */
export async function moveNamespace(move: Move, {target, timeoutMs, kube, look}: MoveSite, io: Outside): Promise<void> {
  const isLabelled = Object.keys(move.labels).length > 0
  if (isLabelled) await labelNamespace({...move, waitFor: move.afterwards ?? undefined}, kube, io)
  // The API server matches webhooks by its own copy of the namespaces, which follows a moment later.
  if (isLabelled && move.rollouts.length > 0) await io.clock.sleep(settleMs, io.cancelled)
  const begun: Begun[] = []
  for (const rollout of move.rollouts) {
    const trouble = await restartOne(rollout, begun, timeoutMs, kube, io)
    if (trouble !== null) throw await goBack(move, begun, `${textOf(rollout)}: ${trouble}`, {target, timeoutMs, kube, look}, io)
  }
  const wrong = move.rollouts.length === 0 ? [] : proxiesOfOthers(move, target, await look())
  if (wrong.length > 0) throw await goBack(move, begun, wrong.join('; '), {target, timeoutMs, kube, look}, io)
  io.log.line(`namespace ${move.namespace}: moved to revision ${target}, ${move.rollouts.length} rollouts restarted`)
}

const settleMs = 1500

/** A rollout that was restarted, and the annotation of its template before that. */
interface Begun {
  rollout: Rollout
  before: string | null
}

/** Why the rollout is sick, or null. */
async function restartOne(rollout: Rollout, begun: Begun[], timeoutMs: number, kube: Kube, io: Outside): Promise<string | null> {
  const object = await kube.find(rolloutPath(rollout))
  if (object === null) return null
  const budgets = await kube.list(budgetsPath(rollout.namespace), budgetFrom)
  const obstacle = budgetObstacle({...object, kind: rollout.kind}, budgets)
  if (obstacle !== null) return obstacle
  begun.push({rollout, before: templateAnnotation(object)})
  const done = await restart(rollout, {timeoutMs}, kube, io)
  if (!done.begun) begun.pop()
  return done.rolledOut ? null : done.says
}

function templateAnnotation({spec}: KubeObject): string | null {
  const {template} = (spec ?? {}) as {template?: {metadata?: {annotations?: Record<string, string>}}}
  return template?.metadata?.annotations?.[restartedAt] ?? null
}

function proxiesOfOthers({namespace, rollouts}: Move, target: string, {pods}: EnrolFound): string[] {
  return rollouts.flatMap(({kind, name}) => {
    const own = pods.filter((pod) => pod.namespace === namespace && pod.workload.kind === kind && pod.workload.name === name && isLive(pod))
    const wrong = own.find((pod) => revisionOf(pod) !== target)
    return wrong === undefined
      ? []
      : [
          `${kind} \`${namespace}/${name}\` came up with ${revisionOf(wrong) === '' ? 'no proxy' : `a proxy of revision \`${revisionOf(wrong)}\``}`,
        ]
  })
}

/** Puts the namespace back as it was: pods that still run with the old proxy stay, those that were replaced get it again. */
async function goBack(move: Move, begun: Begun[], trouble: string, {target, timeoutMs, kube}: MoveSite, io: Outside): Promise<Failure> {
  io.log.line(`namespace ${move.namespace}: sick, going back: ${trouble}`)
  if (Object.keys(move.former).length > 0)
    await labelNamespace(
      {namespace: move.namespace, labels: move.former, former: null, waitFor: move.afterwards === null ? undefined : null},
      kube,
      io,
    )
  await io.clock.sleep(settleMs, io.cancelled)
  const stuck: string[] = []
  for (const {rollout, before} of begun) {
    const path = rolloutPath(rollout)
    io.changes.begin()
    await kube.patch(path, {spec: {template: {metadata: {annotations: {[restartedAt]: before}}}}}, {fieldManager: 'istio-mtls-action'})
    if (!(await isDone(rollout, timeoutMs, kube, io))) stuck.push(`${textOf(rollout)}`)
  }
  const back =
    stuck.length === 0
      ? 'It has its former labels and proxies again'
      : `It has its former labels again, but ${stuck.join(', ')} did not become ready: delete its broken pods, which its controller does not replace by itself`
  return new Failure(`Namespace \`${move.namespace}\` does not get well on revision \`${target}\`: ${trouble}`, {
    cure: `${back}. Namespaces moved before it stay moved; those after it, and the tags, were not touched. Mend the cause and run again.`,
    entry: 'canary-sick',
  })
}

async function isDone(rollout: Rollout, timeoutMs: number, kube: Kube, io: Outside): Promise<boolean> {
  const began = io.clock.ticks()
  for (;;) {
    const object = await kube.find(rolloutPath(rollout))
    const is = object === null ? 'done' : rolloutStatus({...object, kind: rollout.kind}).is
    if (is !== 'waiting') return is === 'done'
    if (io.clock.ticks() - began >= timeoutMs) return false
    await io.clock.sleep(1000, io.cancelled)
  }
}

function textOf({kind, namespace, name}: Rollout): string {
  return `${kind} \`${namespace}/${name}\``
}
