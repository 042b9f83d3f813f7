import {dataPlane} from '../derive/membership.ts'
import {servicesOf} from '../derive/services-of.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod, Service} from '../model/workload.ts'

/** A tls mode that a DestinationRule writes, and where: `tls` without a mode is DISABLE, the enum's zero (rule 50). */
export interface WrittenTls {
  mode: string
  where: string
}

interface TrafficPolicy {
  tls?: {mode?: string}
  portLevelSettings?: {port?: {number?: number}; tls?: {mode?: string}}[]
}

/** Every tls block of a DestinationRule: the whole host's, its ports', its subsets' (rule 52). */
export function writtenTls({spec}: IstioObject): WrittenTls[] {
  const subsets = (spec['subsets'] ?? []) as {name?: string; trafficPolicy?: TrafficPolicy}[]
  return [
    ...policyTls(spec['trafficPolicy'] as TrafficPolicy | undefined, 'the host'),
    ...subsets.flatMap(({name, trafficPolicy}) => policyTls(trafficPolicy, `subset ${name}`)),
  ]
}

function policyTls(policy: TrafficPolicy | undefined, where: string): WrittenTls[] {
  const of = (tls: {mode?: string} | undefined, place: string) =>
    tls === undefined || tls === null ? [] : [{mode: tls.mode ?? 'DISABLE', where: place}]
  return [
    ...of(policy?.tls, where),
    ...(policy?.portLevelSettings ?? []).flatMap(({port, tls}) => of(tls, `port ${port?.number ?? '?'} of ${where}`)),
  ]
}

/** Services with pods of the mesh behind them, each with these pods. */
export function meshedServices(services: Service[], pods: Pod[]): Map<Service, Pod[]> {
  const selecting = servicesOf(services)
  const meshed = new Map<Service, Pod[]>()
  for (const pod of pods.filter((each) => ['sidecar', 'ambient', 'proxyless'].includes(dataPlane(each)))) {
    for (const service of selecting(pod)) meshed.set(service, [...(meshed.get(service) ?? []), pod])
  }
  return meshed
}

/** The Services whose clients a DestinationRule can reach: one of the root namespace only where the Service's own has none (rule 51). */
export function ruledServices(rule: IstioObject, all: IstioObject[], services: Iterable<Service>, meshes: Mesh[]): Service[] {
  const isRoot = meshes.some(({rootNamespace}) => rootNamespace === rule.namespace)
  return [...services].filter(
    (service) =>
      names(rule, service) &&
      !(
        isRoot && all.some((other) => other.namespace === service.namespace && other.namespace !== rule.namespace && names(other, service))
      ),
  )
}

/** A short host means the rule's own namespace (config/host: ResolveShortnameToFQDN). */
function names({spec, namespace}: IstioObject, service: Service): boolean {
  const written = typeof spec['host'] === 'string' ? spec['host'] : ''
  const host = written.includes('.') || written.includes('*') ? written : `${written}.${namespace}.svc.cluster.local`
  const name = `${service.name}.${service.namespace}.svc.cluster.local`
  if (host.startsWith('*')) return name.endsWith(host.slice(1))
  return host === name || host === `${service.name}.${service.namespace}` || host === `${service.name}.${service.namespace}.svc`
}
