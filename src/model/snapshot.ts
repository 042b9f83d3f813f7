import type {Delivered} from './delivered.ts'
import type {Probes} from './evidence.ts'
import type {Cluster, ControlPlane, Mesh, ValidationAnswer} from './mesh.ts'
import type {Part} from './part.ts'
import type {IstioObject, PeerAuthentication} from './policy.ts'
import type {DistributedRoots} from './root.ts'
import type {ApiServerCall, Traffic} from './traffic.ts'
import type {Namespace, Pod, Service, Template} from './workload.ts'

/** Everything that was read, projected to what the checks need: plain JSON, no Secret data, can be saved and judged again. */
export interface Snapshot extends Parts {
  version: 1
  /** RFC 3339; checks take this as "now". */
  takenAt: string
  asked: Asked
  /** Whom the API server calls; read only for a forecast. */
  apiServerCalls?: Part<ApiServerCall[]>
  /** What access logs tell of plain calls; read only for a forecast. */
  traffic?: Part<Traffic>
}

/** The parts a check may need; names are also the keys of `needs`. */
export interface Parts {
  cluster: Part<Cluster>
  /** One per control plane revision; never empty when read (Istio's defaults stand in for manifests without a ConfigMap). */
  mesh: Part<Mesh[]>
  controlPlane: Part<ControlPlane>
  validation: Part<ValidationAnswer>
  namespaces: Part<Namespace[]>
  pods: Part<Pod[]>
  templates: Part<Template[]>
  services: Part<Service[]>
  policies: Part<PeerAuthentication[]>
  destinationRules: Part<IstioObject[]>
  serviceEntries: Part<IstioObject[]>
  workloadEntries: Part<IstioObject[]>
  sidecars: Part<IstioObject[]>
  gateways: Part<IstioObject[]>
  envoyFilters: Part<IstioObject[]>
  authorizationPolicies: Part<IstioObject[]>
  requestAuthentications: Part<IstioObject[]>
  telemetries: Part<IstioObject[]>
  /** One per namespace that holds the ConfigMap; without it a namespace has none. */
  roots: Part<DistributedRoots[]>
  /** What istiod delivered and the proxies run; unread in snapshots of older versions. */
  delivered: Part<Delivered>
  probes: Part<Probes>
}

/** What the run was asked to judge: the scope and the wishes that change a check's answer. */
export interface Asked {
  scope: Scope
  /** Revision wanted, '' when any. */
  revision: string
  /** Exact Istio version wanted, '' when any. */
  istioVersion: string
  mtlsMode: 'STRICT' | 'PERMISSIVE'
  require: 'proven' | 'configured'
  /** Was live proof asked for? */
  probes: boolean
  requireAuthorization: boolean
  accessLogging: boolean
  minTls: string
  /** Judged from manifests without a cluster? Then checks of a running control plane are skipped. */
  manifests?: boolean
  /** Was there a way to read proxies at all? False for a saved snapshot without them. */
  inspect?: boolean
  /** Judged as it would be after `enforce` (mode plan)? Then a caller that cannot comply is an error. */
  plan?: boolean
  /** Was istiod's validation webhook to be asked (mode enforce)? Then its silence is a finding. */
  dryRun?: boolean
}

/** Namespaces judged: globs; `exclude` wins. A scope other than ['*'] never touches the root namespace. */
export interface Scope {
  namespaces: string[]
  exclude: string[]
}

/** True when a namespace lies in the scope; globs know only `*`. The root namespace is always outside unless named literally. */
export function isInScope(scope: Scope, namespace: string, rootNamespace: string): boolean {
  if (scope.exclude.some((glob) => globMatches(glob, namespace))) return false
  if (namespace === rootNamespace) return scope.namespaces.includes(namespace)
  return scope.namespaces.some((glob) => globMatches(glob, namespace))
}

/** True when the scope is the whole mesh. */
export function isMeshWide(scope: Scope): boolean {
  return scope.namespaces.length === 1 && scope.namespaces[0] === '*'
}

/** Does a glob match the whole name? Only `*` is special. */
export function globMatches(glob: string, name: string): boolean {
  const [head = '', ...rest] = glob.split('*')
  if (rest.length === 0) return glob === name
  const tail = rest.pop() ?? ''
  if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail)) return false
  let at = head.length
  for (const middle of rest) {
    const found = name.indexOf(middle, at)
    if (found < 0 || found + middle.length > name.length - tail.length) return false
    at = found + middle.length
  }
  return true
}
