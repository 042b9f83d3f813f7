/** What stops a run: says what failed and was found, and in `cure` what to do; `entry` is its anchor in docs/troubleshooting.md. */
export class Failure extends Error {
  override name = 'Failure'
  readonly cure: string
  readonly entry: string
  constructor(message: string, options: {cure: string; entry: string; cause?: unknown}) {
    super(message, {cause: options.cause})
    this.cure = options.cure
    this.entry = options.entry
  }
}

/** The API server refused or did not answer; `status` is the HTTP status, 0 when there was no answer. */
export class KubeFailure extends Error {
  override name = 'KubeFailure'
  readonly status: number
  readonly reason: string
  readonly path: string
  constructor(message: string, options: {status: number; reason: string; path: string; cause?: unknown}) {
    super(message, {cause: options.cause})
    this.status = options.status
    this.reason = options.reason
    this.path = options.path
  }
}

/** GitHub's API refused or did not answer; `status` is the HTTP status, 0 when there was no answer; `rateLimited` when it only asked to slow down. */
export class GitHubFailure extends Error {
  override name = 'GitHubFailure'
  readonly status: number
  readonly rateLimited: boolean
  constructor(message: string, options: {status: number; rateLimited?: boolean; cause?: unknown}) {
    super(message, {cause: options.cause})
    this.status = options.status
    this.rateLimited = options.rateLimited ?? false
  }
}

/** One readable sentence for whatever was thrown. */
export function messageOf(thrown: unknown): string {
  // Not instanceof: node's own errors come from another realm inside a test runner.
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown)
}
