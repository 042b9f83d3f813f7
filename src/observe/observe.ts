import type {Io, Kube, KubeObject} from '../io/io.ts'
import type {Cluster, ValidationAnswer} from '../model/mesh.ts'
import {type Part, unread} from '../model/part.ts'
import type {Asked, Snapshot} from '../model/snapshot.ts'
import {claimantsOf, readControlPlane, readMesh, readWebhooks} from './control-plane.ts'
import {readDelivered} from './delivered.ts'
import {readListedParts} from './listed-parts.ts'
import type {ObserveOptions} from './observe-options.ts'
import {probe} from './probes.ts'
import {namespaceFrom} from './project-namespace.ts'
import {type Reader, readerOf} from './reads.ts'
import {readSettledWorkloads} from './settled-workloads.ts'

/** Reads everything the checks need, then probes. Never throws: what cannot be read is unread, and one failing read spoils only its part. */
export async function observe(asked: Asked, options: ObserveOptions, kube: Kube, io: Io): Promise<Snapshot> {
  const takenAt = io.clock.now().toISOString()
  const reader = readerOf(kube, io, options.deadline)
  const [workloads, webhooks, cluster, validation, listed] = await Promise.all([
    readSettledWorkloads(asked, options.deadline, reader, io),
    readWebhooks(reader),
    readCluster(options.clusterName, kube, reader),
    askValidation(options.askWebhook, reader),
    readListedParts(reader),
  ])
  const claimed = claimantsOf(workloads.istiods, webhooks)
  const [mesh, controlPlane] = await Promise.all([
    readMesh(claimed, workloads.pods, asked.revision, kube, reader),
    readControlPlane(claimed, webhooks, reader),
  ])
  const {pods, templates} = workloads
  const [probes, delivered] = [unread('the ports were not probed yet'), unread('the proxies were not read yet')]
  const snapshot: Snapshot = {
    version: 1,
    takenAt,
    asked,
    cluster,
    mesh,
    controlPlane,
    validation,
    pods,
    templates,
    ...listed,
    delivered,
    probes,
  }
  const changed = patience(options, snapshot.mesh)
  const {
    deadline,
    probes: {concurrency},
  } = options
  // Before any probe: what probes send would be counted as traffic (live-evidence.md, section 5).
  const known = {...snapshot, delivered: await readDelivered(snapshot, {concurrency, deadline, changed}, kube, io)}
  return {...known, probes: await probe(known, {...options, settleUntil: changed?.until ?? null}, kube, io)}
}

/** After a change: from when, and until when ports may still show what was before. Old connections live for the mesh's drain time (section 3). */
function patience({settleUntil, changedAt}: ObserveOptions, mesh: Snapshot['mesh']): {at: number; until: number} | null {
  if (settleUntil === null) return null
  const drains = (mesh.read ? mesh.value : []).map(({drainDurationSeconds}) => drainDurationSeconds * 1000 + marginMs)
  const at = changedAt ?? settleUntil - defaultMs
  return {at, until: Math.max(settleUntil, ...(changedAt == null ? [] : drains.map((ms) => changedAt + ms)))}
}

const marginMs = 15_000
const defaultMs = 60_000

/** The snapshot of a run that never reached its cluster: every part unread, for the same reason. */
export function unreachable(asked: Asked, clusterName: string, io: Io): Snapshot {
  const part = unread(`${clusterName === '' ? 'the cluster' : `cluster \`${clusterName}\``} was not reached: see the stage \`connect\``)
  return {
    version: 1,
    takenAt: io.clock.now().toISOString(),
    asked,
    cluster: part,
    mesh: part,
    controlPlane: part,
    validation: part,
    namespaces: part,
    pods: part,
    templates: part,
    services: part,
    policies: part,
    destinationRules: part,
    serviceEntries: part,
    workloadEntries: part,
    sidecars: part,
    gateways: part,
    envoyFilters: part,
    authorizationPolicies: part,
    requestAuthentications: part,
    telemetries: part,
    roots: part,
    delivered: part,
    probes: part,
  }
}

async function readCluster(clusterName: string, kube: Kube, reader: Reader): Promise<Part<Cluster>> {
  return reader.part('the cluster', '`get` on `namespaces` of API group `""`', async () => {
    const [system, version] = await Promise.all([kube.get('/api/v1/namespaces/kube-system'), kube.get<KubeObject>('/version')])
    const {uid} = namespaceFrom(system)
    const {gitVersion} = version
    return {name: clusterName || kube.server, uid, kubernetes: typeof gitVersion === 'string' ? gitVersion : '', server: kube.server}
  })
}

async function askValidation(ask: ObserveOptions['askWebhook'], reader: Reader): Promise<Part<ValidationAnswer>> {
  if (ask === null) return unread('the webhook dry run needs `mode: enforce`: it takes the right to create PeerAuthentications')
  return reader.part("istiod's validation webhook", '`create` on `peerauthentications` of API group `security.istio.io`', ask)
}
