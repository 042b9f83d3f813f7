/**
 * A timer that node can keep: what is left of a deadline may be less than nothing, and more than 2^31-1 ms would fire at once (node's
 * TimeoutNegativeWarning and TimeoutOverflowWarning). The one place in `io` besides the clock that starts timers of a computed length.
 */
export function after(ms: number, body: () => void): NodeJS.Timeout {
  return setTimeout(body, timerMs(ms))
}

/** Milliseconds as node's timers take them: 0 to 2^31-1 (24 days); not a number is 0. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, 0), 2 ** 31 - 1)
}
