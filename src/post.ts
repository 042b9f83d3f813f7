import {mend} from './install/mend.ts'
import {liveIo} from './io/live.ts'

/** Runs after the job, also after a cancel: ends what a killed run left behind. Never fails the job. */
const io = liveIo()
try {
  for (const done of await mend(io)) io.log.line(done)
} catch (thrown) {
  io.log.annotate('warning', `Cleaning up failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
}
