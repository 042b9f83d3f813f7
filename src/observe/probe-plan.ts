import {HBONE} from '../derive/captured-port.ts'
import {undeclaredPortToProbe} from '../derive/undeclared-port.ts'
import type {Endpoint} from '../model/endpoint.ts'
import {globMatches} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'

/** One port of one pod to be asked. */
export interface PlannedPort {
  namespace: string
  pod: string
  address: string
  port: number
  /** Was STRICT computed for it? Only then is a plain request sent, and harmless: nothing reaches the application. */
  strict: boolean
  /** False for the port that stands for the undeclared ones. */
  declared: boolean
}

/** What a prober can judge: `all` addresses of a pod or only the `first`, and whether its word counts against ambient pods (rule 46). */
export interface Reach {
  addresses: 'first' | 'all'
  ambient: boolean
}

/** The API server's reach: it dials a pod's first address, from who knows which node. */
export const throughApiServer: Reach = {addresses: 'first', ambient: false}

/**
 * Which ports to ask: those of every row that evidence can move, on every pod that runs. The row of undeclared ports is asked at one port
 * that nobody declares; on an ambient pod that is HBONE's, which ztunnel guards whatever the policies say. Left out: what is exempt, ambient where the prober
 * may be a process of the pod's own node (rules 46 and 67), proxyless (a plain request would reach the application), excluded workloads, and pods whose
 * address may be another's by now.
 */
export function plannedPorts(
  rows: readonly Endpoint[],
  pods: readonly Pod[],
  exclude: readonly string[],
  reach: Reach = throughApiServer,
): PlannedPort[] {
  const running = new Map(pods.filter(isProbed).map((pod) => [podKey(pod.namespace, pod.name), pod]))
  const declared = declaredPorts(rows)
  const asked = rows.filter((row) => isAsked(row, reach) && !exclude.some((pattern) => isExcluded(pattern, row)))
  return asked.flatMap((row) =>
    row.pods.flatMap((name) => {
      const key = podKey(row.namespace, name)
      const addresses = running.get(key)?.ips ?? []
      const port = row.port ?? (row.dataPlane === 'ambient' ? HBONE : undeclaredPortToProbe(declared.get(key) ?? []))
      return (reach.addresses === 'all' ? addresses : addresses.slice(0, 1)).map((address) => ({
        namespace: row.namespace,
        pod: name,
        address,
        port,
        strict: row.mode === 'STRICT',
        declared: row.port !== null,
      }))
    }),
  )
}

/** Undeclared ports are worth a probe only under STRICT: elsewhere nothing can be learned from a port where nobody listens. */
function isAsked({port, mode, protocol, verdict, dataPlane}: Endpoint, {ambient}: Reach): boolean {
  if (protocol !== 'TCP' || verdict === 'exempt') return false
  if (dataPlane === 'ambient') return ambient && mode === 'STRICT'
  return dataPlane === 'none'
    ? port !== null
    : (dataPlane === 'sidecar' || dataPlane === 'waypoint') && (port !== null || mode === 'STRICT')
}

function declaredPorts(rows: readonly Endpoint[]): Map<string, number[]> {
  const declared = new Map<string, number[]>()
  for (const {namespace, pods, port} of rows) {
    if (port === null) continue
    for (const pod of pods) {
      const key = podKey(namespace, pod)
      declared.set(key, [...(declared.get(key) ?? []), port])
    }
  }
  return declared
}

function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

/** `namespace/name` or `namespace/name:port`, globs allowed. */
function isExcluded(pattern: string, {namespace, workload, port}: Endpoint): boolean {
  const name = `${namespace}/${workload.name}`
  return globMatches(pattern, name) || globMatches(pattern, `${name}:${port}`)
}

function isProbed({phase, terminating, hostNetwork, simulated}: Pod): boolean {
  return phase === 'Running' && !terminating && !hostNetwork && !simulated
}
