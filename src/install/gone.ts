import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import {istioNamespace} from './found.ts'

type Outside = Pick<Io, 'clock' | 'log' | 'cancelled' | 'changes'>

/** Waits until no istiod pod is left in istio-system; throws a `Failure` that names those that stay. */
export async function istiodsGone(timeoutMs: number, kube: Kube, io: Outside): Promise<void> {
  const path = `/api/v1/namespaces/${istioNamespace}/pods?labelSelector=app%3Distiod`
  await gone(() => kube.list(path, ({metadata}) => `pod ${metadata.name}`), timeoutMs, io)
}

/** Waits until CRDs that were deleted are gone: their API server's cleaning runs on after the answer. Throws a `Failure` that names those that stay. */
export async function crdsGone(crds: {name: string; path: string}[], timeoutMs: number, kube: Kube, io: Outside): Promise<void> {
  const left = async ({name, path}: {name: string; path: string}) => ((await kube.find(path)) === null ? [] : [`CRD ${name}`])
  await gone(async () => (await Promise.all(crds.map(left))).flat(), timeoutMs, io)
}

/**
 * Deletes istio-system and waits until it is gone, unless somebody else keeps something in it: then it stays, with a note that names that.
 * The Lease goes with it, so that no other run begins in a namespace on its way out.
 */
export async function namespaceGone(timeoutMs: number, letGo: () => Promise<void>, kube: Kube, io: Outside): Promise<string[]> {
  const path = `/api/v1/namespaces/${istioNamespace}`
  const others = await othersIn(istioNamespace, kube)
  if (others.length > 0) {
    const shown = others.slice(0, 10).join(', ')
    return [
      `Namespace ${istioNamespace} stays, for others keep something in it: ${shown}${others.length > 10 ? ` and ${others.length - 10} more` : ''}.`,
    ]
  }
  io.cancelled.throwIfAborted()
  io.changes.begin()
  await letGo()
  const uid = (await kube.find(path))?.metadata.uid
  await kube.remove(path, uid === undefined ? undefined : {uid})
  // The run's own io: the Lease is on its way out, and its end would end the waiting.
  await gone(async () => ((await kube.find(path)) === null ? [] : [`namespace ${istioNamespace}`]), timeoutMs, io)
  return []
}

async function gone(left: () => Promise<string[]>, timeoutMs: number, io: Outside): Promise<void> {
  const began = io.clock.ticks()
  for (let told = began; ; ) {
    const names = await left()
    if (names.length === 0) return
    const now = io.clock.ticks()
    if (now - began >= timeoutMs) {
      throw new Failure(`After ${Math.round(timeoutMs / 1000)} s still there: ${names.map((name) => `\`${name}\``).join(', ')}.`, {
        cure: 'Look at what holds it (`kubectl get … -o yaml`, its finalizers and conditions), and run again.',
        entry: 'uninstall-left',
      })
    }
    if (now - told >= tellEveryMs) {
      told = now
      io.log.line(`waiting until ${names.join(', ')} is gone`)
    }
    await io.clock.sleep(lookEveryMs, io.cancelled)
  }
}

const lookEveryMs = 500
const tellEveryMs = 5_000

/** Whatever of any kind lies in a namespace and neither Kubernetes itself nor our Lease put there; a kind that may not be listed counts as something. */
async function othersIn(namespace: string, kube: Kube): Promise<string[]> {
  const lists = await collections(kube)
  const found = await Promise.all(
    lists.map(({groupVersion, plural}) => {
      const root = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
      return kube
        .list(`${root}/namespaces/${namespace}/${plural}`, (item) => (isNative(item) ? null : `${item.kind} ${item.metadata.name}`))
        .catch((thrown) => (isUnlistable(thrown) ? [] : [`what kind ${plural} holds (it cannot be listed)`]))
    }),
  )
  return [...new Set(found.flat())].sort()
}

interface Collection {
  groupVersion: string
  plural: string
}

/** Every kind that a namespace can hold and that can be listed, once: by its group's preferred version. */
async function collections(kube: Kube): Promise<Collection[]> {
  const {groups} = await kube.get<{groups: {preferredVersion: {groupVersion: string}}[]}>('/apis')
  const versions = ['v1', ...groups.map(({preferredVersion}) => preferredVersion.groupVersion)]
  const found = await Promise.all(
    versions.map(async (groupVersion) => {
      const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
      const {resources} = await kube.get<{resources: {name: string; namespaced: boolean; verbs: string[]}[]}>(path)
      return resources
        .filter(({name, namespaced, verbs}) => namespaced && verbs.includes('list') && verbs.includes('delete') && !name.includes('/'))
        .map(({name}) => ({groupVersion, plural: name}))
    }),
  )
  return found.flat()
}

/** What Kubernetes puts into every namespace, what follows from other objects, and our own Lease. */
function isNative({kind, metadata: {name, ownerReferences = []}}: KubeObject): boolean {
  if (ownerReferences.length > 0 || kind === 'Event' || kind === 'Endpoints' || kind === 'EndpointSlice') return true
  if (kind === 'PodMetrics') return true
  return (
    (kind === 'ConfigMap' && (name === 'kube-root-ca.crt' || name === 'openshift-service-ca.crt')) ||
    (kind === 'ServiceAccount' && name === 'default') ||
    (kind === 'Lease' && name === 'istio-mtls-action')
  )
}

/** Discovery may name what nobody serves any more. */
function isUnlistable(thrown: unknown): boolean {
  return [404, 405].includes((thrown as {status?: number}).status ?? 0)
}
