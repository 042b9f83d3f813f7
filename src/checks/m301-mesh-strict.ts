import {decidingPolicies, effectiveMode, modeOfLevels} from '../derive/effective-mode.ts'
import {oldestFirst, policyRef} from '../derive/policy-index.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Ref} from '../model/ref.ts'
import {isMeshWide} from '../model/snapshot.ts'
import {apply, peerAuthentication} from './fix.ts'
import {governedPods, policyViews, viewFinder} from './policy-view.ts'
import {rowId} from './subject.ts'
import {unique} from './unique.ts'

/** The mesh-wide mode is STRICT: the default for every workload, those of tomorrow included (rules 5, 9, 11, 12). */
export const meshStrict = check({
  code: 'M301',
  slug: 'm301-mesh-strict',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods'],
  title: 'The mesh requires mutual TLS',
  failure: 'The mesh accepts plain text',
  why: 'Without a mesh-wide STRICT policy any pod can call any other without an identity.',
  hint: 'Apply a PeerAuthentication without a selector in the root namespace with `mtls.mode: STRICT`.',
  run(parts, {asked}) {
    const viewFor = viewFinder(parts)
    const pods = governedPods(parts.pods, asked, parts.mesh)
    const found = policyViews(parts).flatMap(({mesh, index}): PartialFinding[] => {
      const root = mesh.rootNamespace
      const decided = modeOfLevels([index.mesh[0] ?? null])
      if (decided.mode === 'STRICT') return []
      // A STRICT policy that istiod cannot see is m310's: one root cause, one finding.
      const written = parts.policies.filter((policy) => policy.namespace === root && policy.selector === null).sort(oldestFirst)[0]
      if (written?.mode === 'STRICT' && !index.mesh.includes(written)) return []
      const open = pods.filter((pod) => {
        const view = viewFor(pod)
        const {mode, by} = effectiveMode(decidingPolicies(view.index, pod.namespace, pod.labels), null)
        return mode !== 'STRICT' && (by === null || view.index.mesh.includes(by))
      })
      const subject: Ref = index.mesh[0] ? policyRef(index.mesh[0]) : {kind: 'PeerAuthentication', namespace: root, name: 'default'}
      const inMigration = asked.mtlsMode === 'PERMISSIVE' && decided.mode === 'PERMISSIVE'
      const severity = !isMeshWide(asked.scope) || inMigration ? 'info' : pods.length > 0 && open.length === 0 ? 'warning' : 'error'
      return [
        finding(subject, messageOf(index.mesh[0]?.mode ?? null, root), {
          severity,
          fix: apply(peerAuthentication(root, subject.name, 'STRICT')),
          endpoints: [...new Set(open.map((pod) => rowId(pod, null)))].sort(),
        }),
      ]
    })
    return unique(found, ({subject}) => `${subject.namespace}/${subject.name}`)
  },
})

function messageOf(mode: string | null, root: string): string {
  if (mode === null) return `no mesh-wide policy in \`${root}\`: Istio's default is PERMISSIVE, which accepts plain text`
  if (mode === 'UNSET') return 'the mesh-wide policy sets no mode: Istio falls back to PERMISSIVE, which accepts plain text'
  return `the mesh-wide mode is ${mode}, which accepts plain text`
}
