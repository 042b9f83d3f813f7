import {keeperOf} from '../derive/keeper.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import type {Mesh} from '../model/mesh.ts'
import type {MtlsMode, PeerAuthentication} from '../model/policy.ts'
import {type Ref, refText} from '../model/ref.ts'
import type {Namespace} from '../model/workload.ts'

/** A policy with what an update needs: the spec as it stands and the version it was read at. */
export interface FoundPolicy extends PeerAuthentication {
  spec: unknown
  resourceVersion: string
  /** Who would write a change back (derive/keeper.ts); null or absent: nobody. */
  keeper?: string | null
}

/** A control plane: the part of its mesh configuration that says which policies it reads, and whether an istiod is ready. */
export interface FoundMesh extends Mesh {
  /** null: no istiod Deployment in this cluster (a managed or remote control plane). */
  readyReplicas: number | null
}

/** What decides which policy will be in force. */
export interface Found {
  meshes: FoundMesh[]
  namespaces: Namespace[]
  policies: FoundPolicy[]
  /** What only claims to be a control plane, and was not heeded. */
  impostors: Ref[]
}

/** Reads the control planes; the snapshot's own reader, so that what is written and what is judged rest on one reading (observe/ruling-meshes.ts). */
export type ReadMeshes = (kube: Kube) => Promise<Pick<Found, 'meshes' | 'impostors'>>

/** Reads all PeerAuthentications, namespaces and control planes (rules 1 to 5); throws a `Failure` where there is no Istio or no right to look. */
export async function findPolicies(kube: Kube, readMeshes: ReadMeshes): Promise<Found> {
  const [{meshes, impostors}, namespaces, policies] = await Promise.all([
    readMeshes(kube),
    kube.list(namespacesPath, namespaceFrom),
    kube.list(policiesPath, policyFrom),
  ]).catch(explain)
  if (impostors.length > 0 && meshes.every(({readyReplicas}) => readyReplicas === null)) {
    throw new Failure(
      `Only ${impostors.map(refText).join(', ')} claims to be a control plane, and no webhook configuration vouches for it.`,
      {
        cure: 'Restore the webhook configurations that the istiod chart makes, or take the label `app: istiod` off it. No policy was changed.',
        entry: 'no-istio',
      },
    )
  }
  return {meshes, namespaces, policies, impostors}
}

export const namespacesPath = '/api/v1/namespaces'
export const policiesPath = '/apis/security.istio.io/v1/peerauthentications'

function explain(thrown: unknown): never {
  if (thrown instanceof KubeFailure && thrown.status === 404) {
    throw new Failure('This cluster knows no PeerAuthentication: Istio is not installed.', {
      cure: 'Leave `install` at `auto`, or install Istio before this step. No policy was changed.',
      entry: 'no-istio',
      cause: thrown,
    })
  }
  if (thrown instanceof KubeFailure && thrown.status === 403) {
    throw new Failure(`Which policies are in force cannot be read: ${thrown.message}`, {
      cure: 'Grant the role `read` of docs/permissions.md to the account of this kubeconfig. No policy was changed.',
      entry: 'permission',
      cause: thrown,
    })
  }
  throw thrown
}

function namespaceFrom({metadata, status}: KubeObject): Namespace {
  const {phase = 'Active'} = (status ?? {}) as {phase?: string}
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: metadata.deletionTimestamp === undefined ? phase : 'Terminating',
    labels: metadata.labels ?? {},
    annotations: {},
  }
}

function policyFrom({metadata, spec}: KubeObject): FoundPolicy {
  const {selector, mtls} = (spec ?? {}) as {selector?: {matchLabels?: Record<string, string>}; mtls?: {mode?: MtlsMode}}
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    generation: metadata.generation ?? 0,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    selector: selector === undefined ? null : (selector.matchLabels ?? {}),
    mode: mtls?.mode ?? 'UNSET',
    ports: {},
    spec: spec ?? {},
    resourceVersion: metadata.resourceVersion ?? '',
    keeper: keeperOf(metadata),
  }
}
