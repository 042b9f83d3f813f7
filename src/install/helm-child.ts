import type {Io, ShellResult} from '../io/io.ts'

/** A verified helm: its path, its version (`v4.2.4`) and the environment that keeps it off the runner's own helm homes. */
export interface HelmProgram {
  path: string
  version: string
  env: Record<string, string>
}

/**
 * Runs helm for something that can change the cluster: each line goes to the log's details, and the process is recorded
 * (state `helm-child`) for as long as it lives, so that `post` can end it after a kill. `timeoutMs` is helm's own; ours comes later.
 */
export async function runHelm(
  args: string[],
  helm: HelmProgram,
  timeoutMs: number,
  io: Pick<Io, 'shell' | 'log' | 'runner' | 'cancelled'>,
): Promise<ShellResult> {
  const result = await io.shell.run(helm.path, args, {
    env: helm.env,
    timeoutMs: timeoutMs + graceMs,
    signal: io.cancelled,
    onLine: (line) => io.log.detail(`helm: ${line}`),
    onStart: (child) => io.runner.saveState(helmChildState, JSON.stringify(child)),
  })
  io.runner.saveState(helmChildState, '')
  io.cancelled.throwIfAborted()
  return result
}

/** Name of the runner state that holds `{pid, startTime}` of a running helm, or ''. */
export const helmChildState = 'helm-child'

/** helm shall give up first, because it then records the release as failed. */
const graceMs = 30_000
