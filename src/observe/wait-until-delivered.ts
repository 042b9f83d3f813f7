import {progress} from './progress.ts'
import {deliveredMode} from '../derive/delivered-mode.ts'
import {laggingPolicies} from '../derive/held-policies.ts'
import {judgedPorts} from '../derive/judged-pods.ts'
import type {Io, Kube} from '../io/io.ts'
import type {Propagation, RunningProxy} from '../model/delivered.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {bounded} from './bounded.ts'
import type {DeliveryOptions, DeliveryTarget} from './delivery-target.ts'
import {type ControlPlaneView, type IstiodPod, readReplicas} from './delivered-istiod.ts'
import {gone, inspectListeners} from './delivered-proxy.ts'
import {podFrom} from './project-pod.ts'

/** What is looked at, again and again. */
export interface Round {
  targets: DeliveryTarget[]
  istiods: IstiodPod[]
  snapshot: Snapshot
  options: DeliveryOptions
}

/** What one look saw. */
export interface Seen {
  view: ControlPlaneView
  running: Map<string, Part<RunningProxy>>
}

/**
 * Waits until a change is delivered (live-evidence.md, section 3), looking again at what is not: every istiod holds every policy as it stands, every proxy is connected and has acknowledged
 * its listeners, and its ACTIVE listener shows the computed mode; where proxies may not be read, their nonces must have moved since istiod held the policies, or stood still for
 * as long as istiod ever collects changes. A proxy that rejected its listeners is not waited for. Ends with the patience of `options.changed`.
 */
export async function waitUntilDelivered(round: Round, first: Seen, kube: Kube, io: Io): Promise<Seen & {propagation: Propagation | null}> {
  const {changed, deadline} = round.options
  if (changed === null) return {...first, propagation: null}
  const until = Math.min(changed.until, deadline)
  let seen = first
  const since = new HeldSince()
  const tell = progress(io)
  for (let pause = 250; ; pause = Math.min(pause * 2, 2000)) {
    since.look(seen.view, lagging(round, seen.view).length === 0, io.clock.ticks())
    const pending = pendingIn(round, seen, since, io.clock.ticks())
    const ms = Math.round(io.clock.ticks() - changed.at)
    if (pending.length === 0) return {...seen, propagation: {ms, complete: true, pending}}
    if (io.cancelled.aborted || io.clock.ticks() + pause > until) return {...seen, propagation: {ms, complete: false, pending}}
    io.log.detail(`the change has not reached ${pending.length} yet, such as ${pending[0]?.pod}: ${pending[0]?.why}`)
    tell(() => `waiting for the change to be delivered: ${pending.length} proxies have not got it yet, such as ${pending[0]?.pod}`)
    await io.clock.sleep(pause, io.cancelled)
    seen = await lookAgain(
      round,
      seen,
      pending.map(({pod}) => pod),
      kube,
      io,
    )
  }
}

async function lookAgain(round: Round, {running}: Seen, pending: readonly string[], kube: Kube, io: Io): Promise<Seen> {
  const {options, targets} = round
  const asked = targets.filter((target) => pending.includes(nameOf(target)) && target.why === '' && target.listeners !== '')
  const [view, fresh] = await Promise.all([
    istiodsNow(round, kube).then((istiods) => readReplicas(istiods, options, kube, io)),
    bounded(asked, options.concurrency, (target) => inspectListeners(target, Math.min(lookMs, options.deadline - io.clock.ticks()), kube)),
  ])
  const now = new Map(running)
  for (const [at, target] of asked.entries()) {
    const before = running.get(nameOf(target))
    const listeners = fresh[at] ?? null
    if (listeners === 'gone') now.set(nameOf(target), unread(gone(target.pod)))
    else if (before?.read && listeners !== null) now.set(nameOf(target), read({...before.value, ...listeners}))
  }
  return {view, running: now}
}

