import type {Io, Kube, KubeObject} from '../io/io.ts'
import {releasesPath} from './found.ts'
import {markFrom} from './mark.ts'

/**
 * Waits while a release of ours is pending and younger than `helmTimeoutMs`: the run before us died without a word, and its helm may live on
 * for that long on its runner. A run that ended, or whose `post` ran, has ended its helm and left no Lease: then nobody waits here.
 */
export async function outlivePending(helmTimeoutMs: number, kube: Kube, io: Pick<Io, 'clock' | 'log' | 'cancelled'>): Promise<void> {
  for (let told = false; ; told = true) {
    const now = io.clock.now().getTime()
    const pending = await kube.list(releasesPath, pendingFrom)
    const young = pending.find(({since}) => now - since < helmTimeoutMs)
    if (young === undefined) return
    if (!told) {
      const left = Math.ceil((young.since + helmTimeoutMs - now) / 1000)
      io.log.line(
        `lock: helm release ${young.name} is ${young.status}, and the helm of the run that died may live on: waiting for at most ${left} s`,
      )
    }
    await io.clock.sleep(2000, io.cancelled)
  }
}

function pendingFrom({metadata}: KubeObject): {name: string; status: string; since: number} | null {
  const {labels = {}, creationTimestamp = ''} = metadata
  const {name = '', status = ''} = labels
  const isPending = status.startsWith('pending-') || status === 'uninstalling'
  return isPending && markFrom(labels) !== null ? {name, status, since: Date.parse(creationTimestamp) || 0} : null
}
