import {type ChildProcess, spawn} from 'node:child_process'
import {setTimeout as wait} from 'node:timers/promises'
import type {Shell, ShellOptions, ShellResult} from './io.ts'
import {startTimeOf} from './process-identity.ts'
import {after} from './timer.ts'

/**
 * Starts programs by argument list. A program that runs when `cancelled` aborts is told so (unless the caller brings a signal of its own);
 * one started after that is cleaning up and is left alone. Stopping is SIGINT, after `patienceMs` SIGTERM (the runner ends us at 7.5 s,
 * ProcessInvoker.cs), as much later SIGKILL.
 */
export function liveShell(cancelled: AbortSignal, patienceMs = 7000): Shell {
  return {
    async output(file, args, {env, stdin}) {
      const {getExecOutput} = await import('@actions/exec')
      const input = stdin === undefined ? undefined : Buffer.from(stdin)
      const {exitCode, stdout, stderr} = await getExecOutput(quoted(file), args, {env, input, silent: true, ignoreReturnCode: true})
      return {code: exitCode, signal: null, stdout, stderr, timedOut: false}
    },
    run: (file, args, options) =>
      run(file, args, {...options, signal: options.signal ?? (cancelled.aborted ? undefined : cancelled)}, patienceMs),
    async end({pid, startTime}, graceMs) {
      const isStillIt = async () => startTime !== '' && (await startTimeOf(pid)) === startTime
      if (!(await isStillIt())) return false
      if (!signalled(pid, 'SIGINT')) return false
      for (let waited = 0; waited < graceMs; waited += pollMs) {
        await wait(pollMs)
        if (!(await isStillIt())) return true
      }
      if (await isStillIt()) signalled(pid, 'SIGKILL')
      return true
    },
  }
}

/** False when the process has ended in this very moment. */
function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
    return false
  }
}

async function run(file: string, args: string[], options: ShellOptions, patienceMs: number): Promise<ShellResult> {
  const {env, cwd, signal, stdin = '', timeoutMs, onLine, onStart} = options
  signal?.throwIfAborted()
  const child = spawn(file, args, {env, cwd, stdio: 'pipe', windowsHide: true})
  const stdout = collect(child, 'stdout', onLine)
  const stderr = collect(child, 'stderr', onLine)
  let timedOut = false
  const stop = stopper(child, patienceMs)
  const expire = () => {
    timedOut = true
    stop()
  }
  const timer = timeoutMs === undefined ? undefined : after(timeoutMs, expire)
  signal?.addEventListener('abort', stop, {once: true})
  try {
    const closed = new Promise<{code: number | null; signal: string | null}>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killedBy) => resolve({code, signal: killedBy}))
    })
    let told: Promise<void> | undefined
    child.once('spawn', () => {
      told = tellStart(child, onStart)
    })
    // A program that ends without reading its input breaks the pipe; its exit code tells more than EPIPE would.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
    const ended = await closed
    // Told before the end is: who records the process must not do so after it is gone.
    await told
    return {...ended, stdout: stdout(), stderr: stderr(), timedOut}
  } finally {
    clearTimeout(timer)
    stop.done()
    signal?.removeEventListener('abort', stop)
  }
}

async function tellStart({pid = 0}: ChildProcess, onStart: ShellOptions['onStart']): Promise<void> {
  onStart?.({pid, startTime: await startTimeOf(pid)})
}

function stopper(child: ChildProcess, patienceMs: number): (() => void) & {done(): void} {
  const timers: NodeJS.Timeout[] = []
  const stop = () => {
    if (timers.length > 0) return
    child.kill('SIGINT')
    timers.push(
      after(patienceMs, () => child.kill('SIGTERM')),
      after(2 * patienceMs, () => child.kill('SIGKILL')),
    )
  }
  return Object.assign(stop, {done: () => timers.forEach(clearTimeout)})
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr', onLine: ShellOptions['onLine']): () => string {
  let text = ''
  let told = 0
  const tell = (end: number) => {
    onLine?.(text.slice(told, end).replace(/\r$/, ''), stream)
    told = end + 1
  }
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n', told); end >= 0; end = text.indexOf('\n', told)) tell(end)
  })
  child[stream]?.once('end', () => {
    if (told < text.length) tell(text.length)
  })
  return () => text
}

/** @actions/exec splits its first argument at spaces like a shell would. */
function quoted(file: string): string {
  return `"${file}"`
}

const pollMs = 100
