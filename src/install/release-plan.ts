import {type Found, istioNamespace} from './found.ts'
import type {Mark} from './mark.ts'

/** One helm release to bring about; `does` is settled by `whatToDo` once the chart's digest is known. */
export interface ReleasePlan {
  chart: 'base' | 'istiod' | 'cni' | 'ztunnel'
  name: string
  namespace: string
  /** Helm's number of the newest revision, 0 when there is none. */
  helmRevision: number
  status: string
  mark: Mark | null
  /** Take objects over that helm does not know as this release's. */
  adopt: boolean
  /**
   * What a killed run left pending, undone before the upgrade; `forget`: this record itself must go, for no other revision is on record, or for an
   * uninstall would take what was there before the install that was killed.
   */
  repair: '' | 'uninstall' | 'rollback' | 'forget'
  /** The revision that a rollback goes back to. */
  good: number
  /** Is what the release should hold really in the cluster? */
  present: boolean
}

/**
 * The plan of one release from what helm's newest record of it says; `present`: is what it should hold in the cluster? `createdAt` of the workload
 * that it should hold, RFC 3339, '' where there is none: one that is older than a pending install was taken over by it, or had lost its records.
 */
export function releasePlan(
  chart: ReleasePlan['chart'],
  name: string,
  found: Pick<Found, 'releases'>,
  present: boolean,
  namespace: string = istioNamespace,
  createdAt = '',
): ReleasePlan {
  const release = found.releases.find((each) => each.name === name && each.namespace === namespace)
  const status = release?.status ?? ''
  const wasThere = status === 'pending-install' && Date.parse(createdAt) < (release?.since ?? 0)
  const isLone = repairOf(status) === 'rollback' && release?.good === 0
  return {
    chart,
    name,
    namespace,
    helmRevision: release?.helmRevision ?? 0,
    status,
    mark: release?.mark ?? null,
    adopt: wasThere,
    repair: wasThere || isLone ? 'forget' : repairOf(status),
    good: release?.good ?? 0,
    present,
  }
}

/** platform-facts.md, section 4.2: a first install that never ended holds nothing worth keeping; later ones have a good revision before them. */
export function repairOf(status: string): ReleasePlan['repair'] {
  if (status === 'pending-install' || status === 'uninstalling') return 'uninstall'
  return status.startsWith('pending-') ? 'rollback' : ''
}
