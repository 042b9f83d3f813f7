import type {Mesh} from '../model/mesh.ts'
import type {ObjectMeta, PeerAuthentication} from '../model/policy.ts'
import type {Namespace} from '../model/workload.ts'
import {type Labels, selectorMatches} from './label-selector.ts'

/** The PeerAuthentications that a control plane reads at all: its revision's and its discovered namespaces' (rules 1 to 4). */
export function policiesVisible(
  policies: readonly PeerAuthentication[],
  mesh: Mesh,
  namespaces: readonly Namespace[],
): PeerAuthentication[] {
  const discovered = new Set(namespaces.filter(({labels}) => isDiscovered(mesh, labels)).map(({name}) => name))
  return policies.filter(
    (policy) => isOfRevision(policy, mesh.revision) && (mesh.discoverySelectors.length === 0 || discovered.has(policy.namespace)),
  )
}

/** True when an object's label `istio.io/rev` is absent or names the revision; tags do not count (rule 2, pkg/config/model.go:LabelsInRevision). */
export function isOfRevision(object: Pick<ObjectMeta, 'labels'>, revision: string): boolean {
  const label = object.labels['istio.io/rev']
  return label === undefined || revision === '' || label === revision
}

/** True when a namespace with these labels is read: selectors are alternatives, none means all; the root namespace is no exception (rule 4). */
export function isDiscovered(mesh: Mesh, namespaceLabels: Labels): boolean {
  return mesh.discoverySelectors.length === 0 || mesh.discoverySelectors.some((selector) => selectorMatches(selector, namespaceLabels))
}
