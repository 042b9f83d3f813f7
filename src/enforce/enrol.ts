import {dataPlane, isFinished} from '../derive/membership.ts'
import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import {budgetFrom, budgetObstacle, budgetsPath} from './budgets.ts'
import {type EnrolFound, type EnrolPlan, type Labelling, planEnrol} from './enrol-plan.ts'
import {labelNamespace} from './label-namespace.ts'
import {type Restarted, type Rollout, restart, rolloutPath} from './restart.ts'

/** Reads what decides who is enrolled, by the snapshot's own readers; throws a `Failure` where something may not be read. */
export type ReadEnrolling = () => Promise<EnrolFound>

type Outside = Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>

/** Labels the namespaces of the scope and restarts what runs without a proxy, one rollout at a time; a rollout that gets stuck stops the run. */
export async function enrol(
  inputs: Pick<Inputs, 'profile' | 'revision' | 'takeOver' | 'namespaces' | 'excludeNamespaces' | 'timeoutMs'>,
  kube: Kube,
  readEnrolling: ReadEnrolling,
  io: Outside,
): Promise<Outcome> {
  const began = io.clock.ticks()
  const plan = planEnrol(inputs, await readEnrolling())
  refuse(plan.problems, 'No namespace was labelled.')
  const written: Labelling[] = []
  for (const labelling of plan.labellings) if (await label(labelling, kube, io)) written.push(labelling)
  // The API server matches webhooks by its own copy of the namespaces, which follows a moment later.
  if (written.length > 0 && plan.restarts.length > 0) await io.clock.sleep(settleMs, io.cancelled)
  const labelled = io.clock.ticks()
  const {restarted, left} = await restartAll(plan, inputs.timeoutMs, kube, io)
  if (restarted.length > 0) await demandProxies(restarted, await readEnrolling())
  return {
    changed: written.length > 0 || restarted.length > 0,
    says: saysOf({...plan, labellings: written}, restarted, left),
    steps: [
      {name: 'label', ms: Math.round(labelled - began), says: `${written.length} namespaces labelled`},
      {
        name: 'restart',
        ms: Math.round(io.clock.ticks() - labelled),
        says: `${restarted.length} rolled out, ${left.length} left without a proxy`,
      },
    ],
    notes: [...plan.notes, ...left.slice(0, 50).map((each) => `Not enrolled: ${each}.`)],
  }
}

const settleMs = 1500

/** False where the namespace is gone: its workloads are, too. */
async function label(labelling: Labelling, kube: Kube, io: Outside): Promise<boolean> {
  const {namespace, labels} = labelling
  if (!(await labelNamespace(labelling, kube, io))) {
    io.log.line(`namespace ${namespace}: it was deleted meanwhile`)
    return false
  }
  const words = Object.entries(labels).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`))
  io.log.line(`namespace ${namespace}: ${words.join(' ')}`)
  return true
}

async function restartAll(
  {restarts, left}: EnrolPlan,
  timeoutMs: number,
  kube: Kube,
  io: Outside,
): Promise<{restarted: Rollout[]; left: string[]}> {
  const restarted: Rollout[] = []
  const leftNow = [...left]
  for (const rollout of restarts) {
    io.cancelled.throwIfAborted()
    const {kind, namespace, name} = rollout
    const text = `${kind} \`${namespace}/${name}\``
    const obstacle = await budgetInTheWay(rollout, kube)
    const done: Restarted | null = obstacle === null ? await restart(rollout, {timeoutMs}, kube, io) : null
    if (done?.begun && !done.rolledOut) throw stuck(text, rollout, done)
    if (done?.rolledOut) restarted.push(rollout)
    else leftNow.push(`${text}: ${obstacle ?? done?.says}`)
    io.log.line(`${text.replaceAll('`', '')}: ${done?.rolledOut ? `restarted, ${done.says}` : `left, ${obstacle ?? done?.says}`}`)
  }
  return {restarted, left: leftNow}
}

async function budgetInTheWay(rollout: Rollout, kube: Kube): Promise<string | null> {
  const object = await kube.find(rolloutPath(rollout))
  if (object === null) return null
  const budgets = await kube.list(budgetsPath(rollout.namespace), budgetFrom)
  return budgets.length === 0 ? null : budgetObstacle({...object, kind: rollout.kind}, budgets)
}

function stuck(text: string, {kind, namespace, name}: Rollout, {says}: Restarted): Failure {
  const target = `${kind.toLowerCase()}/${name}`
  return new Failure(`${text} was restarted to get a proxy, and its new pods do not become ready: ${says}`, {
    cure: `Look at them (\`kubectl -n ${namespace} rollout status ${target}\`), or go back with \`kubectl -n ${namespace} rollout undo ${target}\`. Nothing after it was restarted, and mutual TLS was not enforced.`,
    entry: 'rollout-stuck',
  })
}

/** What was restarted and still runs without a proxy would be cut off, or stay open: the run must not go on as if it were in the mesh. */
async function demandProxies(restarted: readonly Rollout[], {pods}: EnrolFound): Promise<void> {
  const bare = restarted.filter(({kind, namespace, name}) =>
    pods.some(
      (pod) =>
        pod.namespace === namespace &&
        pod.workload.kind === kind &&
        pod.workload.name === name &&
        !pod.terminating &&
        !isFinished(pod) &&
        dataPlane(pod) === 'none',
    ),
  )
  if (bare.length === 0) return
  const names = bare.map(({kind, namespace, name}) => `${kind} \`${namespace}/${name}\``)
  throw new Failure(`Restarted, and still without a proxy: ${names.join(', ')}.`, {
    cure: "See which labels the injection webhook's selectors want (`kubectl get mutatingwebhookconfigurations`), and istiod's log. Mutual TLS was not enforced.",
    entry: 'enrol-unserved',
  })
}

function saysOf({labellings}: EnrolPlan, restarted: readonly Rollout[], left: readonly string[]): string {
  const parts = [
    ...(labellings.length > 0 ? [`labelled ${listed(labellings.map(({namespace}) => namespace))}`] : []),
    ...(restarted.length > 0 ? [`restarted ${listed(restarted.map(({kind, namespace, name}) => `${kind} ${namespace}/${name}`))}`] : []),
    ...(left.length > 0 ? [`${left.length} workloads stay without a proxy, see the notes`] : []),
  ]
  return parts.length === 0 ? 'nothing to do: every namespace of the scope is enrolled, and nothing runs without a proxy' : parts.join('; ')
}

function listed(names: string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}
