import type {PolicyWrite} from '../derive/planned-policies.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure, messageOf} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import {explainApply} from './apply-failure.ts'
import {type Found, findPolicies, type ReadMeshes} from './found.ts'
import {type Change, type EnforcePlan, managedBy, planEnforce} from './plan.ts'
import {fieldManager, policyNameText, policyPathOf, previousManagedBy, previousSpec} from './policy-place.ts'
import {type Stuck, stuckText, takeBack} from './take-back.ts'
import {confirm, type Former, formerOf, giveBack, leftTrials, onTrial, ourPolicy, type Trial, trialOf} from './trial.ts'
import {demandRightToTakeBack} from './trial-right.ts'
import {isTargeted} from './targets.ts'

/** What stands between the decision and the change. */
export interface Guard {
  /** Told what would be written, after the dry run and before any change: throws to stop it, says whether the change is to be on trial. */
  allow(writes: PolicyWrite[]): Promise<{isTrial: boolean}>
  /** Told after a change that failed half-way which of it could not be given back. */
  failed?(stuck: readonly Stuck[]): void
}

/** What was written; `trials` are the policies that must yet be watched. */
export interface Enforced extends Outcome {
  trials: Trial[]
}

/** Writes the policies that the inputs ask for; all is decided and tried as a dry run before the first change. `guard` null: nothing guards. */
export async function enforce(
  inputs: Inputs,
  kube: Kube,
  readMeshes: ReadMeshes,
  io: Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>,
  guard: Guard | null = null,
): Promise<Enforced> {
  const began = io.clock.ticks()
  const before = await findPolicies(kube, readMeshes)
  const left = await endLeftTrials(before, inputs, kube, io)
  const found = left.length === 0 ? before : await findPolicies(kube, readMeshes)
  const plan = planEnforce(inputs, found)
  refuse(plan.problems, left.length === 0 ? 'No policy was changed.' : `Before that: ${left.join(' ')} No other policy was changed.`)
  for (const change of plan.changes) await write(change, inputs.mtlsMode, kube, {dryRun: true, annotations: {}})
  const planned = io.clock.ticks()
  const {isTrial} = (plan.changes.length > 0 ? await guard?.allow(writesOf(plan, inputs.mtlsMode)) : null) ?? {isTrial: false}
  const formerOfChange = (change: Change) => formerOf(found.policies.find(isAt(change)) ?? null, change.do === 'take-over')
  if (isTrial)
    await demandRightToTakeBack(
      plan.changes.filter((change) => formerOfChange(change).was === 'created'),
      kube,
    )
  const allowed = io.clock.ticks()
  const trials: Trial[] = []
  let writing: Change | null = null
  try {
    for (const change of plan.changes) {
      io.cancelled.throwIfAborted()
      io.changes.begin()
      writing = change
      const former = formerOfChange(change)
      const annotations: Record<string, string> = isTrial ? {[onTrial]: JSON.stringify(former)} : {}
      const written = await write(change, inputs.mtlsMode, kube, {dryRun: false, annotations})
      writing = null
      if (isTrial) trials.push(trialOf(written, former))
      io.log.line(`PeerAuthentication ${change.namespace}/${change.name}: ${inputs.mtlsMode}`)
    }
  } catch (thrown) {
    // Half a change is no trial: what was written of it goes back at once, also what was written by a request whose answer got lost.
    const stray = isTrial && writing !== null ? await strayTrial(writing, formerOfChange(writing), kube) : []
    const stuck = await takeBack([...trials, ...stray], kube, io)
    guard?.failed?.(stuck)
    if (stuck.length === 0) throw thrown
    const {cure, entry} = thrown instanceof Failure ? thrown : {cure: 'Run again.', entry: 'rollout-taken-back'}
    throw new Failure(`${messageOf(thrown)} ${stuckText(stuck)}`, {cure, entry, cause: thrown})
  }
  return {
    changed: plan.changes.length > 0 || left.length > 0,
    says: saysOf(plan, inputs.mtlsMode),
    steps: [
      {
        name: 'decide',
        ms: Math.round(planned - began),
        says: `${plan.changes.length} policies to write, ${plan.settled.length} in force already`,
      },
      ...(guard === null
        ? []
        : [{name: 'forecast', ms: Math.round(allowed - planned), says: isTrial ? 'no known caller breaks' : 'no caller can break'}]),
      {name: 'apply', ms: Math.round(io.clock.ticks() - allowed), says: `${plan.changes.length} written`},
    ],
    notes: [...left, ...plan.notes, ...plan.changes.filter((change) => change.do === 'take-over').map(takenOverNote)],
    trials,
  }
}

