import type {Io, Kube} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import {type Claim, createLease, type Lease, leaseName, leaseSeconds, readLease, takeLease} from './lease.ts'

/** The Lease in our name; `how`: nobody held it, or its holder died without a word. */
export interface Won {
  lease: Lease
  how: 'free' | 'expired'
  /** Page of the run that was waited for or died, '' when nobody held it. */
  after: string
}

type Outside = Pick<Io, 'clock' | 'log' | 'cancelled'>

/**
 * Waits until the Lease is ours. A holder lives as long as its Lease changes under our eyes: no clock of another machine is believed.
 * Throws a `Failure` that names the holder's run after `timeoutMs`, and the rule that is missing where the account may not write Leases.
 */
export async function winLease(claim: Claim, timeoutMs: number, kube: Kube, io: Outside): Promise<Won> {
  const began = io.clock.ticks()
  let seen = {version: '', since: began}
  let told = Number.NEGATIVE_INFINITY
  let after = ''
  for (;;) {
    io.cancelled.throwIfAborted()
    const lease = await readLease(claim.namespace, kube).catch((thrown) => explain(thrown, claim))
    if (lease === null) {
      const made = await createLease(claim, kube, io).catch((thrown) => explain(thrown, claim))
      if (made !== null) return {lease: made, how: 'free', after}
      continue
    }
    if (lease.holder === claim.holder) return {lease, how: 'free', after}
    const now = io.clock.ticks()
    if (lease.resourceVersion !== seen.version) seen = {version: lease.resourceVersion, since: now}
    const isDead = now - seen.since >= lease.seconds * 1000
    if (lease.holder === '' || isDead) {
      const taken = await takeLease(claim, lease, kube, io).catch((thrown) => explain(thrown, claim))
      if (taken !== null) return {lease: taken, how: lease.holder === '' ? 'free' : 'expired', after: pageOf(lease)}
      continue
    }
    after = pageOf(lease)
    if (now - began >= timeoutMs) throw late(lease, claim, timeoutMs)
    if (now - told >= tellEveryMs) {
      told = now
      io.log.line(`lock: waiting for ${after}, which is changing this cluster (for at most ${Math.round(timeoutMs / 1000)} s)`)
    }
    await io.clock.sleep(lookEveryMs, io.cancelled)
  }
}

const lookEveryMs = 1000
const tellEveryMs = 30_000

function pageOf({runUrl, holder}: Lease): string {
  return (runUrl || holder).slice(0, 300)
}

function late(lease: Lease, {namespace}: Claim, timeoutMs: number): Failure {
  const page = pageOf(lease).replaceAll('`', "'")
  return new Failure(
    `Another run is changing this cluster and did not end within ${Math.round(timeoutMs / 1000)} s: \`${page}\` holds Lease \`${namespace}/${leaseName}\`.`,
    {
      cure: `Let that run end or cancel it, raise \`lock-timeout\`, or keep jobs apart with \`concurrency:\`. A holder that dies is noticed by itself, after ${leaseSeconds} s.`,
      entry: 'lock-timeout',
    },
  )
}

function explain(thrown: unknown, {namespace}: Claim): never {
  if (!(thrown instanceof KubeFailure) || thrown.status !== 403) throw thrown
  if (thrown.message.includes('being terminated')) {
    throw new Failure(`Namespace \`${namespace}\` is being deleted: ${thrown.message}`, {
      cure: `Wait until it is gone (\`kubectl get namespace ${namespace}\`), or remove what holds it. Nothing was changed.`,
      entry: 'namespace-terminating',
      cause: thrown,
    })
  }
  throw new Failure(`The account of this kubeconfig may not keep other runs away: ${thrown.message}`, {
    cure: `Grant \`get,create,patch,delete\` on \`coordination.k8s.io/leases\` in \`${namespace}\`, which the role \`enforce\` of docs/permissions.md holds. Nothing was changed.`,
    entry: 'permission',
    cause: thrown,
  })
}
