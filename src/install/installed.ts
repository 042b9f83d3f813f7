import type {Thing} from './thing.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import {type FoundIstiod, type FoundRelease, istioNamespace} from './found.ts'
import {findInstall} from './find-install.ts'
import {controlPlanesElsewhere} from './elsewhere.ts'
import {type Enrolled, enrolledFrom} from './enrolled.ts'
import {findMeshed, type Meshed} from './meshed.ts'
import {findOurPolicies, managedByLabel, type OurPolicy} from './our-policies.ts'
import {isLost} from './plan.ts'
import {staleWebhooks} from './stale-webhooks.ts'
import {findWebhooks, type FoundWebhook} from './webhooks-found.ts'

/** A CRD of ours; `inUse`: how many objects of its kind are in the cluster. */
export interface Crd extends Thing {
  list: string
}

/** All that this action made in a cluster, by its marks, and who else is there. */
export interface Installed {
  /** `isNoted`: a repair that was killed left its note there (repair-note.ts). */
  namespace: {exists: boolean; isOurs: boolean; isNoted?: boolean; uid: string; path: string}
  /** Releases with our mark, in the order in which they go. */
  releases: FoundRelease[]
  /** istiods of our releases, ours of which helm lost its record, and those of others. */
  istiods: FoundIstiod[]
  lost: FoundIstiod[]
  strangers: FoundIstiod[]
  /** Control planes that serve this cluster from outside, as a sentence names them: they need what istiods leave just as well. */
  elsewhere: string[]
  /** Revisions and tags that injectors of others serve, wherever their istiod is: namespaces labelled so are theirs. */
  othersRevisions?: string[]
  /** Of our releases, and those of our revision tags, whose `release` need not be there any more. */
  webhooks: (Thing & {release: string; isTag: boolean})[]
  policies: OurPolicy[]
  enrolled: Enrolled[]
  /** What istiods leave behind: root certificates in every namespace, elections, the authority's Secret, GatewayClasses. */
  leftovers: Thing[]
  crds: Crd[]
  meshed: Meshed[]
}

/** Reads all of it, in one round of parallel requests. Of Secrets only names and labels are kept. */
export async function findInstalled(kube: Kube): Promise<Installed> {
  const [found, namespace, crds, meshed, enrolled, leftovers, mutating, validating] = await Promise.all([
    findInstall(kube, 'kube-system'),
    kube.find(namespacePath),
    kube.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crdFrom),
    findMeshed(kube),
    kube.list('/api/v1/namespaces', enrolledFrom),
    findLeftovers(kube),
    kube.list(`${admission}/mutatingwebhookconfigurations`, (item) => webhookFrom('mutatingwebhookconfigurations', item)),
    kube.list(`${admission}/validatingwebhookconfigurations`, (item) => webhookFrom('validatingwebhookconfigurations', item)),
  ])
  const marked = found.releases.filter(({mark}) => mark !== null)
  const isOf = (release: string, releaseNamespace: string) =>
    marked.some(({name, namespace: at}) => name === release && at === releaseNamespace)
  const isForeign = (release: string) => found.releases.some(({name, mark}) => name === release && mark === null)
  const istiods = found.istiods.filter(({owner}) => owner.by === 'helm' && isOf(owner.release, owner.namespace))
  const lost = found.istiods.filter(({owner}) => isLost(owner, found.releases))
  const webhooks = [...mutating, ...validating].filter(({release, at, isTag}) => isTag || isOf(release, at))
  return {
    namespace: {
      exists: namespace !== null,
      isOurs: namespace?.metadata.labels?.['app.kubernetes.io/managed-by'] === 'istio-mtls-action',
      isNoted: Object.keys(found.repairs).length > 0,
      uid: namespace?.metadata.uid ?? '',
      path: namespacePath,
    },
    releases: inOrder(marked),
    istiods,
    lost,
    strangers: found.istiods.filter((each) => !istiods.includes(each) && !lost.includes(each)),
    ...(await findElsewhere(webhooks, found.istiods, [...istiods, ...lost], kube)),
    webhooks,
    policies: await findOurPolicies(crds, kube),
    enrolled,
    leftovers,
    crds: crds.filter(({release, at}) => release === 'istio-base' && at === istioNamespace && !isForeign(release)),
    meshed,
  }
}

/** Istio's release names: `istiod`, or `istiod-REVISION`. */
export function releaseOf(revision: string): string {
  return revision === 'default' ? 'istiod' : `istiod-${revision}`
}

