import {minor, valid} from 'semver'
import {type Mark, markLabels} from './mark.ts'
import type {ReleasePlan} from './release-plan.ts'

/** What every helm call on the cluster needs. */
export interface HelmTarget {
  kubeconfigPath: string
  /** Of the helm program, as `v4.2.4`. */
  helmVersion: string
  timeoutMs: number
  /** Of the whole run, in clock ticks. */
  deadline: number
}

/**
 * `helm upgrade --install` of one release. The wait strategy is explicit (helm 4 changed its meaning) and never rolls back by itself:
 * a rollback would outlive a cancelled job (platform-facts.md, sections 0 and 4.1). `valueFiles` in helm's order, the last one wins.
 */
export function upgradeArgs(plan: ReleasePlan, chartPath: string, valueFiles: string[], mark: Mark, target: HelmTarget): string[] {
  const labels = Object.entries(markLabels(mark)).map(([key, value]) => `${key}=${value}`)
  return [
    'upgrade',
    plan.name,
    chartPath,
    '--install',
    '--create-namespace',
    ...common(plan, target),
    ...valueFiles.flatMap((file) => ['--values', file]),
    '--labels',
    labels.join(','),
    ...(plan.adopt ? ['--take-ownership'] : []),
    waitFlag(target),
    '--hide-notes',
    ...(isHelm3(target) || !fightsOverFields(plan, mark.version) ? [] : ['--server-side=false']),
  ]
}

/**
 * The call that undoes what a killed run left pending (platform-facts.md, section 4.2); null: nothing that helm could undo. Back to a revision that is
 * named, for helm's own choice is the one before, which may be as broken; and without waiting, for the upgrade comes right after.
 */
export function repairArgs(plan: ReleasePlan, target: HelmTarget): string[] | null {
  if (plan.repair === 'uninstall') return uninstallArgs(plan, target)
  if (plan.repair === 'rollback') return ['rollback', plan.name, String(plan.good), ...common(plan, target)]
  return null
}

/** The call that takes a release away and waits until its objects are gone; fine where it is gone already. */
export function uninstallArgs(release: Pick<ReleasePlan, 'name' | 'namespace'>, target: HelmTarget): string[] {
  return ['uninstall', release.name, '--ignore-not-found', ...common(release, target), waitFlag(target)]
}

/** The helm revision that `upgradeArgs` makes: a repair that leaves no record begins anew, one by rollback is a revision of its own. */
export function nextRevision({helmRevision, repair}: ReleasePlan): number {
  if (repair === 'uninstall' || repair === 'forget') return 1
  return helmRevision + (repair === 'rollback' ? 2 : 1)
}

function common({namespace}: Pick<ReleasePlan, 'namespace'>, {kubeconfigPath, timeoutMs}: HelmTarget): string[] {
  return ['--namespace', namespace, '--kubeconfig', kubeconfigPath, '--timeout', `${Math.ceil(timeoutMs / 1000)}s`]
}

/**
 * istiod wrote into its own webhook configurations as their owner until 1.28, which helm 4's server-side apply refuses (istio issue 59367). To this day the
 * charts write failurePolicy, which is then istiod's, where helm knows no earlier record (`.Release.IsUpgrade` in validatingwebhookconfiguration.yaml).
 */
function fightsOverFields({present, helmRevision, repair}: ReleasePlan, istioVersion: string): boolean {
  const isAnew = present && (helmRevision === 0 || repair === 'forget')
  return isAnew || (valid(istioVersion) !== null && minor(istioVersion) < 28)
}

/** None of the charts holds custom resources of users, the one thing on which helm 4's watcher hangs (helm issue 32615). */
function waitFlag(target: HelmTarget): string {
  return isHelm3(target) ? '--wait' : '--wait=watcher'
}

function isHelm3({helmVersion}: HelmTarget): boolean {
  return /^v?3\./.test(helmVersion)
}
