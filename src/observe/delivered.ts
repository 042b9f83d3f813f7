import {progress} from './progress.ts'
import {judgedViews} from '../derive/judged-pods.ts'
import type {PodView} from '../derive/pod-view.ts'
import type {Io, Kube} from '../io/io.ts'
import type {Delivered, ProxyState, RunningProxy} from '../model/delivered.ts'
import {messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import {bounded} from './bounded.ts'
import {type ControlPlaneView, type IstiodPod, readSettledReplicas} from './delivered-istiod.ts'
import {gone, inspectProxy} from './delivered-proxy.ts'
import type {DeliveryOptions, DeliveryTarget} from './delivery-target.ts'
import {forwardingGrants, type Grants} from './delivery-grants.ts'
import {type Round, waitUntilDelivered} from './wait-until-delivered.ts'

/**
 * Evidence B of a snapshot whose other parts are read: every istiod's own view, and the admin port of every Envoy in scope, as far as the account may forward ports
 * (live-evidence.md, section 4). After a change it waits until the change is delivered. Never throws; whatever is not read says why.
 */
export async function readDelivered(snapshot: Snapshot, options: DeliveryOptions, kube: Kube, io: Io): Promise<Part<Delivered>> {
  if (!snapshot.pods.read) return unread(`no proxy could be read: ${snapshot.pods.reason}`)
  try {
    const targets = targetsOf(snapshot)
    const istiods = istiodPods(snapshot)
    const namespaces = [...istiods, ...targets].map(({namespace}) => namespace)
    const granted = await forwardingGrants(namespaces, options.concurrency, kube, io)
    const withheld = {deliver: deliverWithheld(snapshot, istiods, granted), inspect: inspectWithheld(targets, granted)}
    const round: Round = {
      targets: targets.map((target) => ({...target, why: target.why || notGranted(target.namespace, granted)})),
      istiods,
      snapshot,
      options,
    }
    const [view, running] = await Promise.all([
      withheld.deliver === '' ? readSettledReplicas(istiods, options, kube, io) : none,
      readProxies(round, kube, io),
    ])
    const settled =
      options.changed === null || withheld.deliver !== ''
        ? {view, running, propagation: null}
        : await waitUntilDelivered(round, {view, running}, kube, io)
    return read({
      withheld,
      replicas: settled.view.replicas,
      proxies: round.targets.map((target) => stateOf(target, settled.view, settled.running)),
      propagation: settled.propagation,
    })
  } catch (thrown) {
    return unread(`reading the proxies failed: ${messageOf(thrown)}`)
  }
}

/** Every pod in scope that runs Envoy; those that cannot answer carry the reason. */
export function targetsOf(snapshot: Snapshot): DeliveryTarget[] {
  return judgedViews(snapshot).flatMap((view) => {
    const listeners = listenerNames(view)
    return listeners === null ? [] : [{namespace: view.pod.namespace, pod: view.pod.name, view, listeners, why: cannotAnswer(view.pod)}]
  })
}

/** Which of a proxy's listeners meet inbound traffic, as Envoy's `name_regex`: an Envoy in a big mesh has thousands of outbound ones; null: no Envoy. */
function listenerNames({plane, capture}: PodView): string | null {
  if (plane === 'sidecar') return capture?.mode === 'NONE' ? '.*' : 'virtualInbound|connect_terminate'
  if (plane === 'waypoint') return 'connect_terminate'
  return plane === 'gateway' ? '' : null
}

function cannotAnswer({phase, terminating, simulated, name}: Pod): string {
  if (simulated) return `pod \`${name}\` does not run yet`
  if (terminating) return `pod \`${name}\` is terminating`
  return phase === 'Running' ? '' : `pod \`${name}\` is ${phase || 'not running'}`
}

function istiodPods({controlPlane, pods}: Snapshot): IstiodPod[] {
  if (!controlPlane.read || !pods.read) return []
  return pods.value.flatMap((pod) => {
    const istiod = controlPlane.value.istiods.find(
      ({namespace, name}) => pod.namespace === namespace && pod.workload.kind === 'Deployment' && pod.workload.name === name,
    )
    const runs = pod.phase === 'Running' && !pod.terminating && !pod.simulated
    return istiod === undefined || !runs ? [] : [{namespace: pod.namespace, pod: pod.name, revision: istiod.revision}]
  })
}

function deliverWithheld({controlPlane}: Snapshot, istiods: readonly IstiodPod[], granted: Grants): string {
  if (!controlPlane.read) return `istiod could not be asked: ${controlPlane.reason}`
  if (istiods.length === 0) return 'no istiod pod runs that could be asked'
  const refused = istiods.find(({namespace}) => granted(namespace) !== '')
  return refused === undefined
    ? ''
    : `the role \`deliver\` (rbac/deliver.yaml) is not granted in namespace \`${refused.namespace}\`: ${granted(refused.namespace)}`
}

/** Withheld altogether only where it is granted nowhere: else each pod says so for itself. */
function inspectWithheld(targets: readonly DeliveryTarget[], granted: Grants): string {
  const [first] = targets
  if (first === undefined || targets.some(({namespace}) => granted(namespace) === '')) return ''
  return `the role \`inspect\` (rbac/inspect.yaml) is not granted: ${granted(first.namespace)}`
}

function notGranted(namespace: string, granted: Grants): string {
  const why = granted(namespace)
  return why === '' ? '' : `the role \`inspect\` (rbac/inspect.yaml) is not granted in namespace \`${namespace}\`: ${why}`
}

async function readProxies({targets, options}: Round, kube: Kube, io: Io): Promise<Map<string, Part<RunningProxy>>> {
  const asked = targets.filter(({why}) => why === '')
  if (asked.length > 0) io.log.detail(`reading what ${asked.length} proxies run`)
  const tell = progress(io)
  let looked = 0
  const running = await bounded(asked, options.concurrency, async (target) => {
    looked++
    tell(() => `reading what the proxies run: ${looked} of ${asked.length}`)
    if (io.cancelled.aborted) return unread('the run was cancelled')
    return inspectProxy(target, Math.min(podTimeoutMs, options.deadline - io.clock.ticks()), kube)
  })
  return new Map(asked.map((target, at) => [keyOf(target), running[at] ?? unread('it was not read')]))
}

/** One slow pod must not hold up the rest. */
const podTimeoutMs = 15_000

const none: ControlPlaneView = {replicas: [], sync: new Map()}

function stateOf(target: DeliveryTarget, {sync}: ControlPlaneView, running: ReadonlyMap<string, Part<RunningProxy>>): ProxyState {
  const {namespace, pod, why} = target
  const own = running.get(keyOf(target))
  return {
    namespace,
    pod,
    asked: own !== undefined && !(own.read === false && own.reason === gone(pod)),
    sync: sync.get(`${pod}.${namespace}`) ?? null,
    running: own ?? unread(why),
  }
}

/** `namespace/name` of a target. */
export function keyOf({namespace, pod}: Pick<DeliveryTarget, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`
}