async function findElsewhere(
  ours: Thing[],
  istiods: FoundIstiod[],
  own: FoundIstiod[],
  kube: Kube,
): Promise<Pick<Installed, 'elsewhere' | 'othersRevisions'>> {
  const isOurs = ({kind, configuration}: FoundWebhook) => ours.some((each) => each.kind === kind && each.name === configuration)
  const others = (await findWebhooks(kube)).filter((webhook) => webhook.labels['app'] === 'sidecar-injector' && !isOurs(webhook))
  const stale = await staleWebhooks(others, kube)
  const revisionOf = ({labels}: FoundWebhook) => labels['istio.io/rev'] ?? 'default'
  // A tag that others made for a revision of ours ends with that.
  const served = others.filter((each) => !stale.includes(each) && !own.some(({revision}) => revision === revisionOf(each)))
  return {
    elsewhere: controlPlanesElsewhere(others, stale, istiods).map(({revision, name}) => `${name} (revision \`${revision}\`)`),
    othersRevisions: [...new Set(served.flatMap((each) => [revisionOf(each), each.labels['istio.io/tag'] ?? '']))].filter(Boolean),
  }
}

const namespacePath = `/api/v1/namespaces/${istioNamespace}`
const admission = '/apis/admissionregistration.k8s.io/v1'

/** What depends on istiod goes before it, what it depends on after it (istio.io, ambient/install/helm: uninstall). */
function inOrder(releases: FoundRelease[]): FoundRelease[] {
  const rank = ({name}: FoundRelease) => {
    if (name === 'ztunnel') return 0
    if (name === 'istio-cni') return 1
    return name === 'istio-base' ? 9 : name.startsWith('istiod') ? 5 : 2
  }
  return [...releases].sort((left, right) => rank(left) - rank(right))
}

function webhookFrom(plural: string, item: KubeObject): Thing & {release: string; at: string; isTag: boolean} {
  const {labels = {}} = item.metadata
  // Revision tags are ours without helm (tags.ts), and go with the revision that they point at.
  const isTag = labels[managedByLabel] === 'istio-mtls-action'
  const marks = isTag ? {release: releaseOf(labels['istio.io/rev'] || 'default'), at: istioNamespace} : releaseMarks(item)
  return {...thingAt(`${admission}/${plural}`, item), ...marks, isTag}
}

/** A CustomResourceDefinition of Istio; its schema is dropped at once. */
function crdFrom(item: KubeObject): (Crd & {release: string; at: string}) | null {
  const {group, names, versions, scope} = item['spec'] as {
    group: string
    names: {plural: string; kind: string}
    versions: {name: string; served: boolean; storage: boolean}[]
    scope: string
  }
  if (!group.endsWith('.istio.io') || scope !== 'Namespaced') return null
  const version = versions.find(({served, storage}) => served && storage) ?? versions.find(({served}) => served)
  const list = `/apis/${group}/${version?.name}/${names.plural}`
  return {...thingAt('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', item), list, ...releaseMarks(item)}
}

function releaseMarks({metadata: {annotations = {}}}: KubeObject): {release: string; at: string} {
  return {release: annotations['meta.helm.sh/release-name'] ?? '', at: annotations['meta.helm.sh/release-namespace'] ?? ''}
}

/** What istiod alone has written (its field manager is the program's name; a user's own `cacerts` is the user's), and Services of revision tags. */
async function findLeftovers(kube: Kube): Promise<Thing[]> {
  const byIstiod = (collection: string) => (item: KubeObject) => {
    const managers = item.metadata.managedFields ?? []
    const isIstiods = managers.length > 0 && managers.every(({manager}) => manager === 'pilot-discovery')
    return isIstiods ? thingAt(collection, item) : null
  }
  const inRoot = [
    `/api/v1/namespaces/${istioNamespace}/configmaps`,
    `/api/v1/namespaces/${istioNamespace}/secrets`,
    `/apis/coordination.k8s.io/v1/namespaces/${istioNamespace}/leases`,
  ]
  const everywhere = distributed.map((name) =>
    kube.list(`/api/v1/configmaps?fieldSelector=metadata.name%3D${name}`, (item) =>
      item.metadata.namespace === istioNamespace ? null : byIstiod(`/api/v1/namespaces/${item.metadata.namespace}/configmaps`)(item),
    ),
  )
  const tags = kube.list(`${services}?labelSelector=${encodeURIComponent(`${managedByLabel}=istio-mtls-action`)}`, (item) =>
    thingAt(services, item),
  )
  const classes = kube.list(`${gateways}/gatewayclasses`, byIstiod(`${gateways}/gatewayclasses`)).catch(() => [])
  const lists = await Promise.all([...inRoot.map((path) => kube.list(path, byIstiod(path))), ...everywhere, tags, classes])
  return lists.flat()
}

/** ConfigMaps that istiod writes into every namespace (pilot/pkg/features: CACertConfigMapName, CRLConfigMapName). */
export const distributed = ['istio-ca-root-cert', 'istio-ca-crl']

const services = `/api/v1/namespaces/${istioNamespace}/services`
const gateways = '/apis/gateway.networking.k8s.io/v1'

/** An object below its collection. */
export function thingAt(collection: string, {kind, metadata}: KubeObject): Thing {
  const {name, namespace = '', uid = ''} = metadata
  return {kind, namespace, name, uid, path: `${collection}/${name}`}
}
