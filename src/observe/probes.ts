import {progress} from './progress.ts'
import {endpoints} from '../derive/endpoints.ts'
import type {Io, Kube} from '../io/io.ts'
import type {PortProbe, ProbeAnswer, Probes, Sighting} from '../model/evidence.ts'
import {Failure, messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'
import type {Ask} from './ask.ts'
import {believed, stillTheirs, unidentified} from './believed.ts'
import {bounded} from './bounded.ts'
import {isReachable, runControls, runLastControl} from './controls.ts'
import {callMesh, plannedCalls} from './mesh-calls.ts'
import type {ObserveOptions} from './observe-options.ts'
import {type PlannedPort, plannedPorts} from './probe-plan.ts'
import {isSettled, isSilent, mayStillSettle, probePort} from './probe-port.ts'
import {openProber, type Prober} from './prober.ts'

type Options = Pick<ObserveOptions, 'probes' | 'settleUntil' | 'deadline'>

/** Live proof by the prober that was asked for: controls, then every port the rows of `snapshot` ask for. Never throws. */
export async function probe(snapshot: Snapshot, options: Options, kube: Kube, io: Io): Promise<Part<Probes>> {
  const {mode, prober} = options.probes
  if (mode === 'off') return unread('live proof was not asked for (`probes: off`)')
  if (!snapshot.pods.read) return unread(`no port could be probed: ${snapshot.pods.reason}`)
  try {
    const opened = await openProber(snapshot, {mode, prober, deadline: options.deadline}, kube, io)
    try {
      return await probeBy(opened, snapshot, snapshot.pods.value, options, kube, io)
    } finally {
      await opened.close()
    }
  } catch (thrown) {
    return unread(`probing failed: ${messageOf(thrown)}${thrown instanceof Failure ? ` ${thrown.cure}` : ''}`)
  }
}

async function probeBy(prober: Prober, snapshot: Snapshot, pods: Pod[], options: Options, kube: Kube, io: Io): Promise<Part<Probes>> {
  const {by, ask, reach, meshDial} = prober
  const istiods = snapshot.controlPlane.read ? snapshot.controlPlane.value.istiods : []
  const controls = await runControls(istiods, pods, ask)
  const refused = controls.find(({detail}) => detail.startsWith('the API server answered 403'))
  if (refused !== undefined) return unread('probing was refused (403): grant `get` on `pods/proxy` of API group `""` (rbac/probe.yaml)')
  const rows = endpoints(snapshot)
  const planned = plannedPorts(rows, pods, options.probes.exclude, reach)
  io.log.detail(`probing ${planned.length} ports ${byWords[by]}`)
  const [reachable, asked] = await Promise.all([reachablePods(planned, options, ask), askAll(planned, options, ask, io)])
  if (by === 'api-server') return read({by, controls, reachable, ...asked})

  const identified = by === 'direct' ? believed([...asked.ports, ...(await identities(asked.ports, ask, options, io))]) : asked.ports
  const ports = await stillTheirs(identified, kube)
  const services = snapshot.services.read ? snapshot.services.value : []
  const mesh =
    meshDial === null
      ? {}
      : {
          mesh: await callMesh(plannedCalls(planned, pods, services), meshDial, io, {
            concurrency: options.probes.concurrency,
            deadline: options.deadline,
          }),
        }
  const last = await runLastControl(istiods, pods, ask)
  return read({by, controls: [...controls, last], reachable, ...asked, ports: ports.slice(0, asked.ports.length), ...mesh})
}

const byWords: Record<Probes['by'], string> = {
  'api-server': 'through the API server',
  pod: 'from a prober outside the mesh',
  mesh: 'from a prober outside the mesh, and Services from one inside',
  direct: 'from the runner itself',
}

/** Where no port showed whose address it is, one greeting that a sidecar answers in every mode but DISABLE. */
function identities(ports: readonly PortProbe[], ask: Ask, {probes}: Options, {clock}: Io): Promise<PortProbe[]> {
  return bounded(unidentified(ports), probes.concurrency, async ({namespace, pod, address, port}) => {
    const seen = await ask({namespace, pod, address, port, strict: false}, 'tls')
    return {namespace, pod, address, port, tls: {...seen, tries: 1, at: clock.now().toISOString()}, plain: null}
  })
}

async function reachablePods(planned: PlannedPort[], options: Options, ask: Ask): Promise<string[]> {
  const pods = new Map(planned.filter(({strict}) => strict).map((each) => [`${each.namespace}/${each.pod}`, each]))
  const answers = await bounded([...pods], options.probes.concurrency, async ([name, pod]) => ((await isReachable(pod, ask)) ? name : null))
  return answers.filter((name) => name !== null)
}

/** One round over all ports; after a change of policy, further rounds over those that it has not reached yet (section 3). */
async function askAll(planned: PlannedPort[], options: Options, ask: Ask, io: Io): Promise<Pick<Probes, 'ports' | 'settledAfterMs'>> {
  const began = io.clock.ticks()
  const seen = new Map<PlannedPort, PortProbe>()
  const tell = progress(io)
  const askEach = (ports: PlannedPort[], concurrency = options.probes.concurrency) =>
    bounded(ports, concurrency, async (port) => {
      if (io.cancelled.aborted || io.clock.ticks() >= options.deadline) return
      const now = await probePort(port, ask, io.clock)
      seen.set(port, added(seen.get(port), now, io.clock.ticks() >= options.deadline))
      tell(() => `probed ${seen.size} of ${planned.length} ports`)
    })
  await askEach(planned)
  // Our own load makes the API server lose the race for the alert: what stayed silent is asked once more, a few at a time.
  const silent = planned.filter((port) => port.strict && port.declared && isSilent(seen.get(port)))
  await askEach(silent, Math.ceil(options.probes.concurrency / 8))

  const mayWait = () => options.settleUntil !== null && io.clock.ticks() < Math.min(options.settleUntil, options.deadline)
  const unsettled = () => planned.filter((port) => isOpen(port, seen.get(port)))
  let settledAfterMs: number | undefined
  for (let open = unsettled(); open.length > 0 && mayWait(); open = unsettled()) {
    const {length} = open
    io.log.detail(`${length} ports do not demand mutual TLS yet: asked again in 2 s`)
    tell(() => `waiting for the policy: ${length} of ${planned.length} ports do not demand mutual TLS yet`)
    await io.clock.sleep(2000, io.cancelled)
    await askEach(open)
    settledAfterMs = io.clock.ticks() - began
  }
  const ports = planned.flatMap((port) => seen.get(port) ?? [])
  return settledAfterMs === undefined ? {ports} : {ports, settledAfterMs}
}

/** Not settled, but may be. A silent undeclared port is as settled as it gets: behind it nobody listens, and the proxy may hang up first. */
function isOpen({strict, declared}: PlannedPort, probe: PortProbe | undefined): boolean {
  return strict && probe !== undefined && !isSettled(probe) && mayStillSettle(probe) && (declared || !isSilent(probe))
}

/** The later answer counts, with the tries of all rounds; what spoke against the port is not taken back by one that the deadline cut short. */
function added(before: PortProbe | undefined, now: PortProbe, isLate: boolean): PortProbe {
  const later = (was: ProbeAnswer | null, is: ProbeAnswer | null) => {
    if (was === null || is === null) return is
    const stands = isLate && accusing.has(was.saw) && (is.saw === 'unread' || is.saw === 'inconclusive')
    return {...(stands ? was : is), tries: is.tries + was.tries}
  }
  return {...now, tls: later(before?.tls ?? null, now.tls), plain: later(before?.plain ?? null, now.plain)}
}

const accusing: ReadonlySet<Sighting> = new Set(['plain-text', 'tls', 'foreign-tls'])
