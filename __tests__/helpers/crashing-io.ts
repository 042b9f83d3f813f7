import {appendFileSync} from 'node:fs'
import type {Io} from '../../src/io/io.ts'

/**
 * How a run is ended at a point: `SIGKILL` as the runner does at last, `SIGINT` and `SIGTERM` under the runner's clock (SIGTERM after 7.5 s,
 * SIGKILL after 10 s), `throw`: from there on every door is shut.
 */
export type Crash = 'SIGKILL' | 'SIGINT' | 'SIGTERM' | 'throw'

export interface CrashPlan {
  /** Number of the door call, from 1, or what its name looks like, the first time; 0 never crashes and only counts. */
  at: number | RegExp
  crash: Crash
  /** Each point goes here as it is reached, `NUMBER NAME` a line. */
  journal: string
  /** A program that still runs after this many milliseconds makes a point of its own. */
  duringMs: number
}

/** The very Io given, with a crash at one of its calls: every await of a run is a call of a door. Lives in the tests alone. */
export function crashingIo(io: Io, plan: CrashPlan): Io {
  let calls = 0
  let isShut = false
  let isDone = false
  const reach = (number: number, name: string) => {
    appendFileSync(plan.journal, `${number} ${name}\n`)
    const isIt = plan.at instanceof RegExp ? !isDone && plan.at.test(name) : number === plan.at
    if (!isIt) return
    isDone = true
    if (plan.crash === 'throw') isShut = true
    else end(plan.crash)
  }
  const point = (name: string) => {
    if (isShut) throw new Error(`${crashMark}: ${name}`)
    reach(++calls, name)
    if (isShut) throw new Error(`${crashMark}: ${name}`)
  }
  const door = <T extends object>(target: T, title: string, open: string[] = []): T =>
    new Proxy(target, {
      get(inside, key) {
        const value = Reflect.get(inside, key, inside)
        if (typeof value !== 'function' || typeof key !== 'string' || open.includes(key)) return value
        return (...given: unknown[]) => {
          point(`${title}.${key} ${String(given[0] ?? '').slice(0, 120)}`)
          return value.apply(inside, given)
        }
      },
    })
  const shell = door(io.shell, 'shell')
  return {
    ...io,
    files: door(io.files, 'files', ['sha256']),
    downloads: door(io.downloads, 'downloads'),
    toolCache: door(io.toolCache, 'toolCache'),
    kubeconfigs: door(io.kubeconfigs, 'kubeconfigs', ['removeAll']),
    clock: door(io.clock, 'clock', ['now', 'ticks', 'every']),
    runner: door(io.runner, 'runner', ['mask', 'state', 'fail', 'output']),
    shell: {
      ...shell,
      async run(file, args, options) {
        const running = shell.run(file, args, options)
        const number = ++calls
        const timer = setTimeout(() => reach(number, `shell.run ${args.slice(0, 2).join(' ')}, at work`), plan.duringMs)
        return running.finally(() => clearTimeout(timer))
      },
    },
    connect: async (options) => {
      point('connect')
      return door(await io.connect(options), 'kube', ['close'])
    },
  }
}

/** Stands in no file of the action. */
export const crashMark = 'a-test-shut-this-door'

function end(signal: 'SIGKILL' | 'SIGINT' | 'SIGTERM'): void {
  if (signal === 'SIGINT') setTimeout(() => process.kill(process.pid, 'SIGTERM'), 7_500).unref()
  if (signal !== 'SIGKILL') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 10_000).unref()
  process.kill(process.pid, signal)
  // A signal is delivered when the loop turns; SIGKILL does not wait for it, and nor may the call.
  if (signal === 'SIGKILL') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
}
