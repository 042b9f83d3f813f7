import type {Io, Kube} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import type {Enrolled} from './enrolled.ts'
import {type Crd, findInstalled, type Installed} from './installed.ts'
import type {Thing} from './thing.ts'
import {crdsGone, istiodsGone, namespaceGone} from './gone.ts'
import {pressed} from './deadline.ts'
import {acquireHelm, helmWish} from './helm.ts'
import {uninstallArgs} from './helm-args.ts'
import {runHelm} from './helm-child.ts'
import {helmFailure} from './helm-failure.ts'
import {isAsWritten, isDeleted, type OurPolicy, restorePatch} from './our-policies.ts'
import {missingPermissions} from './permissions.ts'
import {noteRepair} from './repair-note.ts'
import {stepClock} from './step-clock.ts'
import {uninstallPermissions} from './uninstall-permissions.ts'
import {isNothing, planUninstall, type UninstallPlan} from './uninstall-plan.ts'

/** What the uninstall did; `helmPath` '' where no release was left to take away. */
export interface UninstallOutcome extends Outcome {
  helmPath: string
}

/** The cluster to work on; `letGo` stops the Lease's renewal, for it ends with its namespace; `deadline` of the run, in clock ticks. */
export interface UninstallSite {
  kube: Kube
  kubeconfigPath: string
  letGo: () => Promise<void>
  deadline?: number
}

/**
 * Takes away what this action made, and nothing else: webhooks first, for one whose istiod is gone refuses everything; then policies, given
 * back where they were taken over; then the releases, and what their istiods left. Throws a `Failure` that names what is still there after it.
 */
export async function uninstall(
  inputs: Inputs,
  {kube, kubeconfigPath, letGo, deadline = Number.POSITIVE_INFINITY}: UninstallSite,
  io: Io,
): Promise<UninstallOutcome> {
  const steps = stepClock(io)
  const look = () => findInstalled(kube)
  const plan = await steps.time(
    'preflight',
    async () => {
      const planned = planUninstall(inputs, await look())
      const missing = await missingPermissions(uninstallPermissions(planned), kube, 'uninstall')
      refuse([...planned.problems, ...missing], 'Nothing was changed.')
      return planned
    },
    (planned) => (isNothing(planned) ? nothingToDo : 'nothing forbids it'),
  )
  const outcome = {steps: steps.all, notes: plan.notes}
  if (isNothing(plan)) return {...outcome, changed: false, says: nothingToDo, helmPath: ''}

  // Fetched before the first change: a download that fails must not leave half an uninstall.
  const helm = plan.releases.length === 0 ? null : await acquireHelm({...helmWish(inputs), timeoutMs: deadline - io.clock.ticks()}, io)
  await steps.time(
    'webhooks',
    () => removeAll(plan.webhooks, kube, io),
    () => `${plan.webhooks.length} removed`,
  )
  await steps.time(
    'policies',
    async () => {
      await undoPolicies(plan.policies, kube, io)
      await unlabel(plan.enrolled, kube, io)
    },
    () => policiesText(plan.policies),
  )
  const target = {kubeconfigPath, helmVersion: helm?.version ?? '', timeoutMs: inputs.timeoutMs, deadline}
  for (const release of helm === null ? [] : plan.releases) {
    const run = async () => {
      const now = pressed(target, io)
      io.changes.begin()
      const result = await runHelm(uninstallArgs(release, now), helm as NonNullable<typeof helm>, now.timeoutMs, io)
      if (result.code === 0) return
      const {stdout, stderr, timedOut, signal} = result
      const task = `uninstall release \`${release.name}\``
      throw helmFailure({release: release.name, task, output: `${stdout}\n${stderr}`, timedOut, signal, troubles: [], hub: inputs.hub})
    }
    await steps.time(release.name, run, () => 'uninstalled')
  }
  if (plan.note) {
    io.changes.begin()
    await noteRepair(null, kube)
  }
  if (plan.leftovers.length > 0) {
    await steps.time(
      'leftovers',
      async () => {
        await istiodsGone(inputs.timeoutMs, kube, io)
        // Read again: an istiod in its last second writes, too.
        await removeAll(planUninstall(inputs, await look()).leftovers, kube, io)
      },
      () => 'removed',
    )
  }
  const purged = await purge(plan, inputs.timeoutMs, kube, io)
  const stays = plan.namespace ? await namespaceGone(inputs.timeoutMs, letGo, kube, io) : []
  outcome.notes.push(...purged.notes, ...stays)
  await steps.time(
    'verify',
    async () => verify(inputs, await look(), plan),
    () => 'nothing of this action is left',
  )
  return {
    ...outcome,
    changed: true,
    says: saysOf({...plan, crds: purged.crds, namespace: plan.namespace && stays.length === 0}),
    helmPath: helm?.path ?? '',
  }
}