/** What a plan would write, by name and mode. */
export function writesOf({changes}: Pick<EnforcePlan, 'changes'>, mode: Inputs['mtlsMode']): PolicyWrite[] {
  return changes.map(({namespace, name}) => ({namespace, name, mode}))
}

/**
 * An earlier run was killed while it watched: guarded, what it had not verified goes back and is tried anew; else it is taken as meant. Only
 * within the scope: what is outside of it this run would take back and never put there again.
 */
async function endLeftTrials(
  found: Found,
  inputs: Pick<Inputs, 'rollout' | 'namespaces' | 'excludeNamespaces' | 'allowEmpty' | 'revision'>,
  kube: Kube,
  io: Pick<Io, 'changes' | 'log'>,
): Promise<string[]> {
  const notes: string[] = []
  for (const trial of leftTrials(found.policies).filter(({namespace}) => isTargeted(namespace, inputs, found))) {
    const isKept = inputs.rollout === 'immediate'
    io.changes.begin()
    await (isKept ? confirm(trial, kube) : giveBack(trial, kube))
    const did = isKept ? 'it was kept, as `rollout: immediate` asks' : 'it was given back before this run decided anew'
    notes.push(
      `PeerAuthentication ${trial.namespace}/${trial.name} was STRICT on trial, left by a run that was killed before it had seen whether a caller broke: ${did}.`,
    )
    io.log.line(notes.at(-1) ?? '')
  }
  return notes
}

/** What a write of ours left that failed on the way back: it says so itself. Where it cannot be looked for, the next run finds it. */
async function strayTrial({namespace, name}: Change, former: Former, kube: Kube): Promise<Trial[]> {
  const there = await kube.find(policyPathOf(namespace, name)).catch(() => null)
  return there?.metadata.annotations?.[onTrial] === JSON.stringify(former) ? [trialOf(there, former)] : []
}

function isAt(change: Change): (policy: Found['policies'][number]) => boolean {
  return ({namespace, name}) => namespace === change.namespace && name === change.name
}

interface How {
  dryRun: boolean
  annotations: Record<string, string>
}

function write(change: Change, mode: Inputs['mtlsMode'], kube: Kube, how: How): Promise<KubeObject> {
  return change.do === 'apply' ? apply(change, mode, kube, how) : takeOver(change, mode, kube, how)
}

async function apply({namespace, name}: Change, mode: Inputs['mtlsMode'], kube: Kube, {dryRun, annotations}: How): Promise<KubeObject> {
  const policy = ourPolicy(namespace, name, {mtls: {mode}}, annotations)
  return kube
    .apply(policyPathOf(namespace, name), policy, {fieldManager, dryRun})
    .catch((thrown) => explainApply(thrown, policyNameText(namespace, name)))
}

/** A merge patch at the version that was read: server-side apply would meet the former owner's fields and is never forced. */
async function takeOver(
  {policy, namespace, name}: Change & {do: 'take-over'},
  mode: Inputs['mtlsMode'],
  kube: Kube,
  {dryRun, annotations}: How,
): Promise<KubeObject> {
  const {resourceVersion, labels, spec} = policy
  const [[key, ours]] = Object.entries(managedBy) as [[string, string]]
  const mark = labels[key]
  const kept = {
    [previousSpec]: policy.annotations[previousSpec] ?? JSON.stringify(spec),
    ...(mark === undefined || mark === ours ? {} : {[previousManagedBy]: mark}),
  }
  const patch = {metadata: {resourceVersion, labels: managedBy, annotations: {...kept, ...annotations}}, spec: {mtls: {mode}}}
  return kube
    .patch(policyPathOf(namespace, name), patch, {fieldManager, dryRun})
    .catch((thrown) => explainApply(thrown, policyNameText(namespace, name)))
}

function saysOf({changes, settled, notes}: EnforcePlan, mode: string): string {
  const places = changes.map(({namespace, name}) => `${namespace}/${name}`)
  if (places.length > 0)
    return `${mode} written to PeerAuthentication ${places.slice(0, 5).join(', ')}${places.length > 5 ? ` and ${places.length - 5} more` : ''}`
  if (settled.length > 0)
    return `nothing to do: ${settled.slice(0, 3).join('; ')}${settled.length > 3 ? `; and ${settled.length - 3} more namespaces` : ''}`
  return notes[0] ?? 'nothing to do'
}

function takenOverNote({namespace, name}: Change): string {
  return `PeerAuthentication ${namespace}/${name} was taken over; its former spec is in the annotation ${previousSpec}.`
}
