import type {Io} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {helmChildState} from './helm-child.ts'
import {releaseLease} from './lease.ts'
import {lockState, lockStateFrom} from './lock-state.ts'
import {mendProber, proberState} from './mend-prober.ts'

/**
 * Ends what a killed run left, from the state it wrote: our helm, if that very process still lives, then the Lease that kept other runs
 * away and its probers, then the private kubeconfigs. Returns one sentence for each thing done; [] after a run that ended by itself. Never
 * throws: what cannot be mended is told, and the rest is mended all the same.
 */
export async function mend(io: Pick<Io, 'runner' | 'shell' | 'files' | 'connect' | 'clock'>): Promise<string[]> {
  const {done, mayLive} = await endHelm(io)
  const folders = await ownFolders(io)
  done.push(...(mayLive ? [] : await unlock(folders, io)))
  done.push(...(await mendProber(jsonFrom(io.runner.state(proberState)), io)))
  done.push(...textsFrom(jsonFrom(io.runner.state(trialState))).map(leftOnTrial))
  for (const folder of folders) {
    const failed = await io.files.remove(folder).then(() => null, messageOf)
    done.push(
      failed === null
        ? 'A kubeconfig that a killed run left on the runner was removed.'
        : `A kubeconfig that a killed run left at ${folder} could not be removed (${failed}): delete it.`,
    )
  }
  return done
}

/** `mayLive`: it could not be told to end, so the Lease is left to expire, after which the next run waits for it. */
async function endHelm({runner, shell}: Pick<Io, 'runner' | 'shell'>): Promise<{done: string[]; mayLive: boolean}> {
  const child = childFrom(jsonFrom(runner.state(helmChildState)))
  if (child === null) return {done: [], mayLive: false}
  try {
    const wasAlive = await shell.end(child, helmGraceMs)
    const says = `helm (process ${child.pid}) was still at work and was ended; the next run repairs what it left.`
    return {done: wasAlive ? [says] : [], mayLive: false}
  } catch (thrown) {
    return {done: [`helm (process ${child.pid}) could not be ended (${messageOf(thrown)}); the next run waits for it.`], mayLive: true}
  }
}

/** State of `rollout.ts`: the policies that are STRICT on trial. */
const trialState = 'on-trial'

function leftOnTrial(policy: string): string {
  return `PeerAuthentication ${policy} is STRICT on trial: the run ended before it had seen whether a caller breaks. The next run with \`rollout: guarded\` gives it back and decides anew.`
}

function textsFrom(state: unknown): string[] {
  return Array.isArray(state) ? state.filter((each) => typeof each === 'string') : []
}

/** After helm has ended and never before: who waits for the Lease relies on it. */
async function unlock(folders: string[], io: Pick<Io, 'runner' | 'files' | 'connect' | 'clock'>): Promise<string[]> {
  const state = lockStateFrom(jsonFrom(io.runner.state(lockState)))
  const folder = folders.at(-1)
  if (state === null || folder === undefined) return []
  try {
    const {insecureSkipTlsVerify} = state
    const kubeconfig = await io.files.readText(`${folder}/config`)
    const kube = await io.connect({kubeconfig, context: '', insecureSkipTlsVerify, deadline: io.clock.ticks() + unlockMs})
    const isReleased = await releaseLease(state, kube).finally(() => kube.close())
    return isReleased ? ['The Lease that kept other runs away from the cluster was given back.'] : []
  } catch (thrown) {
    return [`The Lease that keeps other runs away could not be given back (${messageOf(thrown)}); it expires by itself.`]
  }
}

const unlockMs = 15_000

/** The folders of this run's kubeconfigs that are still there. */
async function ownFolders({runner, files}: Pick<Io, 'runner' | 'files'>): Promise<string[]> {
  const there: string[] = []
  for (const folder of foldersFrom(jsonFrom(runner.state(kubeconfigState)))) {
    // One that cannot be looked at is told of when it cannot be removed.
    if (folder.startsWith(`${runner.temp}/`) && (await files.exists(folder).catch(() => true))) there.push(folder)
  }
  return there
}

/** Long enough for helm to record its release as failed, which spares the next run a repair. */
const helmGraceMs = 10_000

/** State of `io/kubeconfig.ts`: a JSON list of the folders it made. */
const kubeconfigState = 'kubeconfigs'

function jsonFrom(state: string): unknown {
  try {
    return JSON.parse(state)
  } catch {
    return null
  }
}

function childFrom(state: unknown): {pid: number; startTime: string} | null {
  const {pid, startTime} = (state ?? {}) as {pid?: unknown; startTime?: unknown}
  return typeof pid === 'number' && pid > 1 && typeof startTime === 'string' ? {pid, startTime} : null
}

function foldersFrom(state: unknown): string[] {
  return Array.isArray(state) ? state.filter((each) => typeof each === 'string') : []
}
