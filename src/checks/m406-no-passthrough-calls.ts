import {isSubset} from '../derive/label-selector.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod, Service} from '../model/workload.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {podsInScope} from './in-scope.ts'
import {merge} from './fix.ts'
import {istioRef, rowId, workloadList} from './subject.ts'

/** No ServiceEntry declares mesh workloads to be outside the mesh: towards MESH_EXTERNAL hosts there is no auto mTLS (rule 55). */
export const noPassthroughCalls = check({
  code: 'M406',
  slug: 'm406-no-passthrough-calls',
  severity: 'warning',
  needs: ['mesh', 'serviceEntries', 'services', 'pods'],
  title: 'Mesh workloads are not declared external',
  failure: 'Mesh workloads are declared external',
  why: 'MESH_EXTERNAL is the default of a ServiceEntry: clients then send plain text to workloads that could speak mutual TLS.',
  hint: 'Set `location: MESH_INTERNAL` in the ServiceEntry, or remove it where the Service says it already.',
  run({mesh, serviceEntries, services, pods}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    const meshed = podsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) !== 'none')
    return serviceEntries
      .filter((entry) => inScope(entry.namespace) && entry.spec['location'] !== 'MESH_INTERNAL')
      .flatMap((entry) => {
        const named = meshed.filter((pod) => names(entry, pod, services))
        if (named.length === 0) return []
        return [
          finding(
            istioRef(entry),
            `is MESH_EXTERNAL${entry.spec['location'] === undefined ? ' by default' : ''} and names workloads of the mesh (${workloadList(named)}): calls to it go in plain text`,
            {
              fix: merge('serviceentry', entry.namespace, entry.name, {spec: {location: 'MESH_INTERNAL'}}),
              endpoints: [...new Set(named.map((pod) => rowId(pod, null)))].sort(),
            },
          ),
        ]
      })
  },
})

function names({namespace, spec}: IstioObject, pod: Pod, services: Service[]): boolean {
  const selector = (spec['workloadSelector'] as {labels?: Record<string, string>} | undefined)?.labels
  if (selector !== undefined && namespace === pod.namespace && isSubset(selector, pod.labels)) return true
  const addresses = ((spec['endpoints'] ?? []) as {address?: string}[]).map(({address}) => address)
  if (pod.ips.some((ip) => addresses.includes(ip))) return true
  const hosts = [...((spec['hosts'] ?? []) as string[]), ...addresses]
  return services.some(
    (service) =>
      service.namespace === pod.namespace &&
      Object.keys(service.selector ?? {}).length > 0 &&
      isSubset(service.selector ?? {}, pod.labels) &&
      hosts.some(
        (host) => host === `${service.name}.${service.namespace}.svc.cluster.local` || host === `${service.name}.${service.namespace}.svc`,
      ),
  )
}
