import type {Io, Kube} from '../io/io.ts'
import type {IstiodReplica, ProxySync} from '../model/delivered.ts'
import {messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'
import {bounded} from './bounded.ts'
import {heldFrom, syncFrom} from './project-istiod-debug.ts'

/** An istiod pod to be asked. */
export interface IstiodPod {
  namespace: string
  pod: string
  revision: string
}

/** What all replicas together say: each of itself, and each proxy's state by `pod.namespace`. */
export interface ControlPlaneView {
  replicas: IstiodReplica[]
  sync: Map<string, ProxySync>
}

/** Asks every istiod pod for what it holds and whom it serves, as localhost by port-forward (rule 62). Never throws. */
export async function readReplicas(
  pods: readonly IstiodPod[],
  {concurrency, deadline}: {concurrency: number; deadline: number},
  kube: Kube,
  io: Io,
): Promise<ControlPlaneView> {
  const sync = new Map<string, ProxySync>()
  const replicas = await bounded(pods, concurrency, async (pod) => {
    const state = await readReplica(pod, Math.min(timeoutMs, deadline - io.clock.ticks()), kube)
    if (!state.read) return {...pod, state}
    // A proxy that just moved stands in two lists: the later push is the one in force.
    for (const [proxy, own] of state.value.sync) {
      const before = sync.get(proxy)
      if (before === undefined || before.listeners.sentAt < own.listeners.sentAt) sync.set(proxy, own)
    }
    return {...pod, state: read({policies: state.value.policies, proxies: state.value.sync.size})}
  })
  return {replicas, sync}
}

/** The same, looked at again for some seconds while a proxy has not acknowledged what it was just sent: a push takes its time. */
export async function readSettledReplicas(
  pods: readonly IstiodPod[],
  options: {concurrency: number; deadline: number},
  kube: Kube,
  io: Io,
): Promise<ControlPlaneView> {
  for (let look = 1; ; look++) {
    const view = await readReplicas(pods, options, kube, io)
    const waiting = [...view.sync.values()].some(({listeners: {sent, acked}, errors}) => sent !== acked && errors.length === 0)
    if (!waiting || look === looks || io.clock.ticks() + pauseMs > options.deadline) return view
    await io.clock.sleep(pauseMs, io.cancelled)
  }
}

const looks = 5
const pauseMs = 1000

async function readReplica(
  {namespace, pod}: IstiodPod,
  remainingMs: number,
  kube: Kube,
): Promise<Part<{policies: ReturnType<typeof heldFrom>; sync: Map<string, ProxySync>}>> {
  if (remainingMs <= 0) return unread('the `deadline` of the run was over')
  const ask = async (path: string) => {
    const {status, body} = await kube.forwardedGet({namespace, pod, port: 15014}, path, {timeoutMs: remainingMs, maxBytes})
    if (status !== 200)
      throw new Error(`istiod answered ${status} to \`${path}\`${status === 404 ? ' (is ENABLE_DEBUG_ON_HTTP off?)' : ''}`)
    return body
  }
  try {
    // In this order: what is acknowledged was then pushed with the policies that were held before.
    const policies = heldFrom(await ask('/debug/configz'))
    return read({policies, sync: syncFrom(await ask('/debug/syncz'), pod)})
  } catch (thrown) {
    return unread(`istiod pod \`${namespace}/${pod}\` could not be read: ${messageOf(thrown)}`)
  }
}

const timeoutMs = 20_000
/** Ten thousand proxies are about 20 MB of syncz. */
const maxBytes = 128 * 1024 * 1024
