import {setTimeout as wait} from 'node:timers/promises'
import type {Clock} from './io.ts'
import {timerMs} from './timer.ts'

/** The machine's clocks. */
export function liveClock(): Clock {
  return {
    now: () => new Date(),
    ticks: () => performance.now(),
    async sleep(ms, signal) {
      try {
        await wait(timerMs(ms), undefined, {signal})
      } catch (thrown) {
        // node rejects with an AbortError of its own; the signal knows why.
        throw signal?.aborted ? signal.reason : thrown
      }
    },
    every(ms, body) {
      let isBusy = false
      const timer = setInterval(async () => {
        if (isBusy) return
        isBusy = true
        await body().finally(() => {
          isBusy = false
        })
      }, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
