import type {Io} from './io/io.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Outcome, Stage} from './model/report.ts'

/** The clock of a run: runs stages in order, records what each did (a failed one too), and skips further changes once one has failed. */
export interface StageLog {
  /** Runs a stage that may change the cluster; null when it failed or an earlier stage had failed. */
  change<T extends Outcome>(name: string, body: () => Promise<T>): Promise<T | null>
  /** Runs a stage that only reads; null when it failed. */
  look<T>(name: string, body: () => Promise<T>, says: (value: T) => string): Promise<T | null>
  all(): Stage[]
}

/** A stage log that writes each stage as a group of the runner's log. */
export function stageLog(io: Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>): StageLog {
  const stages: Stage[] = []
  const run = async <T>(name: string, body: () => Promise<T>, outcome: (value: T) => Omit<Outcome, 'notes'>): Promise<T | null> => {
    const started = io.clock.ticks()
    const before = io.changes.begun()
    const elapsed = () => Math.round(io.clock.ticks() - started)
    try {
      const value = await io.log.group(name, body)
      const {changed, says, steps} = outcome(value)
      stages.push({name, status: 'done', ms: elapsed(), changed, says, steps, cure: '', entry: ''})
      io.log.line(`${name}: ${says} (${seconds(elapsed())})`)
      return value
    } catch (thrown) {
      const {cure, entry} = thrown instanceof Failure ? thrown : {cure: '', entry: 'unexpected'}
      stages.push({
        name,
        status: 'failed',
        ms: elapsed(),
        changed: io.changes.begun() > before,
        says: messageOf(thrown),
        steps: [],
        cure,
        entry,
      })
      io.log.annotate('error', cure === '' ? messageOf(thrown) : `${messageOf(thrown)}\n${cure}`, {title: `istio-mtls: ${name} failed`})
      if (!(thrown instanceof Failure) && thrown instanceof Error && thrown.stack) io.log.detail(thrown.stack)
      return null
    }
  }
  return {
    async change(name, body) {
      const failed = stages.find((stage) => stage.status === 'failed')
      if (failed === undefined) {
        return run(
          name,
          async () => {
            io.cancelled.throwIfAborted()
            return body()
          },
          (value) => value,
        )
      }
      stages.push({name, status: 'skipped', ms: 0, changed: false, says: `skipped: ${failed.name} failed`, steps: [], cure: '', entry: ''})
      return null
    },
    look: (name, body, says) => run(name, body, (value) => ({changed: false, says: says(value), steps: []})),
    all: () => stages,
  }
}

/** Milliseconds as people read them. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
