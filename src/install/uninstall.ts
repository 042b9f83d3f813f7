import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import type {Enrolled} from './enrolled.ts'
import {findInstalled, type Installed, type Thing} from './installed.ts'
import {istiodsGone, namespaceGone} from './gone.ts'
import {pressed} from './deadline.ts'
import {acquireHelm, helmWish} from './helm.ts'
import {uninstallArgs} from './helm-args.ts'
import {runHelm} from './helm-child.ts'
import {helmFailure} from './helm-failure.ts'
import {isAsWritten, isDeleted, type OurPolicy, restorePatch} from './our-policies.ts'
import {missingPermissions} from './permissions.ts'
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
    (planned) => (isNothing(planned) ? saysOf(planned) : 'nothing forbids it'),
  )
  const outcome = {steps: steps.all, notes: plan.notes}
  if (isNothing(plan)) return {...outcome, changed: false, says: saysOf(plan), helmPath: ''}

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
  if (plan.crds.length > 0) outcome.notes.push(...(await purge(plan, kube, io)))
  if (plan.namespace) outcome.notes.push(...(await namespaceGone(inputs.timeoutMs, letGo, kube, io)))
  await steps.time(
    'verify',
    async () => verify(inputs, await look(), plan),
    () => 'nothing of this action is left',
  )
  return {...outcome, changed: true, says: saysOf(plan), helmPath: helm?.path ?? ''}
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
    else await kube.patch(path, restorePatch(policy), {fieldManager})
    const isBack = former !== null && isAsWritten(spec, former.spec)
    io.log.line(`${kind} ${namespace}/${name}: ${isDeleted(policy) ? 'deleted' : isBack ? 'given back' : 'marks taken off'}`)
  }
}

async function unlabel(enrolled: Enrolled[], kube: Kube, io: Io): Promise<void> {
  for (const {name, path, resourceVersion, former} of enrolled) {
    io.cancelled.throwIfAborted()
    io.changes.begin()
    const annotations = {'istio-mtls/previous-labels': null}
    await kube.patch(path, {metadata: {resourceVersion, labels: former, annotations}}, {fieldManager})
    io.log.line(`namespace ${name}: labels as they were`)
  }
}

const fieldManager = 'istio-mtls-action'

/** Objects of a kind keep its CRD: with it they would be deleted, whoever made them. */
async function purge({crds}: UninstallPlan, kube: Kube, io: Io): Promise<string[]> {
  const kept: string[] = []
  for (const crd of crds) {
    const objects = await kube.list(crd.list, ({metadata}) => `${metadata.namespace}/${metadata.name}`)
    if (objects.length === 0) await removeAll([crd], kube, io)
    else
      kept.push(
        `CRD ${crd.name} stays, for others use it: ${objects.slice(0, 5).join(', ')}${objects.length > 5 ? ` and ${objects.length - 5} more` : ''}.`,
      )
  }
  return kept
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

function policiesText(policies: OurPolicy[]): string {
  const back = policies.filter((policy) => !isDeleted(policy)).length
  return `${policies.length - back} deleted, ${back} given back`
}

function saysOf(plan: UninstallPlan): string {
  if (isNothing(plan)) return 'nothing that was to be taken away is in this cluster'
  const {releases, policies, webhooks, leftovers} = plan
  const parts = [
    releases.length > 0 ? `releases ${releases.map(({name}) => name).join(', ')}` : '',
    policies.length > 0 ? `${policies.length} policies` : '',
    plan.enrolled.length > 0 ? `labels of ${plan.enrolled.length} namespaces` : '',
    webhooks.length > 0 ? `${webhooks.length} webhook configurations` : '',
    leftovers.length > 0 ? `${leftovers.length} objects that istiod left` : '',
    plan.crds.length > 0 ? `CRDs` : '',
    plan.namespace ? 'namespace istio-system' : '',
  ]
  return `removed: ${parts.filter((part) => part !== '').join('; ')}`
}
