import type {Io} from '../io/io.ts'
import {helmChildState} from './helm-child.ts'

/**
 * Ends what a killed run left on the runner, from the state it wrote: our helm, if that very process still lives, and the private
 * kubeconfigs. Returns one sentence for each thing done; [] after a run that ended by itself.
 */
export async function mend(io: Pick<Io, 'runner' | 'shell' | 'files'>): Promise<string[]> {
  const done: string[] = []
  const child = childFrom(jsonFrom(io.runner.state(helmChildState)))
  if (child !== null && (await io.shell.end(child, helmGraceMs))) {
    done.push(`helm (process ${child.pid}) was still at work and was ended; the next run repairs what it left.`)
  }
  for (const folder of foldersFrom(jsonFrom(io.runner.state(kubeconfigState)))) {
    if (!folder.startsWith(`${io.runner.temp}/`) || !(await io.files.exists(folder))) continue
    await io.files.remove(folder)
    done.push('A kubeconfig that a killed run left on the runner was removed.')
  }
  return done
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
