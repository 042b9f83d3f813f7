import type {Io} from '../io/io.ts'

/** Says what is awaited at most every five seconds of the run's clock, and nothing in the first five: short waits stay quiet. */
export function progress({log, clock}: Pick<Io, 'log' | 'clock'>): (says: () => string) => void {
  let last = clock.ticks()
  return (says) => {
    const now = clock.ticks()
    if (now - last < everyMs) return
    last = now
    log.line(says())
  }
}

const everyMs = 5_000
