import {enforce} from './enforce/enforce.ts'
import {enrol} from './enforce/enrol.ts'
import {previousLabels} from './enforce/enrol-plan.ts'
import {applyPolicies} from './enforce/policies.ts'
import {contextOf} from './context.ts'
import {canary} from './canary/canary.ts'
import {endingAt} from './install/deadline.ts'
import {install} from './install/install.ts'
import {type LockWish, takeLock} from './install/lock.ts'
import {preflight} from './install/preflight.ts'
import {uninstall} from './install/uninstall.ts'
import type {Io, Kube, KubeObject} from './io/io.ts'
import type {Forecast} from './model/forecast.ts'
import type {Inputs} from './model/inputs.ts'
import type {Outcome} from './model/report.ts'
import type {Asked} from './model/snapshot.ts'
import {readEnrolling} from './observe/enrolling.ts'
import {rulingMeshes} from './observe/ruling-meshes.ts'
import {guardedRollout} from './rollout.ts'
import type {StageLog} from './stages.ts'

/** A cluster that was reached; `path` of a private kubeconfig for programs, '' in modes that start none. */
export interface Connected {
  kube: Kube
  server: string
  path: string
}

/** What the changing stages leave behind; `changedAt` in clock ticks, null when no stage that the mesh must settle after changed anything. */
export interface Changed {
  notes: string[]
  helmPath: string
  changedAt: number | null
  /** The user's own policies that are now in force, with file and line. */
  applied: KubeObject[]
  /** Who would break under the STRICT that was to be written; null where nothing was, or nobody asked. */
  forecast: Forecast | null
}

/** Runs the stages that change the cluster, as `mode` asks; the reading modes have none. Never throws: a failed stage skips those after it. */
export async function change(
  inputs: Inputs,
  policies: KubeObject[],
  {kube, path}: Connected,
  {asked, deadline}: {asked: Asked; deadline: number},
  stages: StageLog,
  io: Io,
): Promise<Changed> {
  if (inputs.mode === 'uninstall') return takeAway(inputs, {kube, path}, deadline, stages, io)
  if (inputs.mode !== 'enforce') return {notes: [], helmPath: '', changedAt: null, applied: [], forecast: null}
  const lock = await stages.change('lock', () => takeLock(lockWish(inputs, policies, kube, deadline, io), kube, io))
  try {
    return await changeAlone(inputs, policies, {kube, path}, {asked, deadline}, stages, lock?.io ?? io)
  } finally {
    await lock?.release()
  }
}

/** All that changes the cluster goes through `held`, the lock's io: it refuses once another run has taken over. */
async function changeAlone(
  inputs: Inputs,
  policies: KubeObject[],
  {kube, path}: Pick<Connected, 'kube' | 'path'>,
  {asked, deadline}: {asked: Asked; deadline: number},
  stages: StageLog,
  held: Io,
): Promise<Changed> {
  const {io: bounded, done} = endingAt(deadline, held)
  const installed = await stages.change('install', () =>
    install({...inputs, ownPolicies: policies, isAlone: true, deadline}, kube, path, bounded),
  )
  const tools = installed?.canary ?? null
  const moved =
    tools === null
      ? null
      : await stages.change('canary', () => canary(inputs, tools, kube, () => readEnrolling(kube, previousLabels, bounded), bounded))
  // Callers get their proxies, and clients and exceptions are told, before plain text is refused.
  const enrolled = inputs.enroll
    ? await stages.change('enroll', () => enrol(inputs, kube, () => readEnrolling(kube, previousLabels, bounded), bounded))
    : null
  const isPolicied = policies.length > 0 || inputs.accessLogging
  const applied = isPolicied ? await stages.change('policies', () => applyPolicies(inputs, policies, kube, rulingMeshes, bounded)) : null
  // A rollout keeps time of its own before the deadline, to give back what it wrote.
  done()
  const options = {asked, clusterName: inputs.clusterName, patienceMs: inputs.timeoutMs, deadline}
  const rollout = inputs.rollout === 'guarded' && inputs.mtlsMode === 'STRICT' ? guardedRollout(options, kube, held) : null
  const enforced = await stages.change('enforce', () => enforce(inputs, kube, rulingMeshes, held, rollout))
  const trials = enforced?.trials ?? []
  if (rollout !== null && trials.length > 0) {
    await stages.change('verify', () => rollout.watch(trials))
    await rollout.abandon(trials)
  }
  const stay = rollout !== null && applied?.changed && !stages.all().every(({status}) => status === 'done') ? [policiesStay(applied)] : []
  const outcomes = [installed, moved, enrolled, applied, enforced]
  return {
    notes: [...outcomes.flatMap((outcome) => outcome?.notes ?? []), ...stay],
    helmPath: installed?.helmPath ?? '',
    changedAt: stages.all().some(({changed}) => changed) ? held.clock.ticks() : null,
    applied: applied === null ? [] : policies,
    forecast: rollout?.forecast() ?? null,
  }
}

/** Clients' rules and exceptions must be in force before STRICT is judged, so they are not on trial with it. */
function policiesStay({says}: Outcome): string {
  return `What \`policies\` and \`access-logging\` had changed before the forecast is not on trial and stays as it is: ${says}.`
}

/** Nothing settles after it: what is left of a mesh is judged as it is found. */
async function takeAway(
  inputs: Inputs,
  {kube, path}: Pick<Connected, 'kube' | 'path'>,
  deadline: number,
  stages: StageLog,
  io: Io,
): Promise<Changed> {
  const lock = await stages.change('lock', () => takeLock(lockWish(inputs, [], kube, deadline, io), kube, io))
  const {io: bounded, done} = endingAt(deadline, lock?.io ?? io)
  const site = {kube, kubeconfigPath: path, letGo: async () => lock?.letGo(), deadline}
  const gone = await stages
    .change('uninstall', () => uninstall(inputs, site, bounded))
    .finally(done)
    .finally(() => lock?.release())
  return {notes: gone?.notes ?? [], helmPath: gone?.helmPath ?? '', changedAt: null, applied: [], forecast: null}
}

function lockWish(inputs: Inputs, policies: KubeObject[], kube: Kube, deadline: number, io: Io): LockWish {
  return {
    runUrl: contextOf(io.runner.env, {}).runUrl,
    timeoutMs: Math.min(inputs.lockTimeoutMs, Math.max(0, deadline - io.clock.ticks())),
    helmTimeoutMs: inputs.timeoutMs,
    insecureSkipTlsVerify: inputs.insecureSkipTlsVerify,
    mayCreate: inputs.mode === 'enforce' && inputs.install !== 'never',
    roots: async () => (await rulingMeshes(kube)).meshes.map(({rootNamespace}) => rootNamespace),
    preflight: () => preflight({...inputs, ownPolicies: policies}, kube, io.clock.now().getTime()),
  }
}
