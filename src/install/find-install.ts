import type {Kube, KubeObject} from '../io/io.ts'
import {findAgents} from './agents.ts'
import {markFrom} from './mark.ts'
import {ownerOf} from './owner.ts'
import {repairsFrom} from './repair-note.ts'
import {findConfigurations} from './webhooks-found.ts'
import {type Found, type FoundIstiod, type FoundRelease, istioNamespace} from './found.ts'

/**
 * Reads what is installed already, in one round of parallel requests. Of helm's Secrets only the labels are kept.
 * `agentsIn`: namespace where the data plane's agents are, or shall be; '' leaves them unread.
 */
export async function findInstall(kube: Kube, agentsIn = ''): Promise<Found> {
  const isElsewhere = agentsIn !== '' && agentsIn !== istioNamespace
  const [namespace, istiods, releases, elsewhere, agents, crd, validating, configurations] = await Promise.all([
    kube.find(`/api/v1/namespaces/${istioNamespace}`),
    kube.list(istiodsPath, istiodFrom),
    kube.list(releasesPath, releaseFrom),
    isElsewhere ? kube.list(releasesPathIn(agentsIn), releaseFrom) : [],
    agentsIn === '' ? [] : findAgents(kube),
    kube.find('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/peerauthentications.security.istio.io'),
    defaultRevision(kube),
    findConfigurations(kube),
  ])
  const superseded = await supersededRecords(istiods, crd, releases, kube)
  return {
    namespace: namespaceFrom(namespace),
    istiods,
    releases: [...newest([...releases, ...superseded]), ...newest(elsewhere)],
    repairs: repairsFrom(namespace),
    agents,
    crds: crd === null ? null : ownerOf(crd),
    configurations,
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

/** helm's Secret driver: one Secret a revision; superseded ones say nothing while a newer one stands (helm pkg/storage/driver/secrets.go: newSecretsObject). */
export const releasesPath = releasesPathIn(istioNamespace)

function releasesPathIn(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm%2Cstatus%21%3Dsuperseded`
}

/**
 * Superseded records where newer ones may have been deleted by somebody: there is none, or the newest is pending, as one stays behind a repair. helm
 * goes on from whatever is newest, and so must we.
 */
async function supersededRecords(
  istiods: FoundIstiod[],
  crd: KubeObject | null,
  releases: FoundRelease[],
  kube: Kube,
): Promise<FoundRelease[]> {
  const owners = [...istiods.map(({owner}) => owner), ...(crd === null ? [] : [ownerOf(crd)])]
  const known = newest(releases)
  const lost = owners.flatMap((owner) =>
    owner.by === 'helm' && owner.namespace === istioNamespace && !known.some(({name}) => name === owner.release) ? [owner.release] : [],
  )
  const doubtful = [...lost, ...known.filter(({status}) => status.startsWith('pending-')).map(({name}) => name)]
  if (doubtful.length === 0) return []
  return (await kube.list(supersededPath, releaseFrom)).filter(({name}) => doubtful.includes(name))
}

/** Read only where newer records may be missing. */
export const supersededPath = `/api/v1/namespaces/${istioNamespace}/secrets?labelSelector=owner%3Dhelm%2Cstatus%3Dsuperseded`

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
    good: 0,
  }
}

/** A failed or pending revision stands beside the deployed one; the newest is the one that counts. */
function newest(releases: FoundRelease[]): FoundRelease[] {
  const byName = new Map<string, FoundRelease[]>()
  for (const release of releases) byName.set(release.name, [...(byName.get(release.name) ?? []), release])
  return [...byName.values()].map((all) => {
    const [last, ...before] = all.sort((left, right) => right.helmRevision - left.helmRevision) as [FoundRelease, ...FoundRelease[]]
    const inOrder = ['deployed', 'superseded', 'failed'].map((wanted) => before.find(({status}) => status === wanted))
    const good = inOrder.find((each) => each !== undefined) ?? before[0]
    return {...last, good: good?.helmRevision ?? 0}
  })
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
