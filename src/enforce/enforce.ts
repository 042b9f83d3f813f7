import type {Io, Kube} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import {explainApply} from './apply-failure.ts'
import {findPolicies, type ReadMeshes} from './found.ts'
import {type Change, type EnforcePlan, managedBy, planEnforce} from './plan.ts'

/** Writes the policies that the inputs ask for; all is decided and tried as a dry run before the first change. */
export async function enforce(
  inputs: Inputs,
  kube: Kube,
  readMeshes: ReadMeshes,
  io: Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>,
): Promise<Outcome> {
  const began = io.clock.ticks()
  const plan = planEnforce(inputs, await findPolicies(kube, readMeshes))
  refuse(plan.problems, 'No policy was changed.')
  for (const change of plan.changes) if (change.do === 'apply') await apply(change, inputs.mtlsMode, kube, true)
  const planned = io.clock.ticks()
  for (const change of plan.changes) {
    io.cancelled.throwIfAborted()
    io.changes.begin()
    if (change.do === 'apply') await apply(change, inputs.mtlsMode, kube, false)
    else await takeOver(change, inputs.mtlsMode, kube)
    io.log.line(`PeerAuthentication ${change.namespace}/${change.name}: ${inputs.mtlsMode}`)
  }
  return {
    changed: plan.changes.length > 0,
    says: saysOf(plan, inputs.mtlsMode),
    steps: [
      {
        name: 'decide',
        ms: Math.round(planned - began),
        says: `${plan.changes.length} policies to write, ${plan.settled.length} in force already`,
      },
      {name: 'apply', ms: Math.round(io.clock.ticks() - planned), says: `${plan.changes.length} written`},
    ],
    notes: [...plan.notes, ...plan.changes.filter((change) => change.do === 'take-over').map(takenOverNote)],
  }
}

/** The name under which the API server remembers which fields are ours. */
const fieldManager = 'istio-mtls-action'

async function apply({namespace, name}: Change, mode: Inputs['mtlsMode'], kube: Kube, dryRun: boolean): Promise<void> {
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name, namespace, labels: managedBy},
    spec: {mtls: {mode}},
  }
  await kube.apply(pathOf(namespace, name), policy, {fieldManager, dryRun}).catch((thrown) => explainApply(thrown, nameOf(namespace, name)))
}

/** A merge patch at the version that was read: server-side apply would meet the former owner's fields and is never forced. */
async function takeOver({policy, namespace, name}: Change & {do: 'take-over'}, mode: Inputs['mtlsMode'], kube: Kube): Promise<void> {
  const patch = {
    metadata: {
      resourceVersion: policy.resourceVersion,
      labels: managedBy,
      annotations: {[previousSpec]: policy.annotations[previousSpec] ?? JSON.stringify(policy.spec)},
    },
    spec: {mtls: {mode}},
  }
  await kube.patch(pathOf(namespace, name), patch, {fieldManager}).catch((thrown) => explainApply(thrown, nameOf(namespace, name)))
}

/** Annotation that keeps the spec of a policy as it was before we took it over. */
const previousSpec = 'istio-mtls/previous-spec'

function pathOf(namespace: string, name: string): string {
  return `/apis/security.istio.io/v1/namespaces/${namespace}/peerauthentications/${name}`
}

function nameOf(namespace: string, name: string): string {
  return `PeerAuthentication \`${namespace}/${name}\``
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
