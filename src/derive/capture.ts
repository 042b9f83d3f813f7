import type {Container, Pod} from '../model/workload.ts'
import {kept} from './kept.ts'
import {proxyContainer} from './membership.ts'

/** What a sidecar pod's traffic rules do, from the arguments that its init container really ran with (rules 33 to 38). */
export interface Capture {
  /** NONE: no rules at all; nothing shows any. */
  mode: 'REDIRECT' | 'TPROXY' | 'NONE'
  /** The container whose arguments say so, '' with NONE. */
  source: string
  /** `*`, or the only ports that are intercepted (rule 34). */
  includeInbound: '*' | number[]
  /** Ports left out of `*`, Istio's own among them. */
  excludeInbound: number[]
  /** Traffic by these interfaces is free on every port (rule 37). */
  excludeInterfaces: string[]
  /** False: rules are written for the pod's first address family alone, unless that is IPv6 (config.go:getLocalIP). */
  dualStack: boolean
  outbound: {includeRanges: string; excludeRanges: string; includePorts: string; excludePorts: string}
}

/** Reads a sidecar pod's capture; meaningless for pods without a sidecar. Later changes of the pod's annotations have no effect (rule 33). */
export function captureOf(pod: Pick<Pod, 'containers' | 'initContainers'>): Capture {
  return readCapture(pod.initContainers, proxyContainer(pod)?.env['ISTIO_META_INTERCEPTION_MODE'])
}

/** Every check asks it of every pod, and thousands of them have the same init containers. */
const readCapture = kept((initContainers: readonly Container[], interception: string | undefined): Capture => {
  const init = initContainers.find(({name}) => name === 'istio-init' || name === 'istio-validation')
  const flags = init === undefined ? new Map<string, string>() : flagsOf(init.args)
  const mode = init === undefined || interception === 'NONE' ? 'NONE' : modeOf(flags.get('m'))
  // Without the flag istio-iptables includes nothing: an empty list disables (tools/istio-iptables/pkg/cmd/root.go).
  const include = flags.get('b') ?? ''
  return {
    mode,
    source: mode === 'NONE' ? '' : (init?.name ?? ''),
    includeInbound: include === '*' ? '*' : portsOf(include),
    excludeInbound: include === '*' ? portsOf(flags.get('d') ?? '') : [],
    excludeInterfaces: listOf(flags.get('c') ?? ''),
    dualStack: flags.get('dual-stack') === 'true' || init?.env['ISTIO_DUAL_STACK'] === 'true',
    outbound: {
      includeRanges: flags.get('i') ?? '',
      excludeRanges: flags.get('x') ?? '',
      includePorts: flags.get('q') ?? '',
      excludePorts: flags.get('o') ?? '',
    },
  }
})

function modeOf(flag: string | undefined): Capture['mode'] {
  return flag === 'TPROXY' ? 'TPROXY' : flag === 'NONE' ? 'NONE' : 'REDIRECT'
}

/** `-b *`, `-b=*`, `-b*`, `--istio-inbound-ports *` and `--istio-inbound-ports=*` all mean the same (spf13/pflag). */
function flagsOf(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>()
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const [, long, short, joined] = /^(?:--([a-z_-]+)|-([a-z]))=?(.*)$/s.exec(arg) ?? []
    const name = short ?? shortNames[long ?? ''] ?? long
    if (name === undefined) continue
    if (switches.has(name)) flags.set(name, joined || 'true')
    else flags.set(name, joined || arg.includes('=') ? (joined ?? '') : (args[++at] ?? ''))
  }
  return flags
}

/** tools/istio-iptables/pkg/constants/constants.go. */
const shortNames: Record<string, string> = {
  'istio-inbound-interception-mode': 'm',
  'istio-inbound-ports': 'b',
  'istio-local-exclude-ports': 'd',
  'istio-exclude-interfaces': 'c',
  'istio-service-cidr': 'i',
  'istio-service-exclude-cidr': 'x',
  'istio-outbound-ports': 'q',
  'istio-local-outbound-ports-exclude': 'o',
}

const switches = new Set(
  'dual-stack run-validation skip-rule-apply force-apply native-nftables redirect-dns capture-all-dns drop-invalid dry-run log_as_json'.split(
    ' ',
  ),
)

function portsOf(list: string): number[] {
  return listOf(list).map(Number).filter(Number.isInteger)
}

function listOf(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}
