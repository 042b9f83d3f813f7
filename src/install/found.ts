import type {Kube, KubeObject} from '../io/io.ts'
import {type FoundAgent, findAgents} from './agents.ts'
import {type Mark, markFrom} from './mark.ts'
import {type Owner, ownerOf} from './owner.ts'

/** The namespace that Istio is installed into; its charts and documentation know no other by default. */
export const istioNamespace = 'istio-system'

/** An istiod Deployment as an installer sees it; `version` '' when neither label nor image tells. */
export interface FoundIstiod {
  namespace: string
  name: string
  revision: string
  version: string
  owner: Owner
  /** RFC 3339, '' when unknown. */
  createdAt: string
}

/** The newest revision of a helm release; `mark` null: not made by this action. `since` in milliseconds since the epoch. */
export interface FoundRelease {
  name: string
  namespace: string
  helmRevision: number
  status: string
  since: number
  mark: Mark | null
}

/** What an installer must know before it changes anything. */
export interface Found {
  namespace: {exists: boolean; terminating: boolean; reason: string}
  istiods: FoundIstiod[]
  releases: FoundRelease[]
  /** DaemonSets of the data plane; [] where they were not asked for. */
  agents: FoundAgent[]
  /** Owner of Istio's CRDs; null: there are none. */
  crds: Owner | null
  /** The revision that validates objects without a label istio.io/rev; '' when none does. */
  defaultRevision: string
}

/**
 * Reads what is installed already, in one round of parallel requests. Of helm's Secrets only the labels are kept.
 * `agentsIn`: namespace where the data plane's agents are, or shall be; '' leaves them unread.
 */
export async function findInstall(kube: Kube, agentsIn = ''): Promise<Found> {
  const isElsewhere = agentsIn !== '' && agentsIn !== istioNamespace
  const [namespace, istiods, releases, elsewhere, agents, crd, validating] = await Promise.all([
    kube.find(`/api/v1/namespaces/${istioNamespace}`),
    kube.list(istiodsPath, istiodFrom),
    kube.list(releasesPath, releaseFrom),
    isElsewhere ? kube.list(releasesPathIn(agentsIn), releaseFrom) : [],
    agentsIn === '' ? [] : findAgents(kube),
    kube.find('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/peerauthentications.security.istio.io'),
    defaultRevision(kube),
  ])
  return {
    namespace: namespaceFrom(namespace),
    istiods,
    releases: [...newest(releases), ...newest(elsewhere)],
    agents,
    crds: crd === null ? null : ownerOf(crd),
    defaultRevision: validating,
  }
}

/** The revision whose istiod validates objects without a label istio.io/rev (chart base, value defaultRevision); '' when none does. */
export async function defaultRevision(kube: Kube): Promise<string> {
  const validator = await kube.find('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istiod-default-validator')
  return validator?.metadata.labels?.['istio.io/rev'] ?? ''
}

/** Every chart and istioctl label the Deployment so (istio-discovery/templates/deployment.yaml). */
export const istiodsPath = '/apis/apps/v1/deployments?labelSelector=app%3Distiod'

/** helm's Secret driver: one Secret a revision; superseded ones say nothing (helm pkg/storage/driver/secrets.go: newSecretsObject). */
export const releasesPath = releasesPathIn(istioNamespace)

function releasesPathIn(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm%2Cstatus%21%3Dsuperseded`
}

function istiodFrom(deployment: KubeObject): FoundIstiod {
  const {namespace = '', name, labels = {}, creationTimestamp = ''} = deployment.metadata
  const spec = deployment['spec'] as {template?: {spec?: {containers?: {name?: string; image?: string}[]}}} | undefined
  const containers = spec?.template?.spec?.containers ?? []
  const image = (containers.find((each) => each.name === 'discovery') ?? containers[0])?.image ?? ''
  const tag = /:v?(\d+\.\d+\.\d+(?:-(?!distroless|debug)[0-9A-Za-z.]+)*)/.exec(image)?.[1]
  return {
    namespace,
    name,
    revision: labels['istio.io/rev'] || 'default',
    version: tag ?? labels['app.kubernetes.io/version'] ?? '',
    owner: ownerOf(deployment),
    createdAt: creationTimestamp,
  }
}

/** A release as its Secret shows it: labels alone. */
export function releaseFrom(secret: KubeObject): FoundRelease {
  const {labels = {}, creationTimestamp = '', namespace = istioNamespace} = secret.metadata
  return {
    name: labels['name'] ?? '',
    namespace,
    helmRevision: Number(labels['version'] ?? 0),
    status: labels['status'] ?? '',
    since: Date.parse(creationTimestamp) || 0,
    mark: markFrom(labels),
  }
}

/** A failed or pending revision stands beside the deployed one; the newest is the one that counts. */
function newest(releases: FoundRelease[]): FoundRelease[] {
  const byName = new Map<string, FoundRelease>()
  for (const release of releases) {
    if (release.helmRevision > (byName.get(release.name)?.helmRevision ?? -1)) byName.set(release.name, release)
  }
  return [...byName.values()]
}

function namespaceFrom(namespace: KubeObject | null): Found['namespace'] {
  if (namespace === null) return {exists: false, terminating: false, reason: ''}
  const {phase, conditions = []} = (namespace['status'] ?? {}) as {phase?: string; conditions?: {status: string; message?: string}[]}
  const blocking = conditions.filter(({status}) => status === 'True').map(({message}) => message ?? '')
  return {
    exists: true,
    terminating: phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined,
    reason: blocking.filter(Boolean).join(' '),
  }
}
