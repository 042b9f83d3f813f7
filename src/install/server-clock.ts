import type {Io, Kube} from '../io/io.ts'

/** What the API server tells of itself: its version as it writes it ('' when it tells none), and its clock as an HTTP date. */
export interface ServerFacts {
  version: string
  date: string | undefined
}

/** Version and clock of the API server, in one request. */
export async function serverFacts(kube: Kube): Promise<ServerFacts> {
  const {headers, body} = await kube
    .probe('/version', {upgrade: false, timeoutMs: 10_000, maxBytes: 4096})
    .catch(() => ({headers: {}, body: ''}))
  return {version: /"gitVersion":\s*"([^"]+)"/.exec(body)?.[1] ?? '', date: (headers as Record<string, string>)['date']}
}

/**
 * The time by which the ages of the cluster's objects are told: the API server's, in milliseconds since the epoch, for it wrote their timestamps.
 * `now` of this runner where the server tells none.
 */
export function serverNow({date}: Pick<ServerFacts, 'date'>, now: number): number {
  const told = Date.parse(date ?? '')
  return Number.isNaN(told) ? now : told
}

/** How far the API server's clock is ahead of this runner's, in milliseconds. */
export async function serverAhead(kube: Kube, {clock}: Pick<Io, 'clock'>): Promise<number> {
  const facts = await serverFacts(kube)
  const now = clock.now().getTime()
  return serverNow(facts, now) - now
}
