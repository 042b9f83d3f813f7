import {type Found, istioNamespace} from './found.ts'
import type {ReleasePlan} from './plan.ts'

/** The plan of one release from what helm's newest record of it says; `present`: is what it should hold in the cluster? */
export function releasePlan(
  chart: ReleasePlan['chart'],
  name: string,
  found: Pick<Found, 'releases'>,
  present: boolean,
  namespace: string = istioNamespace,
): ReleasePlan {
  const release = found.releases.find((each) => each.name === name && each.namespace === namespace)
  const status = release?.status ?? ''
  return {
    chart,
    name,
    namespace,
    helmRevision: release?.helmRevision ?? 0,
    status,
    mark: release?.mark ?? null,
    adopt: false,
    repair: repairOf(status) === 'rollback' && release?.good === 0 ? 'forget' : repairOf(status),
    good: release?.good ?? 0,
    present,
  }
}

/** platform-facts.md, section 4.2: a first install that never ended holds nothing worth keeping; later ones have a good revision before them. */
export function repairOf(status: string): ReleasePlan['repair'] {
  if (status === 'pending-install' || status === 'uninstalling') return 'uninstall'
  return status.startsWith('pending-') ? 'rollback' : ''
}
