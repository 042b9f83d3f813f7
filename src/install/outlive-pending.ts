import type {Io, Kube, KubeObject} from '../io/io.ts'
import {releasesPath} from './find-install.ts'
import {markFrom} from './mark.ts'
import {serverAhead} from './server-clock.ts'

/**
 * Waits while a release of ours is pending and younger than `helmTimeoutMs`: the run before us died without a word, and its helm may live on
 * for that long on its runner, and no longer, whatever the clocks say. A run that ended, or whose `post` ran, has ended its helm and left no Lease: then nobody waits here.
 */
export async function outlivePending(helmTimeoutMs: number, kube: Kube, io: Pick<Io, 'clock' | 'log' | 'cancelled'>): Promise<void> {
  const began = io.clock.ticks()
  const ahead = await serverAhead(kube, io)
  for (let told = false; io.clock.ticks() - began < helmTimeoutMs; told = true) {
    const now = io.clock.now().getTime() + ahead
    const young = newestOf(await kube.list(releasesPath, recordFrom)).find(({isPending, since}) => isPending && now - since < helmTimeoutMs)
    if (young === undefined) return
    if (!told) {
      const left = Math.ceil(Math.min(young.since + helmTimeoutMs - now, helmTimeoutMs) / 1000)
      io.log.line(
        `lock: helm release ${young.name} is ${young.status}, and the helm of the run that died may live on: waiting for at most ${left} s`,
      )
    }
    await io.clock.sleep(2000, io.cancelled)
  }
}

interface Record {
  place: string
  name: string
  revision: number
  status: string
  isPending: boolean
  since: number
}

/** A repair leaves the record of what it undid as it was, pending, behind its own. */
function newestOf(records: Record[]): Record[] {
  return records.filter((one) => !records.some(({place, revision}) => place === one.place && revision > one.revision))
}

function recordFrom({metadata}: KubeObject): Record | null {
  const {labels = {}, creationTimestamp = '', namespace = ''} = metadata
  const {name = '', status = '', version = '0'} = labels
  if (markFrom(labels) === null) return null
  const isPending = status.startsWith('pending-') || status === 'uninstalling'
  // An uninstall makes no record of its own: helm says in that of the release when it began (helm pkg/storage/driver/secrets.go: Update).
  const began = status === 'uninstalling' ? Number(labels['modifiedAt']) * 1000 : Date.parse(creationTimestamp)
  return {place: `${namespace}/${name}`, name, revision: Number(version), status, isPending, since: began || 0}
}
