import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {type Enrolled, labelsToGiveBack} from './enrolled.ts'
import type {FoundIstiod} from './found.ts'
import {type Installed, releaseOf} from './installed.ts'
import {type Meshed, nameOf, restartCommands} from './meshed.ts'
import {isAsWritten, type OurPolicy} from './our-policies.ts'
import {ownerText} from './owner.ts'

export type UninstallWish = Pick<Inputs, 'install' | 'revision' | 'purgeCrds'>

/** What goes, in the order of its fields, and what forbids it; notes say what stays and why. */
export interface UninstallPlan extends Pick<Installed, 'webhooks' | 'policies' | 'enrolled' | 'releases' | 'leftovers' | 'crds'> {
  namespace: boolean
  /** The note of a killed repair. */
  note: boolean
  problems: Problem[]
  notes: string[]
}

/**
 * Decides what an uninstall takes away: only what carries our marks, and what istiods left that no other istiod needs. A `revision` besides
 * which others of ours remain takes that one alone; `install: never` takes back the policies alone.
 */
export function planUninstall(wish: UninstallWish, installed: Installed): UninstallPlan {
  const {strangers, crds} = installed
  // A release counts whose Deployment somebody deleted, too: it is as little asked for.
  const beside = installed.releases.filter(({name}) => name.startsWith('istiod') && name !== releaseOf(wish.revision))
  const isPart =
    wish.revision !== '' && (beside.length > 0 || installed.istiods.some(({revision}) => releaseOf(revision) !== releaseOf(wish.revision)))
  const ofWish = installed.releases.filter(({name}) => !isPart || name === releaseOf(wish.revision))
  const releases = wish.install === 'never' ? [] : ofWish
  const names = new Set(releases.map(({name}) => name))
  const going = installed.istiods.filter(({revision}) => names.has(releaseOf(revision)))
  const staying = installed.istiods.filter((each) => !going.includes(each))
  const left = [...strangers.map(istiodText), ...installed.elsewhere]
  const isLast = staying.length === 0 && left.length === 0
  const isAll = wish.install !== 'never' && !isPart
  const others = [...strangers.map(({revision}) => revision), ...(installed.othersRevisions ?? [])]
  // A tag that points at nothing refuses every pod that it selects.
  const isServed = (release: string) => [...staying, ...strangers].some(({revision}) => releaseOf(revision) === release)
  const plan = {
    webhooks: installed.webhooks.filter(({release, isTag}) => names.has(release) || (isTag && isAll && !isServed(release))),
    policies: isPart ? [] : installed.policies,
    enrolled: isPart ? [] : installed.enrolled.map((each) => ({...each, former: labelsToGiveBack(each, others).former})),
    releases,
    leftovers: isAll && isLast ? installed.leftovers : [],
    crds: isAll && isLast && wish.purgeCrds ? crds : [],
    namespace: isAll && isLast && installed.namespace.isOurs,
    note: isAll && installed.namespace.isNoted === true,
  }
  return {
    ...plan,
    problems: [...lostRecords(wish, installed), ...ambient(releases, installed.meshed)],
    notes: [
      ...plan.policies.flatMap(policyNote),
      ...(isPart ? [] : installed.enrolled.flatMap((each) => labelNote(each, others))),
      ...stillMeshed(going, isLast, installed.meshed),
      ...(crds.length > 0 && plan.crds.length === 0 && isAll ? [crdsStay(wish, left)] : []),
      ...(isPart
        ? [
            `Policies, CRDs and root certificates stay, for ${(staying.length > 0 ? staying.map(istiodText) : beside.map(({name}) => `release \`${name}\``)).join(', ')} needs them.`,
          ]
        : []),
      ...(left.length > 0 ? [`Left alone: ${left.join(', ')}.`] : []),
    ],
  }
}

/** True when there is nothing to do. */
export function isNothing({webhooks, policies, enrolled, releases, leftovers, crds, namespace}: UninstallPlan): boolean {
  return [webhooks, policies, enrolled, releases, leftovers, crds].every((each) => each.length === 0) && !namespace
}

function policyNote({former, isOthers, spec, kind, namespace, name}: OurPolicy): string[] {
  const policy = `${kind} ${namespace}/${name}`
  if (former === null) return isOthers ? [`${policy} was there before this action applied to it: it stays, and loses our mark.`] : []
  if (isAsWritten(spec, former.spec)) return []
  const was = former.spec === undefined ? 'is torn' : `was \`${JSON.stringify(former.spec).slice(0, 300)}\``
  return [`${policy} was changed by others after it was taken over: it keeps its spec and loses our marks; its former spec ${was}.`]
}

function labelNote(enrolled: Enrolled, others: string[]): string[] {
  const {kept} = labelsToGiveBack(enrolled, others)
  if (kept.length === 0) return []
  return [`Namespace ${enrolled.name} was labelled \`${kept.join('`, `')}\` by others after this action had labelled it: that stays.`]
}

/** Without its record helm cannot take a release away, and what it holds is known to helm alone. */
function lostRecords({install}: UninstallWish, {lost}: Installed): Problem[] {
  if (install === 'never') return []
  return lost.map((istiod) => ({
    says: `helm's record of a release of this action is gone (its Secret was deleted): ${istiodText(istiod)}.`,
    cure: 'Run `mode: enforce` once more, which makes the record anew, then uninstall.',
    entry: 'release-lost',
  }))
}

/** Without the agents the traffic of a captured pod would go nowhere until it is started anew. */
function ambient(releases: Installed['releases'], meshed: Meshed[]): Problem[] {
  const captured = meshed.filter(({dataPlane}) => dataPlane === 'ambient')
  if (captured.length === 0 || !releases.some(({name}) => name === 'ztunnel' || name === 'istio-cni')) return []
  const namespaces = [...new Set(captured.map(({namespace}) => namespace))]
  return [
    {
      says: `ztunnel still carries the traffic of ${captured.slice(0, 5).map(nameOf).join(', ')}${captured.length > 5 ? ` and ${captured.length - 5} more` : ''}, which would be cut off.`,
      cure: `Take them out of the mesh first: \`kubectl label namespace ${namespaces.join(' ')} istio.io/dataplane-mode-\`.`,
      entry: 'ambient-enrolled',
    },
  ]
}

function stillMeshed(going: FoundIstiod[], isLast: boolean, meshed: Meshed[]): string[] {
  const revisions = going.map(({revision}) => revision)
  const bereft = meshed.filter(({dataPlane, revision}) => dataPlane === 'sidecar' && (isLast || revisions.includes(revision)))
  if (bereft.length === 0) return []
  const shown = bereft.slice(0, 20).map(nameOf).join(', ')
  const more = bereft.length > 20 ? ` and ${bereft.length - 20} more` : ''
  const commands = restartCommands(bereft)
    .map((command) => `\`${command}\``)
    .join('; ')
  return [
    `Still with a sidecar, whose certificate nobody renews once istiod is gone: ${shown}${more}. Start them anew without it: ${commands || 'delete these pods'}.`,
  ]
}

function crdsStay({purgeCrds}: UninstallWish, left: string[]): string {
  if (left.length > 0) return `Istio's CRDs stay, for ${left.join(', ')} needs them.`
  return purgeCrds ? "Istio's CRDs stay." : "Istio's CRDs stay, as helm leaves them: `purge-crds: true` removes those without objects."
}

function istiodText({namespace, name, version, owner}: FoundIstiod): string {
  return `istiod ${version || 'of unknown version'} (Deployment \`${namespace}/${name}\`, ${ownerText(owner)})`
}
