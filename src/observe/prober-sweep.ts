import type {Io, Kube, KubeObject} from '../io/io.ts'
import {proberLabels} from './prober-pod.ts'

/** Annotation with the moment, RFC 3339, at which the kubelet ends a prober. */
export const endsAt = 'istio-mtls/ends-at'

/**
 * Removes the probers of runs that were killed: those that have ended, and those past their moment. A prober that lives within its
 * time is left alone, for its run may be at work beside this one. Returns how many it removed.
 */
export async function sweepProbers(namespace: string, kube: Kube, io: Pick<Io, 'clock' | 'log'>): Promise<number> {
  const now = io.clock.now().getTime()
  const selector = Object.entries(proberLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const path = `/api/v1/namespaces/${namespace}/pods`
  const left = await kube.list(`${path}?labelSelector=${encodeURIComponent(selector)}`, (pod) => (isOver(pod, now) ? pod : null))
  for (const {metadata} of left) {
    if (await kube.remove(`${path}/${metadata.name}`, {uid: metadata.uid ?? ''})) {
      io.log.line(`the prober ${namespace}/${metadata.name} of a run that was killed was removed`)
    }
  }
  return left.length
}

function isOver({metadata, status}: KubeObject, now: number): boolean {
  const {phase} = (status ?? {}) as {phase?: string}
  const ends = Date.parse(metadata.annotations?.[endsAt] ?? '')
  return phase === 'Succeeded' || phase === 'Failed' || ends < now
}
