import type {Io, Kube, KubeObject} from '../io/io.ts'
import {KubeFailure} from '../model/failure.ts'

/** Who may change a cluster just now: `holder` names one process for ever, `runUrl` the page to look at ('' outside GitHub). */
export interface Lease {
  uid: string
  resourceVersion: string
  holder: string
  runUrl: string
  seconds: number
  transitions: number
}

/** Who asks for the Lease. */
export interface Claim {
  namespace: string
  holder: string
  runUrl: string
}

/** A holder that has not renewed for so long is dead: client-go's leader election takes 15 s, but we share a runner with helm. */
export const leaseSeconds = 30

/** Reads the Lease; null where there is none. */
export async function readLease(namespace: string, kube: Kube): Promise<Lease | null> {
  const found = await kube.find(pathOf(namespace))
  return found === null ? null : leaseFrom(found)
}

/** Makes the Lease ours; null when another process was faster. A lost answer is settled by reading again. */
export async function createLease(claim: Claim, kube: Kube, io: Pick<Io, 'clock'>): Promise<Lease | null> {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    ...bodyOf(claim, 0, io),
    metadata: {name: leaseName, namespace: claim.namespace, ...bodyOf(claim, 0, io).metadata},
  }
  return settled(() => kube.create<KubeObject>(collectionOf(claim.namespace), lease), claim, kube)
}

/** Takes over a Lease that was read as dead; null when it changed since. */
export async function takeLease(claim: Claim, dead: Lease, kube: Kube, io: Pick<Io, 'clock'>): Promise<Lease | null> {
  const {metadata, spec} = bodyOf(claim, dead.transitions + 1, io)
  const patch = {metadata: {...metadata, resourceVersion: dead.resourceVersion}, spec}
  return settled(() => kube.patch(pathOf(claim.namespace), patch, {fieldManager}), claim, kube)
}

/** Says that the holder lives; null when the Lease is another's, or gone. */
export async function renewLease(claim: Claim, held: Lease, kube: Kube, io: Pick<Io, 'clock'>): Promise<Lease | null> {
  const patch = {metadata: {resourceVersion: held.resourceVersion}, spec: {renewTime: microTime(io)}}
  return settled(() => kube.patch(pathOf(claim.namespace), patch, {fieldManager}), claim, kube)
}

/** Gives the Lease back, if it is still the claim's; true when this call removed it. */
export async function releaseLease({namespace, holder}: Pick<Claim, 'namespace' | 'holder'>, kube: Kube): Promise<boolean> {
  for (;;) {
    const lease = await readLease(namespace, kube)
    if (lease?.holder !== holder) return false
    const {uid, resourceVersion} = lease
    try {
      return await kube.remove(pathOf(namespace), {uid, resourceVersion})
    } catch (thrown) {
      // A renewal still under way changed it in between.
      if (!(thrown instanceof KubeFailure) || thrown.status !== 409) throw thrown
    }
  }
}

/** Its name in every namespace that can hold it. */
export const leaseName = 'istio-mtls-action'

const fieldManager = 'istio-mtls-action'

function collectionOf(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
}

function pathOf(namespace: string): string {
  return `${collectionOf(namespace)}/${leaseName}`
}

/** The write's answer; where it conflicts, was too late or got lost, what stands there now decides: is it ours? */
async function settled(write: () => Promise<KubeObject>, {namespace, holder}: Claim, kube: Kube): Promise<Lease | null> {
  try {
    return leaseFrom(await write())
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure) || (thrown.status !== 409 && thrown.status !== 0 && thrown.status < 500)) throw thrown
    const lease = await readLease(namespace, kube)
    return lease?.holder === holder ? lease : null
  }
}

function bodyOf({holder, runUrl}: Claim, transitions: number, io: Pick<Io, 'clock'>) {
  const now = microTime(io)
  return {
    metadata: {labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'}, annotations: {[runUrlAnnotation]: runUrl}},
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: transitions,
    },
  }
}

const runUrlAnnotation = 'istio-mtls/run-url'

function leaseFrom({metadata, spec}: KubeObject): Lease {
  const {holderIdentity, leaseDurationSeconds, leaseTransitions} = (spec ?? {}) as {
    holderIdentity?: string | null
    leaseDurationSeconds?: number | null
    leaseTransitions?: number | null
  }
  return {
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    holder: holderIdentity ?? '',
    runUrl: metadata.annotations?.[runUrlAnnotation] ?? '',
    seconds: leaseDurationSeconds ?? leaseSeconds,
    transitions: leaseTransitions ?? 0,
  }
}

/** A MicroTime as Kubernetes insists on: six digits of a second. */
function microTime({clock}: Pick<Io, 'clock'>): string {
  return clock.now().toISOString().replace('Z', '000Z')
}
