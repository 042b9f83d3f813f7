import type {Endpoint} from '../model/endpoint.ts'
import {globMatches} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'

/** One port of one pod to be asked. */
export interface PlannedPort {
  namespace: string
  pod: string
  address: string
  port: number
  /** Was STRICT computed for it? Only then is it worth several tries, and is a plain request harmless: nothing reaches the application. */
  strict: boolean
}

/**
 * Which ports to ask: those of every row that evidence can move, on every pod that runs. Left out: what is exempt, undeclared ports
 * (null), ambient (the API server's node is let in, rules 46 and 67), excluded workloads, and pods whose address may be another's.
 */
export function plannedPorts(rows: readonly Endpoint[], pods: readonly Pod[], exclude: readonly string[]): PlannedPort[] {
  const running = new Map(pods.filter(isProbed).map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  return rows.flatMap((row) => {
    const {port} = row
    if (port === null || !isAsked(row) || exclude.some((pattern) => isExcluded(pattern, row))) return []
    return row.pods.flatMap((name) => {
      const address = running.get(`${row.namespace}/${name}`)?.ips[0]
      if (address === undefined) return []
      return [{namespace: row.namespace, pod: name, address, port, strict: row.mode === 'STRICT' && row.verdict !== 'violated'}]
    })
  })
}

function isAsked({protocol, verdict, dataPlane}: Endpoint): boolean {
  return protocol === 'TCP' && verdict !== 'exempt' && askedDataPlanes.has(dataPlane)
}

const askedDataPlanes = new Set<Endpoint['dataPlane']>(['sidecar', 'proxyless', 'none'])

/** `namespace/name` or `namespace/name:port`, globs allowed. */
function isExcluded(pattern: string, {namespace, workload, port}: Endpoint): boolean {
  const name = `${namespace}/${workload.name}`
  return globMatches(pattern, name) || globMatches(pattern, `${name}:${port}`)
}

function isProbed({phase, terminating, hostNetwork, simulated}: Pod): boolean {
  return phase === 'Running' && !terminating && !hostNetwork && !simulated
}
