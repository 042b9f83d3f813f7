import type {Io} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {HelmTarget} from './helm-args.ts'

/**
 * The same outside, but cancelled once the deadline of the run (in clock ticks) is over: what is at work then, helm too, is told to end. `done`
 * ends that, for what must still happen afterwards.
 */
export function endingAt(deadline: number, io: Io): {io: Io; done: () => void} {
  const over = new AbortController()
  const look = () => {
    if (io.clock.ticks() >= deadline && !over.signal.aborted) over.abort(overFailure())
  }
  const done = io.clock.every(lookEveryMs, async () => look())
  look()
  return {io: {...io, cancelled: AbortSignal.any([io.cancelled, over.signal])}, done}
}

/**
 * The target with the time that helm may really take: `timeout`, or what is left of the run's deadline if that is less. A little of that is kept back, so that
 * helm gives up by itself, records its release as failed, and its pods can still be asked why. Throws a `Failure` where nothing is left.
 */
export function pressed(target: HelmTarget, io: Pick<Io, 'clock'>): HelmTarget {
  const rest = target.deadline - io.clock.ticks()
  const left = rest - Math.min(rest / 4, keptBackMs)
  if (left >= target.timeoutMs) return target
  if (left < leastMs) throw overFailure()
  return {...target, timeoutMs: left}
}

function overFailure(): Failure {
  return new Failure('The `deadline` of this run was over before its work was done.', {
    cure: 'Give the run a longer `deadline`; the next one begins where this one ended.',
    entry: 'deadline',
  })
}

const lookEveryMs = 500
/** At most so much for the last words: the pods' reasons, and the Lease. */
const keptBackMs = 10_000
/** helm counts in seconds, and 0 would mean no limit. */
const leastMs = 1_000
