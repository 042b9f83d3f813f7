import {Failure} from '../model/failure.ts'
import type {Clock} from './io.ts'
import {garbledBy, notAnswered, refusedBy} from './kube-failure.ts'
import type {KubeAnswer, KubeRequest, Transport} from './kube-transport.ts'
import {codeOf, retryDelay} from './retry.ts'
import {after} from './timer.ts'

/** How long and how loudly to try; `deadline` in clock ticks. */
export interface Patience {
  clock: Clock
  deadline: number
  say: (text: string) => void
  /** The runner's cancel: from then on nobody waits longer than `lastWordsMs` (3 s) for an answer, or for trying again. */
  cancelled?: AbortSignal
  lastWordsMs?: number
}

/**
 * Sends until the answer is a success or trying again is pointless; throws `KubeFailure`. `repeatable` false: the request may have
 * taken effect, so only a refusal before it was looked at (429) is tried again. One 401 renews the credentials.
 */
export async function sendPatiently(
  transport: Transport,
  request: KubeRequest,
  repeatable: boolean,
  patience: Patience,
): Promise<KubeAnswer> {
  const {clock, deadline, say} = patience
  let mayRenew = true
  for (let next = 2; ; next++) {
    const outcome = await attempt(transport, request, deadline - clock.ticks(), patience)
    if ('answer' in outcome && isSuccess(outcome.answer)) return outcome.answer
    if ('answer' in outcome && outcome.answer.status === 401 && mayRenew && transport.renew()) {
      mayRenew = false
      continue
    }
    const failure = 'answer' in outcome ? refusedBy(outcome.answer, request) : notAnswered(outcome.thrown, transport.server, request)
    const retryAfter = 'answer' in outcome ? (outcome.answer.headers['retry-after'] ?? '') : ''
    const delay =
      repeatable || failure.status === 429
        ? retryDelay({status: failure.status, code: failure.reason, retryAfter}, next, Math.random())
        : null
    if (delay === null || clock.ticks() + delay > deadline) throw failure
    say(`${request.method} ${request.path}: ${failure.message}; trying again in ${(delay / 1000).toFixed(1)} s`)
    await nap(delay, patience)
  }
}

/** The runner kills ten seconds after its cancel: what a server asks to wait for is not waited for then. */
async function nap(ms: number, {clock, cancelled}: Patience): Promise<void> {
  if (cancelled === undefined) return clock.sleep(ms)
  if (cancelled.aborted) return clock.sleep(Math.min(ms, hastyMs))
  await clock.sleep(ms, cancelled).catch((thrown) => {
    if (!cancelled.aborted) throw thrown
  })
}

const hastyMs = 250
const defaultLastWordsMs = 3_000

/** A redirect is none: the API server sends none, a login page in between does. */
function isSuccess({status}: KubeAnswer): boolean {
  return status >= 200 && status < 300
}

async function attempt(
  transport: Transport,
  request: KubeRequest,
  remainingMs: number,
  {cancelled, lastWordsMs = defaultLastWordsMs}: Patience,
): Promise<{answer: KubeAnswer} | {thrown: unknown}> {
  const timeout = new AbortController()
  const late = Object.assign(new Error('the deadline of the run has passed'), {code: 'DEADLINE'})
  const hasty = Object.assign(new Error('the run was cancelled, and no answer came soon'), {code: 'CANCELLED'})
  const timers = [after(remainingMs, () => timeout.abort(late))]
  const hurry = () => void timers.push(after(lastWordsMs, () => timeout.abort(hasty)))
  if (remainingMs <= 0) timeout.abort(late)
  if (cancelled?.aborted) hurry()
  else cancelled?.addEventListener('abort', hurry, {once: true})
  try {
    return {answer: await transport.send(request, timeout.signal)}
  } catch (thrown) {
    // Credentials that could not be had are not the network's doing.
    if (thrown instanceof Failure) throw thrown
    if (thrown instanceof RangeError) throw garbledBy(thrown, request)
    return {thrown: codeOf(thrown) === '' && timeout.signal.aborted ? timeout.signal.reason : thrown}
  } finally {
    timers.forEach(clearTimeout)
    cancelled?.removeEventListener('abort', hurry)
  }
}
