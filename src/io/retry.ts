/** What a failed attempt was, as far as trying again goes: an HTTP status, or 0 and the network's error code. */
export interface Attempt {
  status: number
  code: string
  /** The answer's Retry-After header, '' when absent. */
  retryAfter: string
}

/** Milliseconds to wait before attempt `next` (2, 3 …), or null when trying again is pointless. `random` in [0, 1). */
export function retryDelay(failed: Attempt, next: number, random: number): number | null {
  if (next > maxAttempts || !isTransient(failed)) return null
  const asked = retryAfterMs(failed.retryAfter)
  if (asked !== null) return Math.min(asked, maxAskedMs)
  // Full jitter: a fleet of jobs refused together must not come back together.
  return random * Math.min(firstDelayMs * 2 ** (next - 2), maxDelayMs)
}

/** Could the same request succeed a moment later? 409, 4xx and a refused connection could not. */
export function isTransient({status, code}: Attempt): boolean {
  return status === 0 ? transientCodes.has(code) : transientStatuses.has(status)
}

/** The network's error code of whatever was thrown, looking through its causes; '' when it is none. */
export function codeOf(thrown: unknown): string {
  let error = thrown as {code?: unknown; cause?: unknown} | null | undefined
  for (; typeof error === 'object' && error !== null; error = error.cause as typeof error) {
    if (typeof error.code === 'string') return error.code
  }
  return ''
}

function retryAfterMs(header: string): number | null {
  if (header === '') return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(ms, 0) : null
}

const transientStatuses = new Set([429, 500, 502, 503, 504])
// The last: a zipped answer that something on the way cut short.
const transientCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'Z_BUF_ERROR'])
const maxAttempts = 5
const firstDelayMs = 500
const maxDelayMs = 8000
const maxAskedMs = 30_000
