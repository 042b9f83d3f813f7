import {captureOf} from '../derive/capture.ts'
import {openings} from '../derive/captured-port.ts'
import {hostOf, tlsLabel} from '../derive/client-tls.ts'
import {decidingPolicies, effectiveMode} from '../derive/effective-mode.ts'
import {dataPlane} from '../derive/membership.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {servicesOf} from '../derive/services-of.ts'
import {resolveTargetPort} from '../derive/target-port.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import {isMeshWide} from '../model/snapshot.ts'
import type {Pod, Service} from '../model/workload.ts'
import {patchTemplate, restart} from './fix.ts'
import {podsInScope} from './in-scope.ts'
import {viewFinder} from './policy-view.ts'
import {istioRef, rowId, workloadList} from './subject.ts'

interface Server {
  port?: {number?: number; protocol?: string; name?: string}
  hosts?: string[]
  tls?: {mode?: string; httpsRedirect?: boolean}
}

/**
 * Every server of a Gateway is encrypted or only redirects to one that is; a gateway's own tls block decides (rule 25). What
 * AUTO_PASSTHROUGH hands on unopened arrives at a proxy that demands a client certificate (rule 58).
 */
export const gatewaysEncrypted = check({
  code: 'M312',
  slug: 'm312-gateways-encrypted',
  severity: 'warning',
  needs: ['mesh', 'namespaces', 'policies', 'pods', 'services', 'gateways'],
  title: 'Gateways encrypt what they serve',
  failure: 'A gateway serves plain text',
  why: 'PeerAuthentication does not reach gateways: a server without TLS takes plain text from outside, passwords and tokens included.',
  hint: 'Give the server a `tls` block, or let it only redirect (`tls.httpsRedirect: true`).',
  run({mesh, namespaces, policies, pods, services, gateways}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    const judged = gateways.filter(({namespace}) => isMeshWide(asked.scope) || inScope(namespace))
    const viewFor = viewFinder({mesh, namespaces, policies})
    const isStrange = (pod: Pod, port: number) => {
      const {mode} = effectiveMode(decidingPolicies(viewFor(pod).index, pod.namespace, pod.labels), port)
      // istiod leaves out endpoints without mutual TLS: no label, or a policy that disables it (mtls_checker.go:checkMtlsEnabled).
      return tlsLabel(pod) === 'istio' && mode !== 'DISABLE' && passesBy(pod, port)
    }
    return [
      ...judged.flatMap(plainServers),
      ...judged.flatMap((gateway) => handsOn(gateway, podsInScope(pods, asked, mesh), services, isStrange)),
    ]
  },
})

function serversOf({spec}: IstioObject): Server[] {
  return (spec['servers'] ?? []) as Server[]
}

function plainServers(gateway: IstioObject): PartialFinding[] {
  const open = serversOf(gateway).filter(isPlain)
  if (open.length === 0) return []
  const ports = open.map(({port}) => `${port?.number ?? '?'} (${port?.protocol ?? 'unknown protocol'})`).join(', ')
  const fix = `kubectl -n ${gateway.namespace} edit gateways.networking.istio.io ${gateway.name}\n# under the server of port ${open[0]?.port?.number ?? ''}:\n#   tls:\n#     httpsRedirect: true`
  return [finding(istioRef(gateway), `serves port ${ports} without TLS`, {fix})]
}

/** HTTPS and TLS servers cannot be without a tls block: istiod rejects them. */
function isPlain({port, tls}: Server): boolean {
  const protocol = (port?.protocol ?? '').toUpperCase()
  if (protocol === 'HTTPS' || protocol === 'TLS') return false
  return tls === undefined || (tls.httpsRedirect !== true && /^(HTTP|HTTP2|GRPC|GRPC-WEB)$/.test(protocol) && tls.mode === undefined)
}

/**
 * Such a server lets in only Istio's own ALPNs, which a PERMISSIVE proxy, too, answers by mutual TLS (gateway.go:builtAutoPassthroughFilterChains);
 * open is what lies behind it labelled as part of the mesh without a proxy in the way.
 */
function handsOn(
  gateway: IstioObject,
  pods: readonly Pod[],
  services: Service[],
  isStrange: (pod: Pod, port: number) => boolean,
): PartialFinding[] {
  const hosts = serversOf(gateway).flatMap(({tls, hosts = []}) => (tls?.mode === 'AUTO_PASSTHROUGH' ? hosts : []))
  if (hosts.length === 0) return []
  const selecting = servicesOf(services.filter((service) => hosts.some((host) => reaches(host, hostOf(service)))))
  const open = pods.flatMap((pod) => {
    const targets = selecting(pod).flatMap(({ports}) => ports.filter(({protocol}) => protocol === 'TCP'))
    const numbers = new Set(targets.map((target) => resolveTargetPort(pod, target)))
    return [...numbers].flatMap((port) => (port !== null && isStrange(pod, port) ? [{pod, port}] : []))
  })
  const [first] = open
  if (first === undefined) return []
  const ports = [...new Set(open.map(({port}) => port))].sort((a, b) => a - b).join(', ')
  const annotations = {'traffic.sidecar.istio.io/excludeInboundPorts': null, 'traffic.sidecar.istio.io/includeInboundPorts': null}
  return [
    finding(
      istioRef(gateway),
      `AUTO_PASSTHROUGH hands TLS from outside on, unopened, to ${workloadList(open.map(({pod}) => pod))} (port ${ports}), where no proxy demands a client certificate`,
      {
        hint: 'Let the proxy capture the ports, or take their Services out of the hosts of the server.',
        fix: dataPlane(first.pod) === 'none' ? restart([first.pod]) : patchTemplate(first.pod, {metadata: {annotations}}),
        endpoints: [...new Set(open.map(({pod, port}) => rowId(pod, port)))].sort(),
      },
    ),
  ]
}

/** Without interception altogether a Sidecar's listeners may still stand before the port: M205 tells. */
function passesBy(pod: Pod, port: number): boolean {
  const plane = dataPlane(pod)
  if (plane === 'none') return true
  return plane === 'sidecar' && captureOf(pod).mode !== 'NONE' && openings(pod, port).length > 0
}

/** The namespace before a slash does not count here (model/gateway.go:GetSNIHostsForServer, host.Name.SubsetOf). */
function reaches(written: string, host: string): boolean {
  const name = written.slice(written.indexOf('/') + 1)
  return name.startsWith('*') ? host.endsWith(name.slice(1)) : name === host
}
