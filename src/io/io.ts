import type {Duplex} from 'node:stream'
import type {KubeconfigSource} from '../model/inputs.ts'
import type {GitHub} from './github-forms.ts'
import type {Wire} from './wire-forms.ts'

/** The outside, as an argument: the only door to effects. `src/io/live.ts` is the real one, `__tests__/helpers/fake-io.ts` the one fake. */
export interface Io {
  log: Log
  clock: Clock
  shell: Shell
  downloads: Downloads
  files: Files
  toolCache: ToolCache
  runner: Runner
  kubeconfigs: Kubeconfigs
  wire: Wire
  changes: Changes
  /** Opens a cluster; throws a `Failure` naming the input when the kubeconfig cannot be used. Nothing is sent yet. */
  connect(options: ConnectOptions): Promise<Kube>
  /** null without a token. */
  github(token: string): GitHub | null
  /** Aborted when the runner cancels the job. */
  cancelled: AbortSignal
}

/** How often this run set out to alter the cluster: a stage that fails half-way has changed something all the same. */
export interface Changes {
  /** Told just before each request or program that alters the cluster. */
  begin(): void
  begun(): number
}

/** Forms that have files of their own for their length; whoever holds an `Io` finds them all here. */
export type {Comment, GitHub} from './github-forms.ts'
export type {Dial, Dialed, Greeting, Heard, Tunnel, Wire} from './wire-forms.ts'

/** Reads and writes kubeconfigs; every credential in one is masked as soon as it is read. */
export interface Kubeconfigs {
  /** The text of the chosen kubeconfig; throws a `Failure` naming the input and the cure. */
  read(source: KubeconfigSource, options: {context: string; allowExec: boolean; insecureSkipTlsVerify: boolean}): Promise<string>
  /** A private copy (0600, under RUNNER_TEMP) for programs that need a file; recorded so that `post` removes it. */
  write(text: string, context: string): Promise<string>
  /** Removes what this process wrote. */
  removeAll(): Promise<void>
}

/** The log as the runner shows it. Every text is made harmless inside (no workflow command can be smuggled in). */
export interface Log {
  line(text: string): void
  detail(text: string): void
  group<T>(title: string, body: () => Promise<T>): Promise<T>
  /** Annotations; GitHub shows ten of each level per step. */
  annotate(level: 'error' | 'warning' | 'notice', message: string, at?: {title?: string; file?: string; line?: number}): void
}

export interface Clock {
  now(): Date
  /** Monotonic milliseconds. */
  ticks(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `body` each `ms` until the returned function is called, never a second time while one call lasts; keeps no process alive. */
  every(ms: number, body: () => Promise<void>): () => void
}

export interface ShellOptions {
  env: Record<string, string>
  cwd?: string
  timeoutMs?: number
  signal?: AbortSignal
  stdin?: string
  /** Every whole line as it comes, of either stream. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  /** Told once the child runs: for the record that `post` reads. */
  onStart?: (child: {pid: number; startTime: string}) => void
}

export interface ShellResult {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
  timedOut: boolean
}

/** Starts programs by argument list, never through a shell; forwards a cancel as SIGINT once, then SIGTERM after 7 s. */
export interface Shell {
  /** For short calls (`helm version`, `helm template`): @actions/exec, quiet; cannot be killed, so never for what can hang. */
  output(file: string, args: string[], options: {env: Record<string, string>; stdin?: string}): Promise<ShellResult>
  run(file: string, args: string[], options: ShellOptions): Promise<ShellResult>
  /** Ends a process that an earlier step started, if pid and start time still agree: SIGINT, after `graceMs` SIGKILL. False when it was gone. */
  end(child: {pid: number; startTime: string}, graceMs: number): Promise<boolean>
}

/** HTTP(S) downloads with retries for what can succeed when retried (network, 429, 5xx); honours proxies; a redirect may only stay on https. */
export interface Downloads {
  /** Bytes of `url`, at most `maxBytes`. */
  bytes(url: string, options: {maxBytes: number; timeoutMs: number; onRetry?: (why: string) => void}): Promise<Uint8Array>
}

export interface Files {
  readText(path: string): Promise<string>
  readBytes(path: string): Promise<Uint8Array>
  exists(path: string): Promise<boolean>
  isFolder(path: string): Promise<boolean>
  /** Files below a folder, or matching a glob, sorted. */
  find(pattern: string): Promise<string[]>
  /** In pieces, what is long need never be one text. */
  write(path: string, content: string | Uint8Array | Iterable<string>): Promise<void>
  /** Created anew with `mode` (default 0600): never follows a link, never overwrites. */
  writePrivate(path: string, content: string | Uint8Array, mode?: number): Promise<void>
  makeFolder(path: string): Promise<void>
  /** A new private folder under RUNNER_TEMP. */
  makeTempFolder(prefix: string): Promise<string>
  remove(path: string): Promise<void>
  /** SHA-256 as lower-case hex. */
  sha256(bytes: Uint8Array): string
  /** One regular member of a .tar.gz (or .zip for windows), in memory; null when absent; throws past `maxBytes`. */
  member(archive: Uint8Array, name: string, maxBytes: number): Promise<Uint8Array | null>
}

/** The runner's tool cache, shared and not to be trusted: callers verify what they find. */
export interface ToolCache {
  find(tool: string, version: string, arch: string): Promise<string | null>
  /** Copies the file in; returns its path, or null when the cache cannot be written. */
  keep(path: string, fileName: string, tool: string, version: string, arch: string): Promise<string | null>
}

/** What the runner gives and takes. */
export interface Runner {
  env: Record<string, string>
  platform: string
  arch: string
  temp: string
  workspace: string
  mask(secret: string): void
  /** The text without anything that was masked: the runner hides it in the log, but not in files. */
  hidden(text: string): string
  output(name: string, value: string): void
  saveState(name: string, value: string): void
  state(name: string): string
  /** Fails the step at its end, with this message as an error annotation. */
  fail(message: string): void
  /** Appends to the job summary; throws when the file cannot be written. */
  summary(markdown: string): Promise<void>
}

export interface ConnectOptions {
  /** Kubeconfig text. */
  kubeconfig: string
  context: string
  insecureSkipTlsVerify: boolean
  /** Deadline of the whole run, in clock ticks. */
  deadline?: number
}

/** Any Kubernetes object, as the API server writes it. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    generation?: number
    creationTimestamp?: string
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: {apiVersion: string; kind: string; name: string; uid: string; controller?: boolean}[]
    managedFields?: {manager?: string; operation?: string}[]
  }
  /** Where a manifest holds it (1-based line): set by the manifests reader alone, carried into the snapshot by the projectors. */
  file?: string
  line?: number
  [field: string]: unknown
}

