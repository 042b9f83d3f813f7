import {type PlannedMoves, planMoves} from './canary/planned-moves.ts'
import {forecastOf} from './derive/forecast.ts'
import {defaultMesh} from './derive/mesh-for.ts'
import {judgedAfter, type PolicyWrite, wishedPolicies} from './derive/planned-policies.ts'
import {withEnrolment} from './derive/with-enrolment.ts'
import {writesOf} from './enforce/enforce.ts'
import {type EnrolFound, type EnrolPlan, planEnrol, previousLabels} from './enforce/enrol-plan.ts'
import {type Found, findPolicies, type ReadMeshes} from './enforce/found.ts'
import {planEnforce} from './enforce/plan.ts'
import {planPolicies} from './enforce/policies.ts'
import {type PlannedInstall, planReleases} from './install/planned-releases.ts'
import type {Io, Kube, KubeObject} from './io/io.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Forecast, Planned, PlannedPolicy} from './model/forecast.ts'
import type {Inputs} from './model/inputs.ts'
import type {Webhook} from './model/mesh.ts'
import {read} from './model/part.ts'
import type {Snapshot} from './model/snapshot.ts'
import {readEnrolling} from './observe/enrolling.ts'
import {peerAuthenticationFrom} from './observe/project-policy.ts'
import {rulingMeshes} from './observe/ruling-meshes.ts'
import {forecastSnapshot, type RolloutOptions} from './rollout.ts'

/** What `mode: plan` finds out; `after` is the cluster as `enforce` would leave it, as far as configuration tells. */
export interface Plan {
  planned: Planned
  forecast: Forecast
  after: Snapshot
}

/** Decides all that `enforce` would do, by the very functions that `enforce` uses, and forecasts its callers. Sends reads and dry runs alone. */
export async function planChanges(inputs: Inputs, policies: KubeObject[], options: RolloutOptions, kube: Kube, io: Io): Promise<Plan> {
  const install = await planReleases(inputs, kube, io)
  const enrolling = inputs.enroll ? await readEnrolling(kube, previousLabels, io) : null
  const moves = enrolling === null ? null : movesOf(inputs, install, enrolling)
  const enrolment = enrolling === null ? nobody : planEnrol(inputs, moves?.after ?? enrolling)
  const readMeshes = async () => withComing(install.revision, await rulingMeshes(kube))
  const found = await findPolicies(kube, readMeshes).catch((thrown) => {
    if (install.installs && thrown instanceof Failure && thrown.entry === 'no-istio') return emptyFound(install.revision, kube)
    throw thrown
  })
  const enforced = planEnforce(inputs, found)
  const objects = await planObjects(inputs, policies, readMeshes, kube)
  const writes = [...objects.writes, ...writesOf(enforced, inputs.mtlsMode)]
  const before = enrolled(await forecastSnapshot(writes, options, kube, io), enrolment, moves?.after.webhooks ?? [])
  const planned: Planned = {
    releases: install.releases,
    policies: writesOf(enforced, inputs.mtlsMode).map((write, at) => plannedPolicy(write, found, enforced.changes[at]?.do === 'take-over')),
    labels: [...(moves?.labels ?? []), ...enrolment.labellings].map(({namespace, labels}) => ({namespace, add: withoutNulls(labels)})),
    restarts: [
      ...(moves?.restarts ?? []).map((rollout) => ({...rollout, why: 'its proxies are of an older revision'})),
      ...enrolment.restarts.map((rollout) => ({...rollout, why: 'its pods run without a proxy'})),
    ],
    objects: objects.changes,
    problems: [...install.problems, ...enrolment.problems, ...objects.problems, ...enforced.problems],
    notes: [
      ...install.notes,
      ...(moves?.notes ?? []),
      ...enrolment.notes,
      ...enrolment.left.map((each) => `Not enrolled: ${each}.`),
      ...objects.notes,
      ...enforced.notes,
      ...enforced.settled.map((each) => `Nothing to do in ${each}.`),
    ],
  }
  return {planned, forecast: forecastOf(before, writes), after: judgedAfter(before, writes)}
}

/** The same of manifests: no cluster is there to differ from, so only the policies that `enforce` would add are told. */
export function planOfManifests(snapshot: Snapshot): Plan {
  const writes = wishedPolicies(snapshot)
  const policies = writes.map(({namespace, name, mode}): PlannedPolicy => ({namespace, name, does: 'create', from: null, to: mode}))
  const notes = ['Judged from files: what a cluster holds besides, and what would be installed or restarted there, is not known.']
  const planned = {releases: [], policies, labels: [], restarts: [], objects: [], problems: [], notes}
  return {planned, forecast: forecastOf(snapshot, writes), after: judgedAfter(snapshot, writes)}
}

