import {pause} from './shell.ts'

/** One part of a bed as a value: a program to run, or (without a command) a condition to wait for. */
export interface Component {
  name: string
  /** Names of the components that must be ready before this one starts. */
  needs: string[]
  /** Files that must exist before it starts: absolute path to text. */
  files?: Record<string, string>
  command?: string[]
  /** Whether it does its work; an error counts as "not yet". */
  ready: () => Promise<boolean>
  /** What is done once when it is ready, before those who need it start. */
  fill?: () => Promise<void>
  /** Seconds until it must be ready; 120 unless told. */
  timeout?: number
  /** Whose log tells why it is not ready; its own unless told. */
  log?: string
}

/** A started program; `ended` resolves when it ends, with how. */
export interface Running {
  ended: Promise<string>
}

/** Which component did not start, and why. */
export class StartError extends Error {
  component: Component
  constructor(component: Component, message: string) {
    super(`\`${component.name}\` did not start: ${message}`)
    this.component = component
  }
}

export interface StartOptions {
  launch: (component: Component) => Running
  onReady?: (component: Component) => void
  signal?: AbortSignal
}

/**
 * Starts each component as soon as those it needs are ready, all others meanwhile; throws a `StartError` at the first that fails,
 * and the signal's reason when it is aborted. Undoing is the caller's: it knows what a start leaves behind.
 */
export async function startAll(components: Component[], {launch, onReady = () => {}, signal}: StartOptions): Promise<void> {
  checkNeeds(components)
  const state: State = {stopped: false, launch, fail: () => {}}
  const failed = new Promise<never>((_, reject) => {
    state.fail = reject
    signal?.addEventListener('abort', () => reject(signal.reason), {once: true})
  })
  const started = new Map<string, Promise<void>>()
  // In order of need, so that each finds the promises of those before it.
  for (const component of inOrder(components)) {
    const needs = component.needs.map((name) => started.get(name) as Promise<void>)
    const promise = Promise.all(needs).then(async () => {
      if (state.stopped) return
      await start(component, state)
      onReady(component)
    })
    promise.catch(() => {})
    started.set(component.name, promise)
  }
  try {
    signal?.throwIfAborted()
    await Promise.race([Promise.all(started.values()), failed])
  } finally {
    state.stopped = true
  }
}

/** The components, each after those that it needs; throws on a circle. */
export function inOrder(components: Component[]): Component[] {
  const ordered: Component[] = []
  let rest = components
  while (rest.length > 0) {
    const next = rest.filter((component) => component.needs.every((name) => ordered.some((done) => done.name === name)))
    if (next.length === 0)
      throw new Error(`Components need each other in a circle: \`${rest.map((component) => component.name).join('`, `')}\``)
    ordered.push(...next)
    rest = rest.filter((component) => !next.includes(component))
  }
  return ordered
}

function checkNeeds(components: Component[]): void {
  const names = new Set(components.map((component) => component.name))
  for (const {name, needs} of components) {
    for (const need of needs) if (!names.has(need)) throw new Error(`\`${name}\` needs \`${need}\`, which is no component`)
  }
}

interface State {
  stopped: boolean
  launch: StartOptions['launch']
  fail: (error: Error) => void
}

async function start(component: Component, state: State): Promise<void> {
  const {command, ready, fill, timeout = 120} = component
  // Also when it ends long after it was ready, while others still start.
  if (command) state.launch(component).ended.then((how) => state.fail(new StartError(component, `it ended with ${how}`)))
  const deadline = Date.now() + timeout * 1000
  let reason = ''
  const isReady = () =>
    ready().catch((error) => {
      reason = `: ${error instanceof Error ? error.message : error}`
      return false
    })
  while (!(await isReady())) {
    if (state.stopped) return
    if (Date.now() > deadline) throw new StartError(component, `it is not ready after ${timeout} s${reason}`)
    await pause(50)
  }
  try {
    await fill?.()
  } catch (error) {
    throw new StartError(component, error instanceof Error ? error.message : String(error))
  }
}
