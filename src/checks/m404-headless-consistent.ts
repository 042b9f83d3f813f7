import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {restart} from './fix.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {podsBehind} from '../derive/services-of.ts'
import {podsInScope} from './in-scope.ts'
import {refOf, rowId, workloadList} from './subject.ts'

/** Behind a headless Service every endpoint speaks mutual TLS, or clients send plain text to all of them (rule 54). */
export const headlessConsistent = check({
  code: 'M404',
  slug: 'm404-headless-consistent',
  severity: 'error',
  needs: ['mesh', 'pods', 'services'],
  title: 'Headless Services are in the mesh as a whole',
  failure: 'A headless Service is in the mesh by half',
  why: 'For a headless Service Istio decides once for all endpoints: a single one without the mesh label turns every client to plain text.',
  hint: 'Bring every pod behind the Service into the mesh.',
  run({mesh, pods, services}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    const headless = services.filter(({clusterIP, namespace}) => clusterIP === 'None' && inScope(namespace))
    return [...podsBehind(headless, podsInScope(pods, asked, mesh))].flatMap(([service, behind]) => {
      const [meshed, bare] = [behind.filter(speaksMutualTls), behind.filter((pod) => !speaksMutualTls(pod))]
      if (meshed.length === 0 || bare.length === 0) return []
      return [
        finding(
          refOf('Service', service),
          `behind it without mutual TLS: ${workloadList(bare)}; so clients send plain text to all ${behind.length} endpoints`,
          {
            fix: restart(bare),
            endpoints: [...new Set(meshed.map((pod) => rowId(pod, null)))].sort(),
          },
        ),
      ]
    })
  },
})

/** model/service.go:GetTLSModeFromEndpointLabels; ambient pods are reached over HBONE and keep their own label out of it. */
function speaksMutualTls(pod: Pod): boolean {
  const plane = dataPlane(pod)
  if (plane === 'ambient') return true
  return plane !== 'none' && (pod.labels['security.istio.io/tlsMode'] ?? (pod.simulated ? 'istio' : 'disabled')) === 'istio'
}
