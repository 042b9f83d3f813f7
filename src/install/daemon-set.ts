import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import {agentPaths} from './agents.ts'
import type {AgentChart} from './found.ts'
import {troublesOf, watchedOf} from './diagnosis.ts'

/** How far a DaemonSet's rollout is; `nodes`: how many shall have a pod. */
export interface DaemonSetState {
  ready: boolean
  nodes: number
  says: string
}

/** True readiness: every node that shall have a pod has a new one that is available (kubectl pkg/polymorphichelpers/rollout_status.go). */
export function daemonSetState({metadata, status}: KubeObject): DaemonSetState {
  const {
    observedGeneration = 0,
    desiredNumberScheduled: nodes = 0,
    updatedNumberScheduled = 0,
    numberAvailable = 0,
  } = (status ?? {}) as Record<string, number>
  if (observedGeneration < (metadata.generation ?? 0)) return {ready: false, nodes, says: 'its controller has not seen it yet'}
  if (updatedNumberScheduled < nodes) return {ready: false, nodes, says: `${updatedNumberScheduled} of ${nodes} pods are new`}
  if (numberAvailable < nodes) return {ready: false, nodes, says: `${numberAvailable} of ${nodes} pods are available`}
  return {ready: true, nodes, says: `available on ${nodes} nodes`}
}

/**
 * Waits until an agent of the data plane is available on every node. helm does not: helm 3 lets as many pods be missing as the update may
 * take away, which for the CNI agent on one node is all of them. Throws a `Failure` with the pods' own reasons after `timeoutMs`.
 */
export async function awaitDaemonSet(
  chart: AgentChart,
  namespace: string,
  timeoutMs: number,
  kube: Kube,
  io: Pick<Io, 'clock' | 'log' | 'cancelled'>,
): Promise<DaemonSetState> {
  const began = io.clock.ticks()
  for (let said = ''; ; ) {
    const found = await kube.list(agentPaths[chart], (item) => (item.metadata.namespace === namespace ? item : null))
    const states = found.map(daemonSetState)
    const open = states.find(({ready}) => !ready)
    const [first] = states
    if (open === undefined && first !== undefined) return first
    const says = open?.says ?? 'there is no such DaemonSet'
    if (io.clock.ticks() - began >= timeoutMs) throw await late(chart, namespace, says, timeoutMs, kube)
    if (says !== said) io.log.line(`waiting for ${chart}: ${says}`)
    said = says
    await io.clock.sleep(lookEveryMs, io.cancelled)
  }
}

const lookEveryMs = 1000

async function late(chart: AgentChart, namespace: string, says: string, timeoutMs: number, kube: Kube): Promise<Failure> {
  const watched = watchedOf({chart, namespace}, '')
  const troubles = watched === null ? [] : await troublesOf(watched, kube).catch(() => [])
  return new Failure(`\`${chart}\` is not available after ${Math.round(timeoutMs / 1000)} s: ${[says, ...troubles].join('; ')}`, {
    cure: 'Read what its pods say above: without this agent on a node, ambient pods there get no mutual TLS. The next run begins where this one ended.',
    entry: 'agent-not-ready',
  })
}
