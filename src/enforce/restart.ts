import type {Io, Kube, KubeObject} from '../io/io.ts'
import {KubeFailure} from '../model/failure.ts'
import {podTroubles} from './pod-trouble.ts'
import {restartObstacle, rolloutStatus} from './rollout-status.ts'

/** A workload whose pods a rollout replaces. */
export interface Rollout {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  namespace: string
  name: string
}

/** `begun`: the cluster was changed, whatever came of it; `says`: how many pods are new, or why the rollout did not begin or end. */
export interface Restarted {
  rolledOut: boolean
  begun: boolean
  ms: number
  says: string
}

/**
 * Restarts one workload as `kubectl rollout restart` does and waits until all its pods are new and available, at most `timeoutMs`.
 * Throws only when the run is cancelled or the API server fails; a rollout that stands in its own way is an answer.
 */
export async function restart(
  rollout: Rollout,
  {timeoutMs}: {timeoutMs: number},
  kube: Kube,
  io: Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>,
): Promise<Restarted> {
  const began = io.clock.ticks()
  const answer = (rolledOut: boolean, begun: boolean, says: string): Restarted => ({
    rolledOut,
    begun,
    ms: Math.round(io.clock.ticks() - began),
    says,
  })
  const path = rolloutPath(rollout)
  const found = await kube.find(path)
  if (found === null) return answer(false, false, 'it is gone')
  const obstacle = restartObstacle({...found, kind: rollout.kind})
  if (obstacle !== null) return answer(false, false, obstacle)

  io.cancelled.throwIfAborted()
  io.changes.begin()
  const annotations = {[restartedAt]: io.clock.now().toISOString()}
  await kube.patch(path, {spec: {template: {metadata: {annotations}}}}, {fieldManager: 'istio-mtls-action'})
  let said = ''
  for (;;) {
    const now = await kube.get(path).catch(goneAsNull)
    if (now === null) return answer(false, true, 'it was deleted while it was restarting')
    const {is, says} = rolloutStatus({...now, kind: rollout.kind})
    if (is === 'done') return answer(true, true, says)
    if (is === 'failed') return answer(false, true, await withTroubles(says, rollout, now, kube))
    if (io.clock.ticks() - began >= timeoutMs)
      return answer(false, true, await withTroubles(`${says} after ${Math.round(timeoutMs / 1000)} s`, rollout, now, kube))
    if (says !== said) io.log.line(`${rollout.kind} ${rollout.namespace}/${rollout.name}: ${says}`)
    said = says
    await io.clock.sleep(lookEveryMs, io.cancelled)
  }
}

/** Address of a rollout's object. */
export function rolloutPath({kind, namespace, name}: Rollout): string {
  return `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`
}

/** The annotation that kubectl writes, too: either's restart shows in the other's history. */
export const restartedAt = 'kubectl.kubernetes.io/restartedAt'

const lookEveryMs = 1000

function goneAsNull(thrown: unknown): null {
  if (thrown instanceof KubeFailure && thrown.status === 404) return null
  throw thrown
}

/** Pods that cannot be read leave the rollout's own words: they are the answer, the pods only explain it. */
async function withTroubles(says: string, {namespace}: Rollout, {spec}: KubeObject, kube: Kube): Promise<string> {
  const {selector} = (spec ?? {}) as {selector?: unknown}
  const troubles = await podTroubles(namespace, selector, kube).catch(() => [])
  return [says, ...troubles].join('; ')
}
