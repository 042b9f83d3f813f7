import type {Container, Pod} from '../model/workload.ts'
import {listeningContainers} from './target-port.ts'

/**
 * The containers that listen beside a pod's `istio-proxy`. A gateway's or waypoint's pod has no capture rules (inject
 * files/gateway-injection-template.yaml), so what these serve is reached without the proxy (rule 25).
 */
export function besideProxy(pod: Pick<Pod, 'containers' | 'initContainers'>): Container[] {
  return listeningContainers(pod).filter(({name}) => name !== 'istio-proxy')
}

/** The one of them that declares a TCP port, or null. */
export function besideProxyOn(pod: Pick<Pod, 'containers' | 'initContainers'>, port: number | null): Container | null {
  return besideProxy(pod).find(({ports}) => ports.some((each) => each.protocol === 'TCP' && each.port === port)) ?? null
}

/** One clause: why such a port is plain, whatever the gateway's servers say. */
export function besideProxyText({name}: Pick<Container, 'name'>): string {
  return `container \`${name}\` beside the gateway's proxy serves it, and nothing intercepts`
}
