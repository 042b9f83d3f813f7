import type {Io, Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {giveBack, type Trial} from './trial.ts'

/** A trial that could not be given back: its policy is STRICT still, and says that it is on trial. */
export interface Stuck {
  trial: Trial
  why: string
}

/** Gives back each of the trials, whatever becomes of the others: one that cannot be must not keep the rest STRICT. Returns those that stay; never throws. */
export async function takeBack(trials: readonly Trial[], kube: Kube, {changes}: Pick<Io, 'changes'>): Promise<Stuck[]> {
  const stuck: Stuck[] = []
  for (const trial of trials) {
    try {
      // Refuses where another run has taken over: that one gives back what it finds on trial.
      changes.begin()
      await giveBack(trial, kube)
    } catch (thrown) {
      stuck.push({trial, why: messageOf(thrown)})
    }
  }
  return stuck
}

/** What is left to be said of them; '' where all were given back. */
export function stuckText(stuck: readonly Stuck[]): string {
  if (stuck.length === 0) return ''
  const named = stuck.map(({trial: {namespace, name}, why}) => `\`${namespace}/${name}\` (${why})`).join(', ')
  return `STILL STRICT on trial: PeerAuthentication ${named}. The next run with \`rollout: guarded\` gives it back.`
}
