import {randomUUID} from 'node:crypto'
import type {Io, Kube} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import type {Outcome} from '../model/report.ts'
import {type Claim, type Lease, leaseName, leaseSeconds, releaseLease, renewLease} from './lease.ts'
import {type PlaceWish, lockPlace, type Place} from './lock-place.ts'
import {winLease, type Won} from './lock-queue.ts'
import {type LockState, lockState} from './lock-state.ts'
import {outlivePending} from './outlive-pending.ts'

/** The right to change this cluster, until `release`. All changes go through `io`: it refuses them once another run has taken over. */
export interface Lock extends Outcome {
  io: Io
  /** Stops renewing and leaves the Lease where it is, for an uninstall that ends with its namespace. */
  letGo(): Promise<void>
  release(): Promise<void>
}

export interface LockWish extends PlaceWish {
  runUrl: string
  timeoutMs: number
  /** How long a helm whose run died may still be at work. */
  helmTimeoutMs: number
  insecureSkipTlsVerify: boolean
}

/** Takes the Lease by which runs of this action keep out of each other's way on one cluster; waits for the run that holds it. */
export async function takeLock(wish: LockWish, kube: Kube, io: Io): Promise<Lock> {
  const began = io.clock.ticks()
  const held = await won(wish, kube, io, began)
  if (held === null) return unlocked(io)
  const {place, claim, lease, how, after} = held
  const guard = keeper(claim, lease, kube, io)
  try {
    if (how === 'expired') await outlivePending(wish.helmTimeoutMs, kube, guard.io)
  } catch (thrown) {
    await guard.release()
    throw thrown
  }
  return {
    changed: place.created,
    says: saysOf(place, how, after, io.clock.ticks() - began),
    steps: [],
    notes: [],
    io: guard.io,
    letGo: guard.letGo,
    release: guard.release,
  }
}

interface Held extends Won {
  place: Place
  claim: Claim
}

async function won(wish: LockWish, kube: Kube, io: Io, began: number): Promise<Held | null> {
  const holder = `${wish.runUrl || 'a run outside of GitHub Actions'} ${randomUUID()}`
  for (;;) {
    const place = await lockPlace(wish, kube, io)
    if (place === null) return null
    const claim = {namespace: place.namespace, holder, runUrl: wish.runUrl}
    const state: LockState = {namespace: place.namespace, holder, insecureSkipTlsVerify: wish.insecureSkipTlsVerify}
    // Recorded before the Lease exists: a run killed in between leaves nothing that post does not know.
    io.runner.saveState(lockState, JSON.stringify(state))
    try {
      return {place, claim, ...(await winLease(claim, wish.timeoutMs - (io.clock.ticks() - began), kube, io))}
    } catch (thrown) {
      // A create whose answer got lost may have made it all the same.
      await releaseLease(claim, kube).catch(() => false)
      io.runner.saveState(lockState, '')
      if (!isNamespaceLeaving(thrown) || io.clock.ticks() - began >= wish.timeoutMs) throw thrown
      await io.clock.sleep(1000, io.cancelled)
    }
  }
}

/** An uninstall that ran before us took the namespace with it. */
function isNamespaceLeaving(thrown: unknown): boolean {
  return (thrown instanceof KubeFailure && thrown.status === 404) || (thrown instanceof Failure && thrown.entry === 'namespace-terminating')
}

/** Keeps the Lease alive; `io` stops what it is asked for as soon as the Lease may be another's. */
function keeper(claim: Claim, lease: Lease, kube: Kube, io: Io): Pick<Lock, 'io' | 'letGo' | 'release'> {
  const lost = new AbortController()
  let held = lease
  let renewedAt = io.clock.ticks()
  let renewing = Promise.resolve()
  const lose = (why: string) => lost.abort(lostFailure(claim, why))
  const giveUpLate = () => {
    if (!lost.signal.aborted && io.clock.ticks() - renewedAt > surrenderMs) lose('it could not be renewed in time')
  }
  const renew = async () => {
    const sentAt = io.clock.ticks()
    try {
      const renewed = await renewLease(claim, held, kube, io)
      if (renewed === null) return lose('another run took it over, or somebody deleted it')
      held = renewed
      renewedAt = sentAt
    } catch (thrown) {
      io.log.detail(`lock: the Lease could not be renewed: ${messageOf(thrown)}`)
    }
    giveUpLate()
  }
  const stopRenewing = io.clock.every(renewEveryMs, () => {
    renewing = lost.signal.aborted ? renewing : renew()
    return renewing
  })
  // Beside the renewal, which may hang on a dead connection: what is at work, as helm, must end before another run begins.
  const stopWatching = io.clock.every(watchEveryMs, async () => giveUpLate())
  const letGo = async () => {
    stopRenewing()
    stopWatching()
    await renewing
  }
  const isMine = () => {
    // A runner that was asleep learns it here, before the next change.
    giveUpLate()
    lost.signal.throwIfAborted()
  }
  return {
    io: {
      ...io,
      cancelled: AbortSignal.any([io.cancelled, lost.signal]),
      changes: {
        begin() {
          isMine()
          io.changes.begin()
        },
        begun: io.changes.begun,
      },
    },
    letGo,
    async release() {
      await letGo()
      await forget(claim, kube, io)
    },
  }
}

/** Never throws: what ends the run must not be hidden by what comes after it. */
async function forget(claim: Claim, kube: Kube, io: Pick<Io, 'runner' | 'log'>): Promise<void> {
  try {
    await releaseLease(claim, kube)
    io.runner.saveState(lockState, '')
  } catch (thrown) {
    io.log.line(
      `lock: Lease ${claim.namespace}/${leaseName} could not be removed (${messageOf(thrown)}); the next run takes it over ${leaseSeconds} s later`,
    )
  }
}

function unlocked(io: Io): Lock {
  const says = 'nothing to lock: no control plane runs here and none is to be installed'
  return {changed: false, says, steps: [], notes: [], io, letGo: async () => {}, release: async () => {}}
}

function saysOf({namespace, created}: Place, how: Won['how'], after: string, waitedMs: number): string {
  const place = `Lease ${namespace}/${leaseName}${created ? `, for which namespace ${namespace} was made` : ''}`
  if (how === 'expired') return `${place}: taken over from ${after}, which died`
  return after === '' ? place : `${place}: free after ${Math.round(waitedMs / 1000)} s of waiting for ${after}`
}

function lostFailure({namespace}: Claim, why: string): Failure {
  return new Failure(`This run lost its Lease \`${namespace}/${leaseName}\`: ${why}. It changes nothing any more.`, {
    cure: 'Run again once the other run has ended. If there was none, look at how this runner reached the API server.',
    entry: 'lock-lost',
  })
}

const renewEveryMs = 8_000
const watchEveryMs = 1_000
/** Well before another may take over, for its clock began to run when it saw our last renewal. */
const surrenderMs = (leaseSeconds * 1000 * 2) / 3
