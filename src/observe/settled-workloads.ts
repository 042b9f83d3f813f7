import {dataPlane, isFinished} from '../derive/membership.ts'
import type {Io} from '../io/io.ts'
import type {Pod} from '../model/workload.ts'
import {type Asked, isInScope} from '../model/snapshot.ts'
import type {Reader} from './reads.ts'
import {readWorkloads, type Workloads} from './workload-reads.ts'

/**
 * Reads the workloads, and again while pods without a proxy are on their way out: for the rest of their grace period they answer in
 * plain text, so right after a rollout they would make a mended mesh look broken. Waits at most `patienceMs`; what is left then is judged.
 */
export async function readSettledWorkloads(
  asked: Asked,
  deadline: number,
  reader: Reader,
  io: Pick<Io, 'clock' | 'log'>,
): Promise<Workloads> {
  const until = Math.min(io.clock.ticks() + patienceMs, deadline)
  for (let pause = 1000, told = 0; ; pause = Math.min(pause * 2, 5000)) {
    const workloads = await readWorkloads(reader)
    const leaving = workloads.pods.read ? workloads.pods.value.filter((pod) => isLeaving(pod, asked)) : []
    if (leaving.length === 0 || io.clock.ticks() + pause > until) return workloads
    if (leaving.length !== told)
      io.log.line(`waiting for ${leaving.length} pods without a proxy to end, such as ${leaving[0]?.namespace}/${leaving[0]?.name}`)
    told = leaving.length
    await io.clock.sleep(pause)
  }
}

/** Kubernetes' default grace period of 30 s, and a little. */
const patienceMs = 35_000

function isLeaving(pod: Pod, {scope}: Asked): boolean {
  return pod.terminating && !isFinished(pod) && isInScope(scope, pod.namespace, '') && dataPlane(pod) === 'none'
}
