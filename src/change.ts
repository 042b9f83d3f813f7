import {enforce} from './enforce/enforce.ts'
import {contextOf} from './context.ts'
import {install} from './install/install.ts'
import {type LockWish, takeLock} from './install/lock.ts'
import {preflight} from './install/preflight.ts'
import type {Io, Kube} from './io/io.ts'
import type {Inputs} from './model/inputs.ts'
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
}

/** Runs the stages that change the cluster, as `mode` asks; the reading modes have none. Never throws: a failed stage skips those after it. */
export async function change(inputs: Inputs, {kube, path}: Connected, stages: StageLog, io: Io): Promise<Changed> {
  if (inputs.mode !== 'enforce') return {notes: [], helmPath: '', changedAt: null}
  const lock = await stages.change('lock', () => takeLock(lockWish(inputs, kube, io), kube, io))
  // All that changes the cluster goes through the lock's io: it refuses once another run has taken over.
  const held = lock?.io ?? io
  const installed = await stages.change('install', () => install({...inputs, isAlone: true}, kube, path, held))
  const enforced = await stages.change('enforce', () => enforce(inputs, kube, rulingMeshes, held))
  await lock?.release()
  return {
    notes: [...(installed?.notes ?? []), ...(enforced?.notes ?? [])],
    helmPath: installed?.helmPath ?? '',
    changedAt: installed?.changed || enforced?.changed ? io.clock.ticks() : null,
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
