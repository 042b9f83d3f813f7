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
    const outcome = await attempt(transport, request, deadline - clock.ticks())
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
    await clock.sleep(delay)
  }
}

/** A redirect is none: the API server sends none, a login page in between does. */
function isSuccess({status}: KubeAnswer): boolean {
  return status >= 200 && status < 300
}

async function attempt(transport: Transport, request: KubeRequest, remainingMs: number): Promise<{answer: KubeAnswer} | {thrown: unknown}> {
  const timeout = new AbortController()
  const late = Object.assign(new Error('the deadline of the run has passed'), {code: 'DEADLINE'})
  const timer = after(remainingMs, () => timeout.abort(late))
  if (remainingMs <= 0) timeout.abort(late)
  try {
    return {answer: await transport.send(request, timeout.signal)}
  } catch (thrown) {
    // Credentials that could not be had are not the network's doing.
    if (thrown instanceof Failure) throw thrown
    if (thrown instanceof RangeError) throw garbledBy(thrown, request)
    return {thrown: codeOf(thrown) === '' && timeout.signal.aborted ? late : thrown}
  } finally {
    clearTimeout(timer)
  }
}
