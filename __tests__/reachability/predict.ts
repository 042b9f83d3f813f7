import {type ClientTlsContext, clientTls} from '../../src/derive/client-tls.ts'
import {destinationRuleIndex} from '../../src/derive/destination-rules.ts'
import {endpoints} from '../../src/derive/endpoints.ts'
import {policyIndex} from '../../src/derive/policy-index.ts'
import type {Part} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {Pod} from '../../src/model/workload.ts'
import type {Cell} from './table.ts'
import {namespace, ports} from './world.ts'

/** What a call comes to: did it get an answer, and did it travel in mutual TLS? */
export interface Outcome {
  success: boolean
  mtls: boolean
}

/** What the product's own rules say of a call, from a snapshot of the cluster and nothing else. */
export function predictor(snapshot: Snapshot): (cell: Cell) => Outcome {
  const pods = valueIn(snapshot.pods).filter((pod) => pod.namespace === namespace && !pod.terminating)
  const services = valueIn(snapshot.services)
  const [mesh] = valueIn(snapshot.mesh)
  if (mesh === undefined) throw new Error('no mesh was read')
  const context: ClientTlsContext = {
    mesh,
    rules: destinationRuleIndex(valueIn(snapshot.destinationRules), mesh.rootNamespace),
    policies: policyIndex(valueIn(snapshot.policies), mesh.rootNamespace),
  }
  const rows = endpoints(snapshot)
  return ({from, to, port, path}) => {
    const {port: number, target} = ports[port === 'ws' ? 'http' : port]
    const instances = pods.filter((pod) => pod.labels['app'] === to)
    const server = instances.find((pod) => path === '' || `/${pod.labels['version']}` === path)
    const service = services.find((each) => each.namespace === namespace && each.name === to)
    const client = pods.find((pod) => pod.name === `caller-${from}`)
    if (server === undefined || service === undefined || client === undefined) throw new Error(`${from} → ${to}: no pod or Service`)
    const declared = service.ports.find((each) => each.name === (port === 'ws' ? 'http' : port))?.port ?? number
    const sends =
      from === 'naked'
        ? 'plain-text'
        : clientTls({client, service, port: declared, subset: path.slice(1), server, instances}, context).sends
    const mode = rows.find((row) => row.pods.includes(server.name) && row.port === target)?.mode
    if (mode === undefined) throw new Error(`${to}:${target} has no row`)
    const understood = sends === 'mtls' ? hasProxy(server) && mode !== 'DISABLE' : mode !== 'STRICT'
    return {success: understood, mtls: understood && sends === 'mtls'}
  }
}

function hasProxy({initContainers, containers}: Pod): boolean {
  return [...containers, ...initContainers].some(({name}) => name === 'istio-proxy')
}

function valueIn<T>(part: Part<T>): T {
  if (!part.read) throw new Error(part.reason)
  return part.value
}
