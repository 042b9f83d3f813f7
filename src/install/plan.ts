import {compare, minor, valid} from 'semver'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {planAgents} from './agents.ts'
import {type Found, type FoundIstiod, type FoundRelease, istioNamespace} from './found.ts'
import type {Mark} from './mark.ts'
import {type Owner, ownerText} from './owner.ts'
import {type ReleasePlan, releasePlan, repairOf} from './release-plan.ts'
import {hasConfigurations} from './release-webhooks.ts'
import {releasesOfOthers} from './releases-of-others.ts'

export type Wish = Pick<
  Inputs,
  'install' | 'takeOver' | 'istioVersion' | 'revision' | 'timeoutMs' | 'profile' | 'platform' | 'cniValues'
> & {
  /** True while this run holds the Lease: no other run of ours, and no helm of one, is at work then. */
  isAlone?: boolean
} & Partial<Pick<Inputs, 'values' | 'baseValues'>>

/** `leave`: nothing to install, `says` why; `apply`: these releases, in this order, unless `problems` forbid it. */
export type InstallPlan =
  | {do: 'leave'; istiod: FoundIstiod | null; says: string}
  | {do: 'apply'; releases: ReleasePlan[]; problems: Problem[]; notes: string[]}

/** Decides, before any change and any download, what an install would do and what forbids it. `now` in milliseconds since the epoch. */
export function planInstall(wish: Wish, found: Found, now: number): InstallPlan {
  const revision = wish.revision || 'default'
  const ofRevision = found.istiods.filter((each) => each.revision === revision)
  const current = ofRevision.find((each) => each.namespace === istioNamespace) ?? ofRevision[0] ?? null
  if (wish.install === 'never') {
    const istiod = current ?? found.istiods[0] ?? null
    return {do: 'leave', istiod, says: istiod === null ? 'left alone, no istiod runs in this cluster' : `left alone: ${istiodText(istiod)}`}
  }
  const problems = [...foreign(wish, found, current), ...versionProblems(wish, current), ...pending(wish, found, now)]
  if (found.namespace.terminating) problems.push(terminating(found.namespace.reason))
  const base = planBase(wish, found, current, problems)
  const isPresent = current !== null && hasConfigurations('istiod', wish, found)
  const istiod = releasePlan('istiod', istiodRelease(wish), found, isPresent, istioNamespace, current?.createdAt)
  istiod.adopt ||= current !== null && istiod.mark === null
  const agents = planAgents(wish, found)
  const releases = [...(base.release === null ? [] : [base.release]), istiod, ...agents.releases]
  return {do: 'apply', releases, problems: [...problems, ...agents.problems, ...releasesOfOthers(wish, releases)], notes: base.notes}
}

/** What a release needs: nothing when all that we would write is what the newest, deployed revision of ours was written with. */
export function whatToDo(plan: ReleasePlan, wanted: Omit<Mark, 'helmRevision'>): 'install' | 'upgrade' | 'unchanged' {
  if (plan.helmRevision === 0 || plan.repair === 'uninstall') return 'install'
  const {mark} = plan
  const isSame =
    plan.status === 'deployed' &&
    plan.present &&
    mark !== null &&
    mark.helmRevision === plan.helmRevision &&
    mark.version === wanted.version &&
    mark.chart === wanted.chart.slice(0, 40) &&
    mark.values === wanted.values.slice(0, 40)
  return isSame ? 'unchanged' : 'upgrade'
}

/** `istiod`, or `istiod-REVISION`: the names that Istio's own documentation uses. */
export function istiodRelease({revision}: Pick<Wish, 'revision'>): string {
  return revision === '' || revision === 'default' ? 'istiod' : `istiod-${revision}`
}

/** CRDs outlive `helm uninstall` by design and keep the marks of their release: helm takes them back under the same name. */
function planBase(
  wish: Wish,
  found: Found,
  current: FoundIstiod | null,
  problems: Problem[],
): {release: ReleasePlan | null; notes: string[]} {
  const release = releasePlan('base', baseRelease, found, found.crds !== null && hasConfigurations('base', wish, found))
  const isOurs =
    found.crds === null ||
    (isAdoptable(found.crds, baseRelease) && found.crds.by === 'helm' && (release.mark !== null || release.helmRevision === 0))
  if (isOurs) {
    const newer = release.mark?.version ?? ''
    // Single CRDs may have come by another way; helm adopts them only when told.
    if (current !== null || !isOlder(wish.istioVersion, newer)) return {release: {...release, adopt: wish.takeOver}, notes: []}
    return {
      release: null,
      notes: [`CRDs stay at Istio ${newer}: newer than this revision's ${wish.istioVersion}, which they serve as well.`],
    }
  }
  const owner = found.crds === null ? '' : ownerText(found.crds)
  const canAdopt = found.crds !== null && isAdoptable(found.crds, baseRelease)
  if (wish.takeOver && canAdopt) return {release: {...release, adopt: true}, notes: [`CRDs taken over from ${owner}.`]}
  if (wish.install === 'always') return {release: null, notes: [`CRDs belong to ${owner} and were left as they are.`]}
  if (found.istiods.every(isOursIn(found))) {
    problems.push({
      says: `Istio's CRDs are here already and belong to ${owner}.`,
      cure: takeOverCure(canAdopt),
      entry: 'foreign-installation',
    })
  }
  return {release: null, notes: []}
}

