import {decidingPolicies, modeOfLevels} from '../derive/effective-mode.ts'
import {policyRef} from '../derive/policy-index.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Ref} from '../model/ref.ts'
import {isMeshWide} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {apply, peerAuthentication} from './fix.ts'
import {namespacesInScope} from './in-scope.ts'
import {governedPods, isDowngrade, type PolicyView, policyViews, viewFinder} from './policy-view.ts'
import {rowId} from './subject.ts'
import {unique} from './unique.ts'

/** No namespace policy in force sets a mode below STRICT; in a scope smaller than the mesh, each namespace is STRICT itself (rules 9 to 12). */
export const noNamespaceDowngrade = check({
  code: 'M302',
  slug: 'm302-no-namespace-downgrade',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'No namespace lowers mutual TLS',
  failure: 'A namespace accepts plain text',
  why: 'A namespace policy overrides the mesh: one PERMISSIVE there opens every workload in it, present and future.',
  hint: 'Set `mtls.mode: STRICT` in the namespace policy, or delete it so that the mesh decides.',
  run(parts, {asked}) {
    const viewFor = viewFinder(parts)
    const pods = Map.groupBy(governedPods(parts.pods, asked, parts.mesh), (pod) => pod.namespace)
    const found = policyViews(parts).flatMap((view) =>
      namespacesInScope(parts.namespaces, asked, parts.mesh).flatMap(({name}): PartialFinding[] => {
        const own = view.index.namespaces.get(name)?.namespace[0] ?? null
        const {mode, by} = modeOfLevels([view.index.mesh[0] ?? null, own])
        const open = rowsDecidedAbove(pods.get(name) ?? [], viewFor)
        if (own !== null && by === own && isDowngrade(mode, asked)) {
          return [
            finding(policyRef(own), `mode ${mode} opens the whole namespace \`${name}\` to plain text`, {
              fix: fixOf(name, own.name),
              endpoints: open,
            }),
          ]
        }
        if (isMeshWide(asked.scope) || !isDowngrade(mode, asked) || open.length === 0) return []
        const subject: Ref = own === null ? {kind: 'PeerAuthentication', namespace: name, name: 'default'} : policyRef(own)
        return [
          finding(subject, `namespace \`${name}\` demands nothing of its own, and the mesh's mode is ${mode}`, {
            hint: 'Apply a PeerAuthentication without a selector in the namespace with `mtls.mode: STRICT`.',
            fix: fixOf(name, subject.name),
            endpoints: open,
          }),
        ]
      }),
    )
    return unique(found, ({subject}) => `${subject.namespace}/${subject.name}`)
  },
})

/** Rows of the pods whose mode no workload policy sets. */
function rowsDecidedAbove(pods: Pod[], viewFor: (pod: Pod) => PolicyView): string[] {
  const above = pods.filter((pod) => {
    const deciding = decidingPolicies(viewFor(pod).index, pod.namespace, pod.labels)
    return deciding.workload === null || deciding.workload.mode === 'UNSET'
  })
  return [...new Set(above.map((pod) => rowId(pod, null)))].sort()
}

function fixOf(namespace: string, name: string): string {
  return apply(peerAuthentication(namespace, name, 'STRICT'))
}