/** Kinds whose fields are declared in `io/kube-messages.ts`. */
export type ListedKind =
  | 'Namespace'
  | 'ConfigMap'
  | 'Service'
  | 'Pod'
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'ReplicaSet'
  | 'Job'
  | 'CronJob'

/** What came back from a proxied request, untouched by retries or redirects; `body` is cut at the asked size. */
export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** A port of a pod, as port-forward reaches it. */
export interface ForwardTarget {
  namespace: string
  pod: string
  port: number
}

/** The whole answer to a forwarded GET; `body` is UTF-8. */
export interface ForwardedAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** One API server. Reads and idempotent writes are retried (429 with Retry-After, 500, 502 to 504, resets) within a deadline; failures are KubeFailure. */
export interface Kube {
  server: string
  /** The kubeconfig this connection uses, as text: for programs that need a file. */
  kubeconfig: string
  get<T = KubeObject>(path: string): Promise<T>
  /** null on 404. */
  find<T = KubeObject>(path: string): Promise<T | null>
  /**
   * All pages of a list, each item handed to `project` and dropped at once. With `kind` items hold the fields declared for it in
   * `io/kube-messages.ts` alone, and come as protobuf: a tenth of the work.
   */
  list<T>(path: string, project: (item: KubeObject) => T | null, options?: {kind?: ListedKind}): Promise<T[]>
  /** Server-side apply, never forced; a conflict is a KubeFailure with status 409. */
  apply(path: string, object: object, options: {fieldManager: string; dryRun?: boolean}): Promise<KubeObject>
  /** POST; for reviews and dry runs. */
  create<T = KubeObject>(path: string, object: object, options?: {dryRun?: boolean}): Promise<T>
  /** JSON merge patch. */
  patch(path: string, patch: object, options: {fieldManager: string; dryRun?: boolean}): Promise<KubeObject>
  /** False when it was not there. */
  remove(path: string, options?: {uid?: string; resourceVersion?: string}): Promise<boolean>
  /** One GET, never retried, no redirect followed; rejects with a plain Error whose message is the network's. */
  probe(path: string, options: {upgrade: boolean; timeoutMs: number; maxBytes: number}): Promise<RawAnswer>
  /**
   * A raw stream to a port of a pod's loopback (`create pods/portforward`), past capture: never to observe through. A refusal is a KubeFailure;
   * what fails behind the API server destroys the stream with the kubelet's words. `end()` sends nothing, `destroy()` hangs up.
   */
  forward(target: ForwardTarget, options: {timeoutMs: number}): Promise<Duplex>
  /** One HTTP GET over a stream of its own, never retried, no redirect followed; a refusal is a KubeFailure, the rest a plain Error. */
  forwardedGet(target: ForwardTarget, path: string, options: {timeoutMs: number; maxBytes: number}): Promise<ForwardedAnswer>
  close(): void
}
