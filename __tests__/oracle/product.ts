import {ambientMode} from '../../src/derive/ambient-mode.ts'
import {decidingPolicies, effectiveMode} from '../../src/derive/effective-mode.ts'
import {meshFor} from '../../src/derive/mesh-for.ts'
import {policiesVisible} from '../../src/derive/policies-visible.ts'
import {policiesByLevel, policyIndex} from '../../src/derive/policy-index.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Part} from '../../src/model/part.ts'
import type {Asked} from '../../src/model/snapshot.ts'
import type {Pod} from '../../src/model/workload.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import type {Modes} from './oracle.ts'

/** What this action says of the ports of every sidecar pod, from the same objects the oracle gets. */
export function productModes(objects: KubeObject[], ports: number[]): Record<string, Modes> {
  return perPod(objects, ({index, pod}) => {
    const deciding = decidingPolicies(index, pod.namespace, pod.labels)
    return byPort(ports, (port) => effectiveMode(deciding, port).mode)
  })
}

/** What it says of ambient pods: `undecided` where it says that Istio's order is undefined. */
export function productAmbientModes(objects: KubeObject[], ports: number[]): Record<string, Modes> {
  return perPod(objects, ({index, pod, rootNamespace}) => {
    const levels = policiesByLevel(index, pod.namespace, pod.labels)
    return byPort(ports, (port) => {
      const {mode, undecided} = ambientMode(levels, pod.namespace === rootNamespace, port)
      return undecided ? `undecided, at least ${mode}` : mode
    })
  })
}

interface Seen {
  pod: Pod
  index: ReturnType<typeof policyIndex>
  rootNamespace: string
}

function perPod(objects: KubeObject[], modes: (seen: Seen) => Modes): Record<string, Modes> {
  const snapshot = snapshotFrom(objects, asked, {takenAt: '2026-11-22T18:01:00Z'})
  const meshes = partValue(snapshot.mesh)
  return Object.fromEntries(
    partValue(snapshot.pods).map((pod) => {
      const mesh = meshFor(pod, meshes)
      const index = policyIndex(policiesVisible(partValue(snapshot.policies), mesh, partValue(snapshot.namespaces)), mesh.rootNamespace)
      return [`${pod.namespace}/${pod.name}`, modes({pod, index, rootNamespace: mesh.rootNamespace})]
    }),
  )
}

function byPort(ports: number[], mode: (port: number | null) => string): Modes {
  return Object.fromEntries(ports.map((port) => [String(port), mode(port === 0 ? null : port)]))
}

function partValue<T>(part: Part<T>): T {
  if (!part.read) throw new Error(part.reason)
  return part.value
}

const asked: Asked = {
  scope: {namespaces: ['*'], exclude: []},
  revision: '',
  istioVersion: '',
  mtlsMode: 'STRICT',
  require: 'configured',
  probes: false,
  requireAuthorization: false,
  accessLogging: false,
  minTls: '',
}
