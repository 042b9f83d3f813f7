import {createHash} from 'node:crypto'
import {Duplex} from 'node:stream'
import {changeCount} from '../../src/io/changes.ts'
import type {ForwardedAnswer, GitHub, Io, Kube, KubeObject, RawAnswer, ShellOptions, ShellResult} from '../../src/io/io.ts'
import {Failure, KubeFailure} from '../../src/model/failure.ts'

/** An answer: the value itself, an Error to throw, or a function of the request's body (null for reads). */
export type Scripted = unknown | Error | ((body: unknown) => unknown)

/** What the outside holds and answers; all of it optional. */
export interface Script {
  /**
   * By `METHOD /path`: GET (get, find; a list takes an array or `{items}`), APPLY, POST, PATCH, DELETE, PROBE; `FORWARD namespace/pod:port/path`.
   * An unscripted read or delete is a 404, as on a real API server; an unscripted write answers with the object it was given.
   */
  kube?: Record<string, Scripted>
  files?: Record<string, string | Uint8Array>
  /** By URL: bytes or an Error. */
  downloads?: Record<string, Uint8Array | Error>
  /** Every program's answer; by default code 0 and no output. */
  shell?: (command: string[], options: Partial<ShellOptions>) => Partial<ShellResult> | Promise<Partial<ShellResult>>
  env?: Record<string, string>
  state?: Record<string, string>
  github?: GitHub
  /** Raw connections; without it none can be opened. */
  wire?: Partial<Io['wire']>
  now?: string
}

/** A request as the fake cluster saw it. */
export interface SeenRequest {
  method: string
  path: string
  body: unknown
  options: unknown
}

/** The one fake of the outside: instant, in memory, and a record of all that was done to it. */
export interface FakeIo extends Io {
  lines: string[]
  details: string[]
  annotations: {level: string; message: string; title?: string; file?: string; line?: number}[]
  commands: string[][]
  /** Processes that `shell.end` was told to end. */
  ended: {pid: number; startTime: string}[]
  requests: SeenRequest[]
  /** Paths and contents as they are now. */
  disk: Map<string, Uint8Array>
  masked: string[]
  outputs: Record<string, string>
  states: Record<string, string>
  summaries: string[]
  /** What `runner.fail` was told. */
  failures: string[]
  kube: Kube
  cancel(reason?: Error): void
}

/** Builds the fake; time starts at `now` and moves only by `sleep`. */
export function fakeIo(script: Script = {}): FakeIo {
  const abort = new AbortController()
  const disk = new Map(Object.entries(script.files ?? {}).map(([path, content]) => [path, Buffer.from(content)] as [string, Uint8Array]))
  const requests: SeenRequest[] = []
  const kube = fakeKube(script.kube ?? {}, requests)
  const io: FakeIo = {
    lines: [],
    details: [],
    annotations: [],
    commands: [],
    ended: [],
    requests,
    disk,
    masked: [],
    outputs: {},
    states: {...script.state},
    summaries: [],
    failures: [],
    kube,
    changes: changeCount(),
    wire: {dial: unscripted, tunnel: () => ({dial: unscripted, close: () => {}}), greet: unscripted, exchange: unscripted, ...script.wire},
    kubeconfigs: {
      read: async () => kube.kubeconfig,
      write: async (text) => {
        disk.set('/temp/kubeconfig', Buffer.from(text))
        return '/temp/kubeconfig'
      },
      removeAll: async () => void disk.delete('/temp/kubeconfig'),
    },
    cancel: (reason = new Error('cancelled')) => abort.abort(reason),
    cancelled: abort.signal,
    connect: async () => kube,
    github: (token) => (token === '' ? null : (script.github ?? null)),
    log: {
      line: (text) => void io.lines.push(text),
      detail: (text) => void io.details.push(text),
      group: async (title, body) => {
        io.lines.push(title)
        return body()
      },
      annotate: (level, message, at) => void io.annotations.push({level, message, ...at}),
    },
    clock: fakeClock(script.now ?? '2026-11-22T18:00:00Z'),
    shell: {
      output: async (file, args, options) => answerOf([file, ...args], options),
      run: async (file, args, options) => {
        options.onStart?.({pid: 4242, startTime: '1000'})
        return answerOf([file, ...args], options)
      },
      end: async (child) => io.ended.push(child) > 0,
    },
    downloads: {
      bytes: async (url) => {
        const found = script.downloads?.[url] ?? new Failure(`\`${url}\` answered 404`, {cure: 'Script it.', entry: 'fake'})
        if (found instanceof Error) throw found
        return found
      },
    },
    files: fakeFiles(disk),
    toolCache: {find: async () => null, keep: async () => null},
    runner: {
      env: {...script.env},
      platform: 'linux',
      arch: 'x64',
      temp: '/temp',
      workspace: '/workspace',
      mask: (secret) => void io.masked.push(secret),
      hidden: (text) => io.masked.reduce((left, secret) => left.replaceAll(secret, '***'), text),
      output: (name, value) => void Object.assign(io.outputs, {[name]: value}),
      saveState: (name, value) => void Object.assign(io.states, {[name]: value}),
      state: (name) => io.states[name] ?? '',
      fail: (message) => void io.failures.push(message),
      summary: async (markdown) => void io.summaries.push(markdown),
    },
  }
  return io

  async function answerOf(command: string[], options: Partial<ShellOptions>): Promise<ShellResult> {
    io.commands.push(command)
    const said = {code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...(await script.shell?.(command, options))}
    for (const stream of ['stdout', 'stderr'] as const) {
      for (const line of said[stream].split('\n').filter(Boolean)) options.onLine?.(line, stream)
    }
    return said
  }
}

