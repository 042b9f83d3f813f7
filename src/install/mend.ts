import type {Io} from '../io/io.ts'
import {helmChildState} from './helm-child.ts'

/**
 * Ends what a killed run left on the runner, from the state it wrote: our helm, if that very process still lives, and the private
 * kubeconfigs. Returns one sentence for each thing done; [] after a run that ended by itself.
 */
export async function mend(io: Pick<Io, 'runner' | 'shell' | 'kubeconfigs'>): Promise<string[]> {
  const done: string[] = []
  const child = childFrom(io.runner.state(helmChildState))
  if (child !== null && (await io.shell.end(child, helmGraceMs))) {
    done.push(`helm (process ${child.pid}) was still at work and was ended: the next run repairs what it left.`)
  }
  await io.kubeconfigs.removeAll()
  return done
}

/** Long enough for helm to record its release as failed, which spares the next run a repair. */
const helmGraceMs = 10_000

function childFrom(state: string): {pid: number; startTime: string} | null {
  try {
    const {pid, startTime} = JSON.parse(state)
    return Number.isInteger(pid) && typeof startTime === 'string' ? {pid, startTime} : null
  } catch {
    return null
  }
}