async function removeAll(things: Thing[], kube: Kube, io: Io): Promise<void> {
  for (const {path, uid} of things) {
    io.cancelled.throwIfAborted()
    io.changes.begin()
    await kube.remove(path, uid === '' ? undefined : {uid})
  }
}

async function undoPolicies(policies: OurPolicy[], kube: Kube, io: Io): Promise<void> {
  for (const policy of policies) {
    const {former, kind, namespace, name, path, uid, spec} = policy
    io.cancelled.throwIfAborted()
    io.changes.begin()
    if (isDeleted(policy)) await kube.remove(path, {uid})
    else await kube.patch(path, restorePatch(policy), {fieldManager}).catch(goneMeanwhile)
    const isBack = former !== null && isAsWritten(spec, former.spec)
    io.log.line(`${kind} ${namespace}/${name}: ${isDeleted(policy) ? 'deleted' : isBack ? 'given back' : 'marks taken off'}`)
  }
}

async function unlabel(enrolled: Enrolled[], kube: Kube, io: Io): Promise<void> {
  for (const {name, path, resourceVersion, former} of enrolled) {
    io.cancelled.throwIfAborted()
    io.changes.begin()
    const annotations = {'istio-mtls/previous-labels': null, 'istio-mtls/labels-after-tags': null}
    await kube.patch(path, {metadata: {resourceVersion, labels: former, annotations}}, {fieldManager}).catch(goneMeanwhile)
    io.log.line(`namespace ${name}: labels as they were`)
  }
}

/** Somebody deleted it, or its namespace: nothing of ours is left there. */
function goneMeanwhile(thrown: unknown): void {
  if (!(thrown instanceof KubeFailure) || thrown.status !== 404) throw thrown
}

const fieldManager = 'istio-mtls-action'

/** Objects of a kind keep its CRD: with it they would be deleted, whoever made them. Tells which CRDs went, and why others stay. */
async function purge({crds}: UninstallPlan, timeoutMs: number, kube: Kube, io: Io): Promise<{crds: Crd[]; notes: string[]}> {
  const purged: {crds: Crd[]; notes: string[]} = {crds: [], notes: []}
  for (const crd of crds) {
    const objects = await kube.list(crd.list, ({metadata}) => `${metadata.namespace}/${metadata.name}`)
    if (objects.length === 0) {
      await removeAll([crd], kube, io)
      purged.crds.push(crd)
      continue
    }
    const more = objects.length > 5 ? ` and ${objects.length - 5} more` : ''
    purged.notes.push(`CRD ${crd.name} stays, for others use it: ${objects.slice(0, 5).join(', ')}${more}.`)
  }
  await crdsGone(purged.crds, timeoutMs, kube, io)
  return purged
}

/** Looks once more, as if for the first time. */
function verify(inputs: Inputs, installed: Installed, {notes: _, ...before}: UninstallPlan): void {
  const {webhooks, policies, enrolled, releases, leftovers} = planUninstall(inputs, installed)
  const things = [...webhooks, ...policies, ...leftovers].map(
    ({kind, namespace, name}) => `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`,
  )
  const labelled = enrolled.map(({name}) => `labels of namespace ${name}`)
  const names = [...labelled, ...releases.map(({namespace, name}) => `helm release ${namespace}/${name}`), ...things]
  if (names.length === 0) return
  const shown = names
    .slice(0, 10)
    .map((name) => `\`${name}\``)
    .join(', ')
  throw new Failure(
    `After the uninstall ${names.length} of this action's objects are still there: ${shown}${names.length > 10 ? ', …' : ''}.`,
    {
      cure:
        before.releases.length > 0
          ? 'Run again; what comes back every time is kept by somebody else.'
          : 'Look who writes them (`--show-managed-fields`).',
      entry: 'uninstall-left',
    },
  )
}

const nothingToDo = 'nothing that was to be taken away is in this cluster'

function policiesText(policies: OurPolicy[]): string {
  const back = policies.filter((policy) => !isDeleted(policy)).length
  return `${policies.length - back} deleted, ${back} given back`
}

function saysOf(plan: UninstallPlan): string {
  const {releases, policies, webhooks, leftovers} = plan
  const parts = [
    releases.length > 0 ? `releases ${releases.map(({name}) => name).join(', ')}` : '',
    policies.length > 0 ? `${policies.length} policies` : '',
    plan.enrolled.length > 0 ? `labels of ${plan.enrolled.length} namespaces` : '',
    webhooks.length > 0 ? `${webhooks.length} webhook configurations` : '',
    leftovers.length > 0 ? `${leftovers.length} objects that istiod left` : '',
    plan.crds.length > 0 ? `${plan.crds.length} CRDs` : '',
    plan.namespace ? 'namespace istio-system' : '',
  ]
  return `removed: ${parts.filter((part) => part !== '').join('; ') || 'nothing, for others use what was to go'}`
}
