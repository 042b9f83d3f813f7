import {endCommands} from './shell.ts'

/**
 * Runs work that can be interrupted: on SIGINT or SIGTERM its commands end and its signal is aborted, so that it can undo what it
 * began; when it has, the signal takes its usual course.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let received: NodeJS.Signals | undefined
  const onSignal = (name: NodeJS.Signals) => {
    // A second Ctrl-C must not break the undoing.
    if (received) return
    received = name
    controller.abort(new Error(`Interrupted by ${name}`))
    endCommands()
  }
  for (const name of signals) process.on(name, onSignal)
  try {
    const result = await work(controller.signal)
    controller.signal.throwIfAborted()
    return result
  } finally {
    for (const name of signals) process.off(name, onSignal)
    if (received) process.kill(process.pid, received)
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
