import {decidingPolicies, effectiveMode} from '../derive/effective-mode.ts'
import {capturedPort} from '../derive/captured-port.ts'
import {dataPlane} from '../derive/membership.ts'
import {proxyPorts} from '../derive/ports-of.ts'
import {servicesOf} from '../derive/services-of.ts'
import {listeningContainers, resolveTargetPort} from '../derive/target-port.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Container, HealthProbe, Pod, Service} from '../model/workload.ts'
import {viewFinder} from './policy-view.ts'
import {patchTemplate} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, refOf, rowId, workloadRef} from './subject.ts'

/** Callers that can have no sidecar are known not to reach STRICT ports: kubelets that probe the application itself, and clients outside the cluster (rule 39). */
export const callersCanComply = check({
  code: 'M405',
  slug: 'm405-callers-can-comply',
  severity: 'warning',
  needs: ['mesh', 'namespaces', 'policies', 'pods', 'services'],
  title: 'Known callers can use mutual TLS',
  failure: 'A known caller cannot use mutual TLS',
  why: 'A caller without a proxy is refused by STRICT: probes fail and pods restart, clients outside see resets.',
  hint: 'Let Istio rewrite the probes, and lead outside clients through a gateway.',
  run({mesh, namespaces, policies, pods, services}, {asked}) {
    const viewFor = viewFinder({mesh, namespaces, policies})
    const selecting = servicesOf(services)
    const isStrict = (pod: Pod, port: number) => {
      const {namespace, labels, containers, initContainers} = pod
      const {mode} = effectiveMode(decidingPolicies(viewFor(pod).index, namespace, labels), port)
      return mode === 'STRICT' && capturedPort({containers, initContainers, ips: []}, port)
    }
    const sidecars = onePerWorkload(distinctPodsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) === 'sidecar'))
    const exposed = new Map<Service, {pod: Pod; port: number}[]>()
    for (const pod of sidecars)
      for (const service of selecting(pod)) {
        if (service.type !== 'LoadBalancer' && service.type !== 'NodePort') continue
        const ports = service.ports.flatMap((port) => resolveTargetPort(pod, port) ?? []).filter((port) => isStrict(pod, port))
        if (ports.length > 0) exposed.set(service, [...(exposed.get(service) ?? []), ...ports.map((port) => ({pod, port}))])
      }
    const found = [...sidecars.flatMap((pod) => probed(pod, isStrict)), ...[...exposed].map(([service, rows]) => outside(service, rows))]
    return asked.plan === true ? found.map((each) => ({...each, severity: 'error' as const})) : found
  },
})

function probed(pod: Pod, isStrict: (pod: Pod, port: number) => boolean): PartialFinding[] {
  const own = proxyPorts(pod)
  const blocked = listeningContainers(pod).flatMap((container) =>
    container.name === 'istio-proxy' || pod.simulated
      ? []
      : container.probes.flatMap((probe) =>
          portOf(probe, container)
            .filter((port) => !own.has(port) && isStrict(pod, port))
            .map((port) => ({container, probe, port})),
        ),
  )
  if (blocked.length === 0) return []
  const what = blocked.map(({container, probe, port}) => `${probe.kind} probe of \`${container.name}\` on port ${port}`).join(', ')
  return [
    finding(workloadRef(pod), `the kubelet's ${what} meets STRICT without a certificate: it was not rewritten to the agent`, {
      fix: patchTemplate(pod, {metadata: {annotations: {'sidecar.istio.io/rewriteAppHTTPProbers': 'true'}}}),
      endpoints: [...new Set(blocked.map(({port}) => rowId(pod, port)))].sort(),
    }),
  ]
}

/** Only what waits for an answer: exec runs inside, and a TCP probe is content with the proxy's own accept (rules 18, 39). */
function portOf({type, port}: HealthProbe, {ports}: Container): number[] {
  if (type === 'exec' || type === 'tcp') return []
  return typeof port === 'number' ? [port] : ports.filter(({name}) => name === port).map((declared) => declared.port)
}

function outside(service: Service, rows: {pod: Pod; port: number}[]): PartialFinding {
  return finding(refOf('Service', service), `type ${service.type} leads clients outside the cluster to STRICT ports, which refuse them`, {
    hint: 'Make the Service ClusterIP and lead outside clients through a gateway.',
    fix: `kubectl -n ${service.namespace} patch service ${service.name} --type merge -p '{"spec":{"type":"ClusterIP"}}'`,
    endpoints: [...new Set(rows.map(({pod, port}) => rowId(pod, port)))].sort(),
  })
}
