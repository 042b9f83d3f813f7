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

/**
 * Which ports to ask: those of every row that evidence can move, on every pod that runs. The row of undeclared ports is asked at one port
 * that nobody declares. Left out: what is exempt, ambient (the API server's node is let in, rules 46 and 67), proxyless (a plain request
 * would reach the application), excluded workloads, and pods whose address may be another's by now.
 */
export function plannedPorts(rows: readonly Endpoint[], pods: readonly Pod[], exclude: readonly string[]): PlannedPort[] {
  const running = new Map(pods.filter(isProbed).map((pod) => [podKey(pod.namespace, pod.name), pod]))
  const declared = declaredPorts(rows)
  const asked = rows.filter((row) => isAsked(row) && !exclude.some((pattern) => isExcluded(pattern, row)))
  return asked.flatMap((row) =>
    row.pods.flatMap((name) => {
      const key = podKey(row.namespace, name)
      const address = running.get(key)?.ips[0]
      if (address === undefined) return []
      const port = row.port ?? undeclaredPortToProbe(declared.get(key) ?? [])
      return [{namespace: row.namespace, pod: name, address, port, strict: row.mode === 'STRICT', declared: row.port !== null}]
    }),
  )
}

/** Undeclared ports are worth a probe only under STRICT: elsewhere nothing can be learned from a port where nobody listens. */
function isAsked({port, mode, protocol, verdict, dataPlane}: Endpoint): boolean {
  if (protocol !== 'TCP' || verdict === 'exempt') return false
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
