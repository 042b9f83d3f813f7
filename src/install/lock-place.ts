import type {Io, Kube} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import {istioNamespace} from './found.ts'

/** Where the Lease lies; `created`: this run made the namespace for it. */
export interface Place {
  namespace: string
  created: boolean
}

/** What decides the place: the root namespaces of the meshes that run here, and a look at all that would forbid an install. */
export interface PlaceWish {
  mayCreate: boolean
  roots: () => Promise<string[]>
  /** Throws before the namespace is made, so that a refused run leaves no trace. */
  preflight: () => Promise<unknown>
}

/**
 * istio-system, which every installing run knows; made as helm would make it where it is missing, with our mark, by which `uninstall` knows
 * it again. Where nothing is to be installed the first root namespace; null where there is no control plane either: nothing to contend for.
 */
export async function lockPlace(
  wish: PlaceWish,
  kube: Kube,
  io: Pick<Io, 'clock' | 'log' | 'cancelled' | 'changes'>,
): Promise<Place | null> {
  if (await isThere(istioNamespace, kube, io)) return {namespace: istioNamespace, created: false}
  if (!wish.mayCreate) {
    for (const namespace of (await wish.roots()).sort()) {
      // Istio's default stands in where no mesh says otherwise: it need not exist.
      if (await isThere(namespace, kube, io)) return {namespace, created: false}
    }
    return null
  }
  await wish.preflight()
  io.cancelled.throwIfAborted()
  io.changes.begin()
  const created = await kube.create('/api/v1/namespaces', namespaceOfOurs).then(
    () => true,
    (thrown) => {
      if (thrown instanceof KubeFailure && thrown.status === 409) return false
      throw thrown
    },
  )
  return {namespace: istioNamespace, created}
}

const namespaceOfOurs = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {name: istioNamespace, labels: {name: istioNamespace, 'app.kubernetes.io/managed-by': 'istio-mtls-action'}},
}

/** Waits for a namespace on its way out: an uninstall before us ends with it. */
async function isThere(name: string, kube: Kube, io: Pick<Io, 'clock' | 'log' | 'cancelled'>): Promise<boolean> {
  const began = io.clock.ticks()
  for (let told = false; ; told = true) {
    const namespace = await kube.find(`/api/v1/namespaces/${name}`)
    if (namespace === null) return false
    if (namespace.metadata.deletionTimestamp === undefined) return true
    if (io.clock.ticks() - began >= patienceMs) throw stuck(name)
    if (!told) io.log.line(`lock: waiting until namespace ${name}, which is being deleted, is gone`)
    await io.clock.sleep(1000, io.cancelled)
  }
}

const patienceMs = 60_000

function stuck(name: string): Failure {
  return new Failure(`Namespace \`${name}\` is being deleted, and was not gone after ${patienceMs / 1000} s.`, {
    cure: `Look at what holds it (\`kubectl get namespace ${name} -o yaml\`) and run again once it is gone. Nothing was changed.`,
    entry: 'namespace-terminating',
  })
}
