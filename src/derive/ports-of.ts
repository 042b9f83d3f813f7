import type {Pod, Protocol, Service} from '../model/workload.ts'
import {besideProxyOn} from './beside-proxy.ts'
import {type Capture, captureOf} from './capture.ts'
import {kept} from './kept.ts'
import {listeningContainers, resolveTargetPort} from './target-port.ts'

/** One port of a pod; `port` null stands for all ports that nobody declares. */
export interface PodPort {
  port: number | null
  protocol: Protocol
  /** Has no filter chain of its own: Istio's passthrough chain serves it (rule 15). */
  passthrough: boolean
}

/** Who names ports of a pod besides its containers. */
export interface PortSources {
  services: readonly Service[]
  /** Keys of the deciding workload policy's portLevelMtls. */
  policyPorts: readonly number[]
  /** Ports of the Sidecar's ingress listeners in force. */
  ingressPorts: readonly number[]
  capture: Capture | null
  /** Ports that filter chains of the running proxy name; absent where it was not read. */
  listenerPorts?: readonly number[]
}

/**
 * Every port a pod may listen on: containerPorts, Services' resolved targetPorts, portLevelMtls and Sidecar.ingress ports, ports that the
 * capture rules let by, and `null` for the rest (interface.md, "Rows"); each once per protocol, by number, null last.
 */
export function portsOf(pod: Pick<Pod, 'containers' | 'initContainers' | 'annotations'>, sources: PortSources): PodPort[] {
  const ports = new Map<string, PodPort>()
  const add = (port: number | null, protocol: Protocol) => {
    const key = `${port}/${protocol}`
    if (!ports.has(key)) ports.set(key, {port, protocol, passthrough: !hasOwnChain(port)})
  }
  const targets = sources.services.flatMap((service) =>
    service.ports.flatMap((port) => ({port: resolveTargetPort(pod, port), protocol: port.protocol})),
  )
  // With ingress listeners Istio builds chains for those alone, and a Service's port falls to passthrough (rule 17).
  const chains = new Set([
    ...(sources.ingressPorts.length > 0 ? sources.ingressPorts : targets.map(({port}) => port)),
    ...sources.policyPorts,
  ])
  function hasOwnChain(port: number | null): boolean {
    return port !== null && chains.has(port)
  }
  for (const {port, protocol} of listeningContainers(pod).flatMap((container) => container.ports)) add(port, protocol)
  for (const {port, protocol} of targets) if (port !== null) add(port, protocol)
  for (const port of [...sources.policyPorts, ...sources.ingressPorts]) add(port, 'TCP')
  const proxys = proxyPorts(pod, sources.services)
  for (const port of sources.listenerPorts ?? []) if (!proxys.has(port)) add(port, 'TCP')
  for (const port of sources.capture?.excludeInbound ?? []) if (!proxys.has(port)) add(port, 'TCP')
  add(null, 'TCP')
  return [...ports.values()].sort(byNumber)
}

/**
 * The proxy's own plain ports, always outside capture: the agent's status port, health, metrics (rule 35). An annotated status port counts
 * only as the pod was created with it (rule 33): left out of capture, and named by no other container and no Service.
 */
export function proxyPorts(pod: ProxiedPod, services: readonly Service[] = noServices): ReadonlySet<number> {
  return readProxyPorts(pod.containers, pod.initContainers, pod.annotations, services)
}

type ProxiedPod = Pick<Pod, 'containers' | 'initContainers' | 'annotations'>

const noServices: readonly Service[] = []

/** It is asked for each port of each pod. */
const readProxyPorts = kept(
  (
    containers: Pod['containers'],
    initContainers: Pod['initContainers'],
    annotations: Pod['annotations'],
    services: readonly Service[],
  ): ReadonlySet<number> => {
    const pod = {containers, initContainers}
    const {mode, includeInbound, excludeInbound} = captureOf(pod)
    const annotated = Number(annotations['status.sidecar.istio.io/port'] ?? defaultStatusPort)
    const isTarget = () => services.some(({ports}) => ports.some((each) => resolveTargetPort(pod, each) === annotated))
    if (excludeInbound.includes(annotated) && besideProxyOn(pod, annotated) === null && !isTarget())
      return new Set([annotated, ...fixedPorts])
    // Captured all the same, it is not the agent's: another status port was left out when the pod was made.
    const isCaptured = mode !== 'NONE' && includeInbound === '*' && !excludeInbound.includes(defaultStatusPort)
    return new Set(isCaptured ? fixedPorts : [defaultStatusPort, ...fixedPorts])
  },
)

/** Health and Envoy's metrics. */
const fixedPorts = [15021, 15090]

/** inject files/injection-template.yaml, `statusPort`. */
const defaultStatusPort = 15020

function byNumber(a: PodPort, b: PodPort): number {
  const number = ({port}: PodPort) => port ?? Number.POSITIVE_INFINITY
  return number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0
}
