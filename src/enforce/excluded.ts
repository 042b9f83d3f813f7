import {modeOfLevels} from '../derive/effective-mode.ts'
import {policiesVisible} from '../derive/policies-visible.ts'
import {policyIndex} from '../derive/policy-index.ts'
import type {Problem} from '../model/problem.ts'
import {globMatches} from '../model/snapshot.ts'
import type {Namespace} from '../model/workload.ts'
import type {Found, FoundMesh} from './found.ts'
import type {Scoped} from './targets.ts'

/**
 * The excluded namespaces in the mesh whose mode a new policy in the root namespace would change: it rules every namespace without a mode of
 * its own (rules 10, 12), whatever this action leaves out of its report. `changing` are the control planes whose mesh-wide policy changes.
 */
export function coveredExclusions({excludeNamespaces}: Pick<Scoped, 'excludeNamespaces'>, changing: FoundMesh[], found: Found): Problem[] {
  const excluded = found.namespaces.filter(
    ({name, phase, labels}) => phase !== 'Terminating' && isEnrolled(labels) && excludeNamespaces.some((glob) => globMatches(glob, name)),
  )
  return changing.flatMap((mesh) => {
    const index = policyIndex(policiesVisible(found.policies, mesh, found.namespaces), mesh.rootNamespace)
    const covered = excluded.filter(({name, labels}) => {
      const own = index.namespaces.get(name)?.namespace[0]?.mode ?? 'UNSET'
      return name !== mesh.rootNamespace && own === 'UNSET' && !isOfAnother(labels, mesh, found.meshes)
    })
    const {mode} = modeOfLevels([index.mesh[0] ?? null])
    return covered.length === 0 ? [] : [problem(covered, mode, mesh)]
  })
}

/** Namespace labels by which pods get a proxy or ztunnel (rule 28); `istio-injection: disabled` beats a revision. */
function isEnrolled(labels: Namespace['labels']): boolean {
  if (labels['istio.io/dataplane-mode'] === 'ambient') return true
  const injection = labels['istio-injection']
  return injection === 'enabled' || (injection !== 'disabled' && labels['istio.io/rev'] !== undefined)
}

/** A label that names another revision found here; a tag may mean any, so it frees none. */
function isOfAnother(labels: Namespace['labels'], {revision, rootNamespace}: FoundMesh, meshes: FoundMesh[]): boolean {
  if (labels['istio-injection'] === 'enabled' || labels['istio.io/dataplane-mode'] === 'ambient') return false
  const other = meshes.find((mesh) => mesh.revision === labels['istio.io/rev'])
  return other !== undefined && other.revision !== revision && other.rootNamespace !== rootNamespace
}

function problem(covered: Namespace[], mode: string, {rootNamespace}: FoundMesh): Problem {
  const names = covered.map(({name}) => `\`${name}\``).join(', ')
  const yaml = covered.map(
    ({name}) =>
      `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: ${name}}\nspec: {mtls: {mode: ${mode}}}`,
  )
  return {
    says: `\`exclude-namespaces\` leaves out ${names}, but a mesh-wide policy in \`${rootNamespace}\` would rule there, too: nothing of their own keeps them ${mode}.`,
    cure: `Give each a PeerAuthentication of its own, or list in \`namespaces\` those that shall change:\n${yaml.join('\n---\n')}\n`,
    entry: 'excluded-covered',
  }
}
