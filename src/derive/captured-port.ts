import type {Pod} from '../model/workload.ts'
import {type Capture, captureOf} from './capture.ts'

/** Where traffic to a port can pass the proxy by: one readable clause each, empty when it is intercepted on every address. */
export function openings(pod: CapturedPod, port: number | null, capture: Capture = captureOf(pod)): string[] {
  if (capture.mode === 'NONE') return ['nothing intercepts its traffic']
  const ways: string[] = []
  if (port === HBONE) ways.push('the capture rules leave port 15008 out')
  else if (!isIncluded(capture, port)) ways.push(includedText(capture))
  else if (port !== null && capture.excludeInbound.includes(port)) ways.push(`the capture rules exclude port ${port}`)
  for (const name of capture.excludeInterfaces) ways.push(`what arrives by interface \`${name}\` is not intercepted`)
  if (openAddresses(pod, capture).length > 0) ways.push('no capture rules are written for its IPv6 address')
  return ways
}

/** True when a sidecar pod's proxy intercepts a container port on every address; null: all ports that nobody declares (rules 32 to 37). */
export function capturedPort(pod: CapturedPod, port: number | null): boolean {
  return openings(pod, port).length === 0
}

/** Addresses whose family has no rules: IPv6 behind IPv4 without dual stack; IPv4 rules are always written (istio-iptables builder:AppendRuleV6). */
export function openAddresses(pod: Pick<CapturedPod, 'ips'>, capture: Pick<Capture, 'dualStack'>): string[] {
  const isIPv6 = (address: string) => address.includes(':')
  const first = pod.ips[0]
  return first === undefined || isIPv6(first) || capture.dualStack ? [] : pod.ips.filter(isIPv6)
}

type CapturedPod = Pick<Pod, 'containers' | 'initContainers' | 'ips'>

/** Returned before any other rule: the tunnel's port is the proxy's own where HBONE is on (rule 35). */
export const HBONE = 15008

function isIncluded({includeInbound}: Capture, port: number | null): boolean {
  return includeInbound === '*' || (port !== null && includeInbound.includes(port))
}

function includedText({includeInbound}: Capture): string {
  return includeInbound.length === 0
    ? 'the capture rules include no port'
    : `the capture rules include only ${[...includeInbound].join(', ')}`
}
