import {besideProxyOn, besideProxyText} from '../derive/beside-proxy.ts'
import {captureOf} from '../derive/capture.ts'
import {openings} from '../derive/captured-port.ts'
import {dataPlane} from '../derive/membership.ts'
import {nearest} from '../derive/nearest.ts'
import {portsOf, proxyPorts} from '../derive/ports-of.ts'
import {servicesOf} from '../derive/services-of.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Pod, Service} from '../model/workload.ts'
import {patchTemplate} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** The sidecar intercepts every TCP port of its pod, by the arguments its init container really ran with (rules 32 to 37). */
export const inboundCaptured = check({
  code: 'M205',
  slug: 'm205-inbound-captured',
  severity: 'error',
  needs: ['mesh', 'pods', 'services'],
  title: 'Every port passes through its proxy',
  failure: 'A port bypasses its proxy',
  why: 'Traffic that is not redirected reaches the application directly: in plain text, whatever the policies say.',
  hint: 'Remove the `traffic.sidecar.istio.io` annotation from the pod template and restart the workload.',
  run({mesh, pods, services}, {asked}) {
    const selecting = servicesOf(services)
    const all = distinctPodsInScope(pods, asked, mesh)
    const sidecars = onePerWorkload(all.filter((pod) => dataPlane(pod) === 'sidecar'))
    const gateways = onePerWorkload(all.filter((pod) => ['gateway', 'waypoint'].includes(dataPlane(pod))))
    return [...sidecars.flatMap((pod) => [...bypass(pod, selecting(pod)), ...misspelt(pod)]), ...gateways.flatMap(besideGateway)]
  },
})

function bypass(pod: Pod, services: Service[]): PartialFinding[] {
  const capture = captureOf(pod)
  const own = proxyPorts(pod, services)
  const ports = portsOf(pod, {services, policyPorts: [], ingressPorts: [], capture}).filter(
    ({protocol, port}) => protocol === 'TCP' && !(port !== null && own.has(port)),
  )
  // A second address family is m208's.
  const {containers, initContainers} = pod
  const open = ports.flatMap(({port}) => {
    const ways = openings({containers, initContainers, ips: []}, port, capture)
    return ways.length === 0 ? [] : [{port, way: ways[0] ?? ''}]
  })
  if (open.length === 0) return []
  const causes = [...new Set(open.map(({way}) => way))].join('; ')
  return [
    finding(workloadRef(pod), `${portText(open.map(({port}) => port))} bypass${open.length === 1 ? 'es' : ''} the proxy: ${causes}`, {
      fix: unannotate(pod, capture.mode === 'NONE' ? modeAnnotations : captureAnnotations),
      endpoints: open.map(({port}) => rowId(pod, port)),
    }),
  ]
}

/** A gateway's pod is not captured: what another of its containers declares is open (rule 25). */
function besideGateway(pod: Pod): PartialFinding[] {
  const own = proxyPorts(pod)
  const declared = portsOf(pod, {services: [], policyPorts: [], ingressPorts: [], capture: null})
  const open = declared.flatMap(({port, protocol}) => {
    const server = protocol !== 'TCP' || port === null || own.has(port) ? null : besideProxyOn(pod, port)
    return server === null ? [] : [{port, server}]
  })
  const [first] = open
  if (first === undefined) return []
  const texts = [...new Set(open.map(({server}) => besideProxyText(server)))]
  const patch = patchTemplate(pod, {metadata: {annotations: {[templates]: null}}})
  return [
    finding(
      workloadRef(pod),
      `${portText(open.map(({port}) => port))} bypass${open.length === 1 ? 'es' : ''} the proxy: ${texts.join('; ')}`,
      {
        hint: `Let a sidecar be injected in place of the gateway (without \`${templates}\`), or move the container into a workload of its own.`,
        fix: `# for an application; beside a real gateway, move container ${first.server.name} into a Deployment of its own instead\n${patch}`,
        endpoints: open.map(({port}) => rowId(pod, port)),
      },
    ),
  ]
}

function portText(ports: (number | null)[]): string {
  const declared = ports.filter((port) => port !== null)
  const rest = ports.includes(null) ? [declared.length > 0 ? 'every undeclared port' : 'every port'] : []
  return [...(declared.length > 0 ? [`port ${declared.join(', ')}`] : []), ...rest].join(' and ')
}

/** An annotation that Istio does not know does nothing, so what its author wanted did not happen. */
function misspelt(pod: Pod): PartialFinding[] {
  const unknown = Object.keys(pod.annotations).filter((name) => name.startsWith(prefix) && !knownAnnotations.includes(name))
  return unknown.map((name) => {
    const meant = nearest(name, knownAnnotations)
    return finding(
      workloadRef(pod),
      `annotation \`${name}\` is none that Istio knows${meant === null ? '' : `; the nearest is \`${meant}\``}`,
      {
        severity: 'warning',
        hint: 'Correct the name of the annotation in the pod template, or remove it.',
        fix: unannotate(pod, [name]),
      },
    )
  })
}

function unannotate(pod: Pod, names: string[]): string {
  const present = names.filter((name) => pod.annotations[name] !== undefined)
  const gone = Object.fromEntries((present.length > 0 ? present : names.slice(0, 1)).map((name) => [name, null]))
  return patchTemplate(pod, {metadata: {annotations: gone}})
}

const templates = 'inject.istio.io/templates'
const prefix = 'traffic.sidecar.istio.io/'
const captureAnnotations = ['excludeInboundPorts', 'includeInboundPorts', 'excludeInterfaces'].map((name) => prefix + name)
const modeAnnotations = ['sidecar.istio.io/interceptionMode', ...captureAnnotations]

/** istio.io/api annotation/annotations.gen.go. */
const knownAnnotations = [
  'excludeInboundPorts',
  'excludeInterfaces',
  'excludeOutboundIPRanges',
  'excludeOutboundPorts',
  'includeInboundPorts',
  'includeOutboundIPRanges',
  'includeOutboundPorts',
  'kubevirtInterfaces',
].map((name) => prefix + name)
