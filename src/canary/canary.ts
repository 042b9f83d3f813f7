import type {ReadEnrolling} from '../enforce/enrol.ts'
import {findInstall} from '../install/find-install.ts'
import type {CanaryTools} from '../install/install.ts'
import {isOursIn} from '../install/plan.ts'
import {stepClock} from '../install/step-clock.ts'
import {applyTags} from '../install/tags.ts'
import type {Io, Kube} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Outcome} from '../model/report.ts'
import {followTags} from './follow-tags.ts'
import {moveNamespace} from './move.ts'
import {type CanaryFound, type CanaryPlan, planCanary} from './plan.ts'
import {connectionFrom, retire, usersOf, workloadEntriesPath} from './retire.ts'

/**
 * The second half of an upgrade beside a running revision: with `enroll` the namespaces of the scope are moved one by one; then the tags follow,
 * and a revision of ours that nobody uses any more is removed. Without `enroll` the tags move at once, and all else is only said.
 */
export async function canary(inputs: Inputs, tools: CanaryTools, kube: Kube, readEnrolling: ReadEnrolling, io: Io): Promise<Outcome> {
  const steps = stepClock(io)
  const look = () => findCanary(kube, readEnrolling)
  const plan = planCanary(inputs, await look())
  const site = {target: plan.target?.revision ?? '', timeoutMs: inputs.timeoutMs, kube, look: readEnrolling}
  for (const move of plan.moves) {
    await steps.time(
      move.namespace,
      () => moveNamespace(move, site, io),
      () => `moved to ${site.target}, ${move.rollouts.length} rollouts`,
    )
  }
  const {changed: tagged} =
    tools.tags.length === 0
      ? {changed: []}
      : await steps.time(
          'tags',
          () => applyTags(tools.tags, inputs.timeoutMs, kube, io),
          ({changed}) => (changed.length === 0 ? 'all as wished' : `${changed.join(', ')} point at ${inputs.revision || 'default'}`),
        )
  const following = inputs.enroll && plan.target !== null && tools.tags.length > 0 ? await followTags(inputs, site.target, kube, io) : []

  const notes = [...plan.notes]
  const retired: string[] = []
  for (const old of plan.old) {
    const connections = await kube.list(workloadEntriesPath, connectionFrom)
    const users = usersOf(old, await look(), connections)
    if (users.length > 0) {
      notes.push(`Revision \`${old.revision}\` (${old.version}) stays, for it is used: ${shown(users)}.`)
    } else if (!inputs.enroll) {
      notes.push(`Nobody uses revision \`${old.revision}\` (${old.version}) any more: \`enroll: true\` removes it.`)
    } else {
      const obstacle = await steps.time(
        `revision ${old.revision}`,
        () => retire(old, inputs, tools, kube, io),
        (said) => (said === '' ? 'removed, nobody used it any more' : `stays: ${said}`),
      )
      if (obstacle === '') retired.push(old.revision)
      else notes.push(`Nobody uses revision \`${old.revision}\` any more, but it stays: ${obstacle}.`)
    }
  }
  return {
    changed: plan.moves.length > 0 || following.length > 0 || tagged.length > 0 || retired.length > 0,
    says: saysOf(plan, tagged, retired),
    steps: steps.all,
    notes,
  }
}

async function findCanary(kube: Kube, readEnrolling: ReadEnrolling): Promise<CanaryFound> {
  const [enrolling, found] = await Promise.all([readEnrolling(), findInstall(kube)])
  return {...enrolling, istiods: found.istiods.filter(isOursIn(found))}
}

function saysOf({moves, target}: CanaryPlan, tagged: string[], retired: string[]): string {
  const parts = [
    ...(moves.length > 0 ? [`moved ${shown(moves.map(({namespace}) => namespace))} to revision ${target?.revision}`] : []),
    ...(tagged.length > 0 ? [`tags ${tagged.join(', ')} point at ${target?.revision}`] : []),
    ...(retired.length > 0 ? [`removed revision ${retired.join(', ')}`] : []),
  ]
  return parts.length === 0 ? 'nothing to move' : parts.join('; ')
}

function shown(names: string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}
