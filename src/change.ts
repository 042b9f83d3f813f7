import {enforce} from './enforce/enforce.ts'
import {enrol} from './enforce/enrol.ts'
import {previousLabels} from './enforce/enrol-plan.ts'
import {applyPolicies} from './enforce/policies.ts'
import {contextOf} from './context.ts'
import {install} from './install/install.ts'
import {type LockWish, takeLock} from './install/lock.ts'
import {preflight} from './install/preflight.ts'
import type {Io, Kube, KubeObject} from './io/io.ts'
import type {Inputs} from './model/inputs.ts'
import {readEnrolling} from './observe/enrolling.ts'
import {rulingMeshes} from './observe/ruling-meshes.ts'
import type {StageLog} from './stages.ts'

/** A cluster that was reached; `path` of a private kubeconfig for programs, '' in modes that start none. */
export interface Connected {
  kube: Kube
  server: string
  path: string
}

/** What the changing stages leave behind; `changedAt` in clock ticks, null when the cluster is as it was found. */
export interface Changed {
  notes: string[]
  helmPath: string
  changedAt: number | null
  /** The user's own policies that are now in force, with file and line. */
  applied: KubeObject[]
}

/** Runs the stages that change the cluster, as `mode` asks; the reading modes have none. Never throws: a failed stage skips those after it. */
export async function change(inputs: Inputs, policies: KubeObject[], {kube, path}: Connected, stages: StageLog, io: Io): Promise<Changed> {
  if (inputs.mode !== 'enforce') return {notes: [], helmPath: '', changedAt: null, applied: []}
  const lock = await stages.change('lock', () => takeLock(lockWish(inputs, kube, io), kube, io))
  // All that changes the cluster goes through the lock's io: it refuses once another run has taken over.
  const held = lock?.io ?? io
  const installed = await stages.change('install', () => install({...inputs, isAlone: true}, kube, path, held))
  // Callers get their proxies, and clients and exceptions are told, before plain text is refused.
  const enrolled = inputs.enroll
    ? await stages.change('enroll', () => enrol(inputs, kube, () => readEnrolling(kube, previousLabels, held), held))
    : null
  const isPolicied = policies.length > 0 || inputs.accessLogging
  const applied = isPolicied ? await stages.change('policies', () => applyPolicies(inputs, policies, kube, rulingMeshes, held)) : null
  const enforced = await stages.change('enforce', () => enforce(inputs, kube, rulingMeshes, held))
  await lock?.release()
  const outcomes = [installed, enrolled, applied, enforced]
  return {
    notes: outcomes.flatMap((outcome) => outcome?.notes ?? []),
    helmPath: installed?.helmPath ?? '',
    changedAt: outcomes.some((outcome) => outcome?.changed) ? io.clock.ticks() : null,
    applied: applied === null ? [] : policies,
  }
}

function lockWish(inputs: Inputs, kube: Kube, io: Io): LockWish {
  return {
    runUrl: contextOf(io.runner.env, {}).runUrl,
    timeoutMs: inputs.lockTimeoutMs,
    helmTimeoutMs: inputs.timeoutMs,
    insecureSkipTlsVerify: inputs.insecureSkipTlsVerify,
    mayCreate: inputs.mode === 'enforce' && inputs.install !== 'never',
    roots: async () => (await rulingMeshes(kube)).meshes.map(({rootNamespace}) => rootNamespace),
    preflight: () => preflight(inputs, kube, io.clock.now().getTime()),
  }
}
