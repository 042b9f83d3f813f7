import {type ChildProcess, spawn} from 'node:child_process'

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  input?: string
  /** Receives each line of stderr as it comes. */
  onStderr?: (line: string) => void
}

/** Runs a command and returns its stdout; throws with the end of its stderr when it fails. It ends when `endCommands` or this process does. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C reaches this process only, which then decides what ends and what undoes.
    const child = spawn(command, args, {cwd: options.cwd, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true})
    if (running.size === 0) process.once('exit', endCommands)
    running.add(child)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    let partial = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-8000)
      const lines = (partial + chunk).split('\n')
      partial = lines.pop() ?? ''
      for (const line of lines) options.onStderr?.(line)
    })
    child.on('error', (error) => {
      forget(child)
      reject(new Error(`\`${command}\` could not be run: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      forget(child)
      if (code === 0) return resolve(stdout)
      reject(
        new Error(
          `\`${[command, ...args].join(' ').slice(0, 300)}\` ended with ${signal ?? code}: ${(stderr || stdout).trim().slice(-3000)}`,
        ),
      )
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

const running = new Set<ChildProcess>()

function forget(child: ChildProcess): void {
  running.delete(child)
  if (running.size === 0) process.off('exit', endCommands)
}

/** Ends all commands that run now, with all that they started. */
export function endCommands(): void {
  for (const {pid} of running) {
    try {
      if (pid) process.kill(-pid, 'SIGTERM')
    } catch {
      // It has just ended by itself.
    }
  }
}

/** Runs a command whose failure means nothing, such as removing what may already be gone. */
export async function attempt(command: string, args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  )
}

/** Waits that many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