/** The istiod pods that run by now: a replica that was replaced has taken its proxies along. */
async function istiodsNow({istiods}: Round, kube: Kube): Promise<IstiodPod[]> {
  const namespaces = [...new Set(istiods.map(({namespace}) => namespace))]
  try {
    const lists = await Promise.all(
      namespaces.map((namespace) => kube.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Distiod`, (item) => podFrom(item))),
    )
    const running = lists.flat().filter(({phase, terminating}) => phase === 'Running' && !terminating)
    const now = running.map(({namespace, name, labels}) => ({namespace, pod: name, revision: labels['istio.io/rev'] ?? 'default'}))
    return now.length > 0 ? now : istiods
  } catch {
    return istiods
  }
}

const lookMs = 10_000

/** When istiod was first seen to hold all policies, and which nonces its proxies had then: a change of its replicas begins anew. */
class HeldSince {
  at: number | null = null
  private replicas = ''
  private nonces = new Map<string, string>()

  look({replicas, sync}: ControlPlaneView, isHeld: boolean, now: number): void {
    const names = replicas.map(({pod}) => pod).join(' ')
    if (isHeld && this.at !== null && names === this.replicas) return
    this.at = isHeld ? now : null
    this.replicas = names
    this.nonces = new Map([...sync].map(([proxy, {listeners}]) => [proxy, listeners.sent]))
  }

  /** Has what the proxy was sent last certainly been computed with the policies? */
  covers(proxy: string, sent: string, now: number): boolean {
    return this.at !== null && (this.nonces.get(proxy) !== sent || now - this.at >= debounceMaxMs)
  }
}

/** PILOT_DEBOUNCE_MAX: istiod pushes at the latest so long after a change (pilot/pkg/features). */
const debounceMaxMs = 10_000

function pendingIn(round: Round, seen: Seen, since: HeldSince, now: number): Propagation['pending'] {
  const unread = seen.view.replicas.flatMap(({namespace, pod, state}) =>
    state.read ? [] : [{pod: `${namespace}/${pod}`, why: state.reason}],
  )
  const proxies = round.targets.flatMap((target) => {
    const why = isOut(target) ? '' : pendingText(target, seen, since, now)
    return why === '' ? [] : [{pod: nameOf(target), why}]
  })
  return [...lagging(round, seen.view), ...unread, ...proxies]
}

function lagging({snapshot}: Round, {replicas}: ControlPlaneView): Propagation['pending'] {
  const {policies, mesh, namespaces} = snapshot
  if (!policies.read || !mesh.read) return []
  return replicas.flatMap((replica) =>
    laggingPolicies(replica, policies.value, mesh.value, namespaces.read ? namespaces.value : []).map(({policy}) => ({
      pod: `${replica.namespace}/${replica.pod}`,
      why: `istiod does not hold PeerAuthentication ${policy.namespace}/${policy.name} as it stands`,
    })),
  )
}

/** Pods that are leaving or not up yet have nothing to take over. */
function isOut({view}: DeliveryTarget): boolean {
  return view.pod.terminating || view.pod.simulated || view.pod.phase !== 'Running'
}

function pendingText(target: DeliveryTarget, {view, running}: Seen, since: HeldSince, now: number): string {
  const proxy = `${target.pod}.${target.namespace}`
  const sync = view.sync.get(proxy)
  const state = running.get(nameOf(target))
  if (state?.read === false && state.reason === gone(target.pod)) return ''
  // One that is not up yet gets what is current when it connects.
  if (sync === undefined) return target.view.pod.ready ? 'its proxy is connected to no istiod' : ''
  if (sync.errors.length > 0) return ''
  if (sync.listeners.sent !== sync.listeners.acked) return 'its proxy has not acknowledged its listeners'
  if (target.why === '' && state?.read && target.listeners !== '') return openPortText(target, state.value)
  return since.covers(proxy, sync.listeners.sent, now) ? '' : 'its proxy was sent nothing since istiod holds the policies'
}

function openPortText({view}: DeliveryTarget, running: RunningProxy): string {
  for (const {port, protocol, mode} of judgedPorts(view)) {
    if (protocol !== 'TCP' || mode.exempt !== null || mode.doubt !== '' || mode.mode === 'NONE') continue
    const runs = deliveredMode(running, view.capture, port)
    if (runs.mode !== mode.mode) return `${port === null ? 'undeclared ports run' : `port ${port} runs`} ${runs.mode}, not ${mode.mode}`
  }
  return ''
}

function nameOf({namespace, pod}: Pick<DeliveryTarget, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`
}
