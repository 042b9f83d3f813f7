import type {Io, Kube} from '../io/io.ts'
import {KubeFailure} from '../model/failure.ts'
import type {PlannedRelease} from '../model/forecast.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {agentCharts, agentNamespace} from './agents.ts'
import {whatIsToDo} from './apply-release.ts'
import type {Found, FoundIstiod} from './found.ts'
import {findInstall} from './find-install.ts'
import {isOursIn, planInstall} from './plan.ts'
import type {ReleasePlan} from './release-plan.ts'
import {valuesFor, valuesProblems} from './values.ts'

/** What an install would do, and what would stop it; `installs`: an istiod would come where none is. */
export interface PlannedInstall {
  releases: PlannedRelease[]
  problems: Problem[]
  notes: string[]
  installs: boolean
  /** The revision whose istiod would come, or is upgraded; '' where Istio is left alone. */
  revision: string
  /** The istiods of this action, as they are. */
  istiods: FoundIstiod[]
}

/** Decides by the very functions that `install` uses, without helm: where version and values are the same, so is the release, unless its chart was exchanged. */
export async function planReleases(inputs: Inputs, kube: Kube, io: Pick<Io, 'files' | 'clock'>): Promise<PlannedInstall> {
  const found = await readable(inputs, kube)
  if (typeof found === 'string') return {releases: [], problems: [], notes: [found], installs: false, revision: '', istiods: []}
  const plan = planInstall({...inputs, isAlone: true}, found, io.clock.now().getTime())
  if (plan.do === 'leave') return {releases: [], problems: [], notes: [`Istio: ${plan.says}.`], installs: false, revision: '', istiods: []}
  const releases = plan.releases.map((release) => plannedRelease(release, inputs, found, io))
  return {
    releases,
    problems: [...plan.problems, ...valuesProblems(inputs)],
    notes: plan.notes,
    installs: found.istiods.length === 0,
    revision: inputs.revision || 'default',
    istiods: found.istiods.filter(isOursIn(found)),
  }
}

async function readable(inputs: Inputs, kube: Kube): Promise<Found | string> {
  const agentsIn = inputs.install !== 'never' && agentCharts(inputs).length > 0 ? agentNamespace(inputs.platform) : ''
  try {
    return await findInstall(kube, agentsIn)
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure) || thrown.status !== 403) throw thrown
    return `What would be installed is not told: helm's releases could not be read (${thrown.message}).`
  }
}

function plannedRelease(plan: ReleasePlan, inputs: Inputs, found: Found, io: Pick<Io, 'files'>): PlannedRelease {
  const {chart, name, mark} = plan
  const {istioVersion: version, revision, hub} = inputs
  const values = valuesFor(chart, inputs, found.defaultRevision)
  // The digest of the last time stands for today's: only a download could tell more.
  const wish = {plan, chart: {name: chart, path: '', digest: mark?.chart ?? ''}, version, revision, hub, values}
  const does = whatIsToDo(wish, io)
  const from =
    mark?.version ?? found.istiods.find((istiod) => chart === 'istiod' && istiod.revision === (revision || 'default'))?.version ?? ''
  return {name, chart, does, from, to: version, says: saysOf(plan, does, version, values.canonical, io)}
}

function saysOf(plan: ReleasePlan, does: PlannedRelease['does'], version: string, canonical: string, io: Pick<Io, 'files'>): string {
  if (does === 'install') return plan.adopt ? 'what is there is taken over' : ''
  const {mark} = plan
  if (does === 'unchanged') return 'version and values are the same'
  if (mark === null) return 'made by others, taken over'
  const digest = io.files.sha256(Buffer.from(canonical)).slice(0, 40)
  const why = [
    ...(mark.version === version ? [] : [`version ${mark.version} → ${version}`]),
    ...(mark.values === digest ? [] : ['values differ']),
    ...(plan.status === 'deployed' ? [] : [`the last helm revision is ${plan.status}`]),
    ...(plan.present ? [] : ['what it holds is gone']),
  ]
  return why.length === 0 ? 'somebody else changed the release since' : why.join(', ')
}
