import {policiesByLevel, policyRef} from '../derive/policy-index.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import {isMeshWide} from '../model/snapshot.ts'
import {namespacesInScope} from './in-scope.ts'
import {governedPods, policyViews, viewFinder} from './policy-view.ts'
import {rowId} from './subject.ts'

/** At each level one policy counts, the oldest, by name when created in the same second: no other lies behind it (rule 11). */
export const noShadowedPolicy = check({
  code: 'M306',
  slug: 'm306-no-shadowed-policy',
  severity: 'warning',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'No policy hides another',
  failure: 'A policy is hidden behind an older one',
  why: 'Of several policies of one level Istio takes the oldest and drops the rest without a word, however strict they are.',
  hint: 'Merge the two policies into the older one and delete the other.',
  run(parts, {asked}) {
    const pairs = new Map<string, Shadow>()
    const add = (winner: PeerAuthentication | undefined, hidden: PeerAuthentication[], row?: string) => {
      for (const loser of winner === undefined ? [] : hidden) {
        const key = `${loser.namespace}/${loser.name}`
        const shadow = pairs.get(key) ?? {winner: winner as PeerAuthentication, loser, rows: new Set()}
        if (row !== undefined) shadow.rows.add(row)
        pairs.set(key, shadow)
      }
    }
    for (const {index} of policyViews(parts)) {
      if (isMeshWide(asked.scope)) add(index.mesh[0], index.mesh.slice(1))
      for (const {name} of namespacesInScope(parts.namespaces, asked, parts.mesh)) {
        const level = index.namespaces.get(name)?.namespace ?? []
        add(level[0], level.slice(1))
      }
    }
    const viewFor = viewFinder(parts)
    for (const pod of governedPods(parts.pods, asked, parts.mesh)) {
      const {workload} = policiesByLevel(viewFor(pod).index, pod.namespace, pod.labels)
      add(workload[0], workload.slice(1), rowId(pod, null))
    }
    return [...pairs.values()].map(findingOf)
  },
})

interface Shadow {
  winner: PeerAuthentication
  loser: PeerAuthentication
  rows: Set<string>
}

function findingOf({winner, loser, rows}: Shadow): PartialFinding {
  const isStricter =
    (loser.mode === 'STRICT' && winner.mode !== 'STRICT') ||
    Object.entries(loser.ports).some(([port, mode]) => mode === 'STRICT' && winner.ports[port] !== 'STRICT' && winner.mode !== 'STRICT')
  const order = winner.createdAt === loser.createdAt ? 'comes first by name' : 'is older'
  return finding(
    policyRef(loser),
    `has no effect: \`${winner.name}\` (${winner.mode}) is of the same level and ${order}, so this one (${loser.mode}) is dropped`,
    {
      severity: isStricter ? 'error' : 'warning',
      fix: `kubectl -n ${winner.namespace} edit peerauthentication ${winner.name}  # take over what this one says, then:\nkubectl -n ${loser.namespace} delete peerauthentication ${loser.name}`,
      endpoints: [...rows].sort(),
    },
  )
}