const baseRelease = 'istio-base'

function foreign(wish: Wish, found: Found, current: FoundIstiod | null): Problem[] {
  const strangers = found.istiods.filter((each) => !isOursIn(found)(each))
  const blocking = wish.install === 'always' ? strangers.filter((each) => each === current) : strangers
  return blocking.flatMap((istiod) => {
    const canAdopt = istiod === current && istiod.namespace === istioNamespace && isAdoptable(istiod.owner, istiodRelease(wish))
    if (wish.takeOver && canAdopt) return []
    return [
      {
        says: `This cluster has an Istio that this action did not install: ${istiodText(istiod)}.`,
        cure: takeOverCure(canAdopt),
        entry: 'foreign-installation',
      },
    ]
  })
}

/**
 * Tells whether an istiod was installed by this action: by helm, in istio-system, under a release with our mark. Where helm's record of that
 * release is lost altogether, the mark on the release of its CRDs speaks for it: no other helm keeps the istiod any more.
 */
export function isOursIn({releases}: Pick<Found, 'releases'>): (istiod: Pick<FoundIstiod, 'owner'>) => boolean {
  const isMarked = (name: string) => releases.some((release: FoundRelease) => release.name === name && release.mark !== null)
  return ({owner}) => owner.by === 'helm' && owner.namespace === istioNamespace && (isMarked(owner.release) || isLost(owner, releases))
}

/** True when helm has no record of the release that an object names as its own, while our own release of Istio's CRDs stands. */
export function isLost(owner: Owner, releases: readonly FoundRelease[]): boolean {
  return (
    owner.by === 'helm' &&
    owner.namespace === istioNamespace &&
    owner.release.startsWith('istiod') &&
    !releases.some(({name}) => name === owner.release) &&
    releases.some(({name, mark}) => name === baseRelease && mark !== null)
  )
}

/**
 * An operator would write it back. A helm release is adopted only under the name that we use too: any other may be an umbrella chart,
 * and helm would delete all that the new chart does not hold.
 */
function isAdoptable(owner: Owner, name: string): boolean {
  if (owner.by === 'helm') return owner.release === name && owner.namespace === istioNamespace
  return owner.by !== 'operator'
}

function takeOverCure(canAdopt: boolean): string {
  const leave = 'Set `install: never` to enforce mutual TLS on it as it is'
  return canAdopt
    ? `${leave}, or \`take-over: true\` to let this action manage it from now on.`
    : `${leave}: its keeper would write a take-over back, or lose what else it holds.`
}

function versionProblems(wish: Wish, current: FoundIstiod | null): Problem[] {
  if (current === null || valid(current.version) === null) return []
  const {version} = current
  if (isOlder(wish.istioVersion, version)) {
    return [
      {
        says: `\`istio-version\` is \`${wish.istioVersion}\`, but ${istiodText(current)} runs already: Istio supports no downgrade in place.`,
        cure: `Set \`istio-version: ${version}\`, or uninstall first.`,
        entry: 'version-jump',
      },
    ]
  }
  const jump = minor(wish.istioVersion) - minor(version)
  if (jump <= 1) return []
  return [
    {
      says: `\`istio-version\` is \`${wish.istioVersion}\`, but ${version} runs: Istio supports upgrades in place by one minor version, not by ${jump}.`,
      cure: `Upgrade step by step, next to \`${nextMinor(version)}\`, or install beside it with \`revision\`.`,
      entry: 'version-jump',
    },
  ]
}

function isOlder(left: string, right: string): boolean {
  return valid(left) !== null && valid(right) !== null && compare(left, right) < 0
}

function nextMinor(version: string): string {
  const [major, middle] = version.split('.')
  return `${major}.${Number(middle) + 1}`
}

/**
 * A pending release is another run at work, or what a killed one left. What a run of ours left (the mark is of this very revision, or a note says
 * that a repair of ours made it) is known by the Lease; of all others only the age tells.
 */
function pending(wish: Wish, found: Found, now: number): Problem[] {
  return found.releases
    .filter(({status, mark, since}) => mark !== null && repairOf(status) !== '' && now - since < wish.timeoutMs)
    .filter(
      ({name, mark, helmRevision}) => !(wish.isAlone && (mark?.helmRevision === helmRevision || found.repairs[name] === helmRevision)),
    )
    .map(({name, status, since}) => ({
      says: `helm release \`${name}\` has been \`${status}\` for ${Math.max(0, Math.round((now - since) / 1000))} s: another run is at work, or was killed.`,
      cure: `Let that run end, and keep jobs apart with \`concurrency:\`; a release pending for longer than \`timeout\` is repaired by the next run.`,
      entry: 'release-pending',
    }))
}

function terminating(reason: string): Problem {
  return {
    says: `Namespace \`${istioNamespace}\` is being deleted${reason === '' ? '' : `: ${reason}`}`,
    cure: `Wait until it is gone (\`kubectl get namespace ${istioNamespace}\`), or remove what holds it.`,
    entry: 'namespace-terminating',
  }
}

function istiodText({namespace, name, version, owner}: FoundIstiod): string {
  return `istiod ${version || 'of unknown version'} (Deployment \`${namespace}/${name}\`, ${ownerText(owner)})`
}