/** A raw connection that no script foresaw. */
async function unscripted(): Promise<never> {
  throw new Error('no raw connection was scripted')
}

/** What the API server says when it refuses, for scripts. */
export function refusal(status: number, message: string, reason = ''): KubeFailure {
  return new KubeFailure(message, {status, reason, path: ''})
}

function fakeKube(script: Record<string, Scripted>, requests: SeenRequest[]): Kube {
  const ask = async (method: string, path: string, body: unknown = null, options: unknown = {}, otherwise?: unknown): Promise<unknown> => {
    requests.push({method, path, body, options})
    const scripted = script[`${method} ${path}`] ?? otherwise
    const answer = typeof scripted === 'function' ? await scripted(body) : scripted
    if (answer instanceof Error) throw answer
    if (answer === undefined) throw refusal(404, `${method} ${path}: the server could not find the requested resource`, 'NotFound')
    // A stream is handed over as it is.
    return answer instanceof Duplex ? answer : structuredClone(answer)
  }
  const missing = (thrown: unknown): null => {
    if (thrown instanceof KubeFailure && thrown.status === 404) return null
    throw thrown
  }
  return {
    server: 'https://api.test:6443',
    kubeconfig: 'apiVersion: v1\nkind: Config\n',
    get: async <T>(path: string) => (await ask('GET', path)) as T,
    find: async <T>(path: string) => (await ask('GET', path).catch(missing)) as T | null,
    list: async (path, project) => {
      const answer = (await ask('GET', path)) as KubeObject[] | {items: KubeObject[]}
      const items = Array.isArray(answer) ? answer : answer.items
      return items.map(project).filter((item) => item !== null)
    },
    apply: async (path, object, options) => (await ask('APPLY', path, object, options, object)) as KubeObject,
    create: async <T>(path: string, object: object, options = {}) => (await ask('POST', path, object, options, object)) as T,
    patch: async (path, patch, options) => (await ask('PATCH', path, patch, options, patch)) as KubeObject,
    remove: async (path, options) => (await ask('DELETE', path, null, options).catch(missing)) !== null,
    probe: async (path, options) => (await ask('PROBE', path, null, options)) as RawAnswer,
    forward: async ({namespace, pod, port}, options) =>
      (await ask('FORWARD', `${namespace}/${pod}:${port}`, null, options)) as Awaited<ReturnType<Kube['forward']>>,
    forwardedGet: async ({namespace, pod, port}, path, options) =>
      (await ask('FORWARD', `${namespace}/${pod}:${port}${path}`, null, options)) as ForwardedAnswer,
    close: () => {},
  }
}

function fakeClock(start: string): Io['clock'] {
  let ms = 0
  const repeated = new Set<{every: number; next: number; body: () => Promise<void>}>()
  return {
    now: () => new Date(Date.parse(start) + ms),
    ticks: () => ms,
    sleep: async (duration, signal) => {
      signal?.throwIfAborted()
      ms += duration
      for (const one of repeated) {
        for (; one.next <= ms; one.next += one.every) await one.body()
      }
    },
    every(every, body) {
      const one = {every, next: ms + every, body}
      repeated.add(one)
      return () => void repeated.delete(one)
    },
  }
}

function fakeFiles(disk: Map<string, Uint8Array>): Io['files'] {
  let folders = 0
  const bytesOf = (path: string): Uint8Array => {
    const bytes = disk.get(path)
    if (bytes === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
    return bytes
  }
  const isBelow = (folder: string) => (path: string) => path.startsWith(`${folder.replace(/\/$/, '')}/`)
  return {
    readText: async (path) => Buffer.from(bytesOf(path)).toString('utf8'),
    readBytes: async (path) => bytesOf(path),
    exists: async (path) => disk.has(path) || [...disk.keys()].some(isBelow(path)),
    isFolder: async (path) => [...disk.keys()].some(isBelow(path)),
    find: async (pattern) => [...disk.keys()].filter((path) => isBelow(pattern)(path) || globOf(pattern).test(path)).sort(),
    write: async (path, content) =>
      void disk.set(path, Buffer.from(typeof content === 'string' || ArrayBuffer.isView(content) ? content : [...content].join(''))),
    writePrivate: async (path, content) => {
      if (disk.has(path)) throw new Error(`EEXIST: file already exists, open '${path}'`)
      disk.set(path, Buffer.from(content))
    },
    makeFolder: async () => {},
    makeTempFolder: async (prefix) => `/temp/${prefix}${++folders}`,
    remove: async (path) => {
      for (const each of [...disk.keys()]) if (each === path || isBelow(path)(each)) disk.delete(each)
    },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    member: async (archive) => archive,
  }
}

function globOf(pattern: string): RegExp {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll('**', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '.*')}$`)
}
