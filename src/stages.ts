import type {Io} from './io/io.ts'
import {Failure, KubeFailure, messageOf} from './model/failure.ts'
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
      const {cure, entry} = cureOf(thrown)
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
      if (entry === 'unexpected' && thrown instanceof Error && thrown.stack) io.log.detail(thrown.stack)
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

/** What the API server refused or broke off anywhere in a stage has a cure, too; only what nobody foresaw has none. */
function cureOf(thrown: unknown): {cure: string; entry: string} {
  if (thrown instanceof Failure) return thrown
  if (!(thrown instanceof KubeFailure)) return {cure: '', entry: 'unexpected'}
  const {status, path} = thrown
  if (status === 403) return {cure: `Grant what the message names (${path}); docs/permissions.md has the roles.`, entry: 'permission'}
  if (status === 401) return {cure: 'Renew the token or certificate in `kubeconfig`.', entry: 'credentials'}
  if (status === 404 || status === 409) {
    return {
      cure: `Somebody deleted, made anew or changed what the message names (${path}) meanwhile: run again.`,
      entry: 'changed-meanwhile',
    }
  }
  return {
    cure: `Look after the API server (it failed at ${path}) and run again; \`deadline\` bounds how long a run tries.`,
    entry: 'api-server-failing',
  }
}

/** Milliseconds as people read them. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
