import type {Mesh} from '../model/mesh.ts'
import type {Pod} from '../model/workload.ts'

/** The revision whose control plane a pod's proxy connects to: what the injector wrote, never the namespace's label (rule 3); '' when nothing says. */
export function revisionOf(pod: Pick<Pod, 'annotations'>): string {
  const status = pod.annotations['sidecar.istio.io/status']
  if (status === undefined) return ''
  const known = revisions.get(status)
  if (known !== undefined) return known
  if (revisions.size >= mostRevisions) revisions.clear()
  const revision = revisionIn(status)
  revisions.set(status, revision)
  return revision
}

function revisionIn(status: string): string {
  try {
    const {revision} = JSON.parse(status) as {revision?: unknown}
    return typeof revision === 'string' && revision !== '' ? revision : 'default'
  } catch {
    return 'default'
  }
}

/** What was parsed already: thousands of pods carry the same few texts, and every check asks. */
const revisions = new Map<string, string>()
const mostRevisions = 1000

/**
 * The mesh configuration in force for a pod (rules 2, 3). A revision without a ConfigMap of its own, and a pod that names none
 * (ambient, or outside the mesh), get the default revision's, else the only one; the revision stays the pod's own.
 */
export function meshFor(pod: Pick<Pod, 'annotations'>, meshes: readonly Mesh[]): Mesh {
  const revision = revisionOf(pod)
  const own = meshes.find((mesh) => mesh.revision === revision)
  if (own) return own
  const stand = meshes.find((mesh) => mesh.revision === 'default') ?? meshes[0] ?? defaultMesh
  return revision === '' ? stand : {...stand, revision}
}

/** Istio's own defaults (pkg/config/mesh/mesh.go:DefaultMeshConfig): what holds where nothing is configured. */
export const defaultMesh: Mesh = {
  revision: 'default',
  namespace: 'istio-system',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  enableAutoMtls: true,
  discoverySelectors: [],
  minProtocolVersion: 'TLSV1_2',
  accessLogFile: '',
  outboundTrafficPolicy: 'ALLOW_ANY',
  caCertificates: 0,
  drainDurationSeconds: 45,
  defaultConfigInterceptionMode: 'REDIRECT',
}
