import {isDiscovered, isOfRevision} from '../derive/policies-visible.ts'
import {policyRef} from '../derive/policy-index.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Mesh} from '../model/mesh.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import {isInScope, isMeshWide} from '../model/snapshot.ts'
import type {Namespace} from '../model/workload.ts'

/** Every PeerAuthentication in scope is read by a control plane: neither its revision label nor discoverySelectors hide it (rules 2 to 4). */
export const configVisible = check({
  code: 'M310',
  slug: 'm310-config-visible',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies'],
  title: 'istiod reads every policy',
  failure: 'A policy is hidden from istiod',
  why: 'A policy that no control plane reads is stored and listed like any other, and does nothing.',
  hint: 'Correct the label `istio.io/rev` of the policy, or the labels of its namespace.',
  run({mesh, namespaces, policies}, {asked}) {
    const byName = new Map(namespaces.map((namespace) => [namespace.name, namespace]))
    return policies
      .filter(({namespace}) => {
        const isRoot = mesh.some(({rootNamespace}) => rootNamespace === namespace)
        return isRoot ? isMeshWide(asked.scope) || isInScope(asked.scope, namespace, namespace) : isInScope(asked.scope, namespace, '')
      })
      .flatMap((policy) => hidden(policy, mesh, byName.get(policy.namespace)))
  },
})

function hidden(policy: PeerAuthentication, meshes: Mesh[], namespace: Namespace | undefined): PartialFinding[] {
  const ofRevision = meshes.filter((mesh) => isOfRevision(policy, mesh.revision))
  const revision = policy.labels['istio.io/rev']
  if (ofRevision.length === 0) {
    const known = meshes.map((mesh) => `\`${mesh.revision}\``).join(', ')
    return [
      finding(
        policyRef(policy),
        `label \`istio.io/rev: ${revision}\` names no control plane of this cluster (${known}); a tag does not count`,
        {
          fix: `kubectl -n ${policy.namespace} label peerauthentication ${policy.name} istio.io/rev-`,
        },
      ),
    ]
  }
  if (ofRevision.some((mesh) => isDiscovered(mesh, namespace?.labels ?? {}))) return []
  return [
    finding(
      policyRef(policy),
      `lies in namespace \`${policy.namespace}\`, which the mesh's discoverySelectors leave out: istiod never sees it`,
      {
        hint: 'Give the namespace a label that `meshConfig.discoverySelectors` selects.',
        fix: `kubectl label namespace ${policy.namespace} ${labelsFor(ofRevision[0])}`,
      },
    ),
  ]
}

function labelsFor(mesh: Mesh | undefined): string {
  const first = mesh?.discoverySelectors.find(({matchLabels}) => matchLabels !== undefined)?.matchLabels ?? {}
  const pairs = Object.entries(first).map(([key, value]) => `${key}=${value}`)
  return pairs.length > 0 ? pairs.join(' ') : 'KEY=VALUE  # as meshConfig.discoverySelectors wants it'
}