/** As in `change.ts`: the canary stage comes before enrolling, and only where this action installs. */
function movesOf(inputs: Inputs, {revision, istiods}: PlannedInstall, enrolling: EnrolFound): PlannedMoves | null {
  return revision === '' ? null : planMoves(inputs, revision, istiods, enrolling)
}

/** The control plane that the install would bring rules as well, once enforcing begins; what only stands in for one then does not. */
function withComing(revision: string, ruling: Awaited<ReturnType<ReadMeshes>>): Awaited<ReturnType<ReadMeshes>> {
  const {meshes} = ruling
  if (revision === '' || meshes.some((mesh) => mesh.revision === revision)) return ruling
  return {
    ...ruling,
    meshes: [...meshes.filter(({readyReplicas}) => readyReplicas !== null), {...defaultMesh, revision, readyReplicas: null}],
  }
}

/** Pods are restarted under the webhooks that will be there by then; the snapshot is judged with those that are. */
function enrolled(snapshot: Snapshot, enrolment: EnrolPlan, webhooks: readonly Webhook[]): Snapshot {
  const {controlPlane} = snapshot
  if (!controlPlane.read || webhooks.length === 0) return withEnrolment(snapshot, enrolment)
  const then = {...snapshot, controlPlane: read({...controlPlane.value, webhooks: [...webhooks]})}
  return {...withEnrolment(then, enrolment), controlPlane}
}

const nobody: EnrolPlan = {labellings: [], restarts: [], left: [], problems: [], notes: []}

/** A cluster that Istio will come to: its root namespace is made with it. */
async function emptyFound(revision: string, kube: Kube): Promise<Found> {
  const namespaces = await kube.list('/api/v1/namespaces', ({metadata: {name, labels = {}}}) => ({
    ...{name, uid: '', phase: 'Active', labels, annotations: {}},
  }))
  const root = {name: defaultMesh.rootNamespace, uid: '', phase: 'Active', labels: {}, annotations: {}}
  const others = namespaces.filter(({name}) => name !== root.name)
  return {meshes: [{...defaultMesh, revision, readyReplicas: null}], namespaces: [...others, root], policies: [], impostors: []}
}

interface PlannedObjects {
  changes: Planned['objects']
  writes: PolicyWrite[]
  problems: Planned['problems']
  notes: string[]
}

/** The user's own policies: tried as dry runs where the account may, else only named. */
async function planObjects(inputs: Inputs, policies: KubeObject[], readMeshes: ReadMeshes, kube: Kube): Promise<PlannedObjects> {
  if (policies.length === 0 && !inputs.accessLogging) return {changes: [], writes: [], problems: [], notes: []}
  try {
    const plan = await planPolicies(inputs, policies, kube, readMeshes)
    const denied = plan.problems.filter(({entry}) => entry === 'permission')
    const changes = plan.changes.map(({object, found}) => ({...nameOf(object), does: found === null ? 'create' : 'change'}))
    const notes = denied.length === 0 ? [] : [`${denied.length} policies could not be tried, for this account may not write them.`]
    return {
      changes,
      writes: writesFrom(policies),
      problems: plan.problems.filter(({entry}) => entry !== 'permission'),
      notes: [...plan.notes, ...notes],
    }
  } catch (thrown) {
    const changes = policies.map((object) => ({...nameOf(object), does: 'apply'}))
    return {changes, writes: writesFrom(policies), problems: [], notes: [`The policies were not tried: ${messageOf(thrown)}`]}
  }
}

/** The user's own PeerAuthentications, whole: one with a selector turns ports, or opens them, just as well. */
function writesFrom(policies: readonly KubeObject[]): PolicyWrite[] {
  return policies
    .filter(({kind}) => kind === 'PeerAuthentication')
    .map((object) => {
      const {namespace, name, mode, selector, ports, labels} = peerAuthenticationFrom(object)
      return {namespace, name, mode, selector, ports, labels}
    })
}

function nameOf({kind, metadata: {namespace = 'default', name}}: KubeObject): {kind: string; namespace: string; name: string} {
  return {kind, namespace, name}
}

function plannedPolicy({namespace, name, mode}: PolicyWrite, {policies}: Found, takesOver: boolean): PlannedPolicy {
  const found = policies.find((policy) => policy.namespace === namespace && policy.name === name)
  return {namespace, name, does: takesOver ? 'take over' : found === undefined ? 'create' : 'change', from: found?.mode ?? null, to: mode}
}

function withoutNulls(labels: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, value ?? '(removed)']))
}
