import type {Dial, Io, Kube} from '../io/io.ts'
import type {Probes} from '../model/evidence.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {type Ask, askThrough} from './ask.ts'
import {askByWire} from './ask-by-wire.ts'
import {type Reach, throughApiServer} from './probe-plan.ts'
import type {ProberOptions} from './prober-options.ts'
import {openPods} from './prober-pods.ts'
import {readMeshRoots, servedJudge} from './served.ts'

/** Who asks the ports of a run, and what its word is worth. */
export interface Prober {
  by: Probes['by']
  reach: Reach
  ask: Ask
  /** Connections through the sidecar of a prober inside the mesh; null without one. */
  meshDial: Dial | null
  /** Gives back what asking took; never throws. */
  close(): Promise<void>
}

/** What opening a prober takes besides the snapshot; `deadline` in clock ticks. */
export interface ProberNeeds {
  mode: Probes['by']
  prober: ProberOptions | undefined
  deadline: number
}

/** Opens the prober that was asked for; throws a `Failure` when its pod does not come up, and has then removed it. */
export async function openProber(snapshot: Snapshot, {mode, prober, deadline}: ProberNeeds, kube: Kube, io: Io): Promise<Prober> {
  const left = () => deadline - io.clock.ticks()
  if (mode === 'api-server') {
    return {by: mode, reach: throughApiServer, ask: askThrough(kube, left), meshDial: null, close: async () => {}}
  }
  const meshes = snapshot.mesh.read ? snapshot.mesh.value : []
  const pods = snapshot.pods.read ? snapshot.pods.value : []
  const judge = servedJudge(pods, meshes, await readMeshRoots(meshes, kube), io.clock.now())
  if (mode === 'direct') {
    const ask = askByWire(io.wire.dial, io.wire, judge, left)
    return {by: mode, reach: {addresses: 'all', ambient: false}, ask, meshDial: null, close: async () => {}}
  }
  if (prober === undefined) throw new Error('no prober was described')
  const started = await openPods(
    {options: prober, mesh: ruling(meshes, snapshot.asked.revision), meshed: mode === 'mesh', deadline},
    kube,
    io,
  )
  const ask = askByWire(started.dial, io.wire, judge, left)
  return {by: mode, reach: {addresses: 'all', ambient: true}, ask, meshDial: started.meshDial, close: started.close}
}

/** The mesh that the meshed prober joins, and whose proxy image both run. */
function ruling(meshes: readonly Mesh[], revision: string): Pick<Mesh, 'namespace' | 'revision'> {
  const wanted = revision || 'default'
  return meshes.find((mesh) => mesh.revision === wanted) ?? meshes[0] ?? {namespace: 'istio-system', revision: wanted}
}
