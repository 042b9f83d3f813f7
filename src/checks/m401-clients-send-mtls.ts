import {check, finding} from '../model/check.ts'
import {podsInScope} from './in-scope.ts'
import {meshedServices, ruledServices, writtenTls} from './ruled-services.ts'
import {istioRef, rowId} from './subject.ts'

/** No DestinationRule turns mutual TLS off towards a workload of the mesh, at any host, subset or port (rules 49 to 53). */
export const clientsSendMtls = check({
  code: 'M401',
  slug: 'm401-clients-send-mtls',
  severity: 'error',
  needs: ['mesh', 'destinationRules', 'services', 'pods'],
  title: 'Clients send mutual TLS to the mesh',
  failure: 'Clients send plain text to the mesh',
  why: 'A DestinationRule with DISABLE overrides auto mTLS: clients send plain text, which STRICT refuses and PERMISSIVE takes silently.',
  hint: 'Remove the `tls` block from the DestinationRule, or set `mode: ISTIO_MUTUAL`.',
  run({mesh, destinationRules, services, pods}, {asked}) {
    const meshed = meshedServices(services, podsInScope(pods, asked, mesh))
    return destinationRules.flatMap((rule) => {
      const plain = writtenTls(rule).filter(({mode}) => mode === 'DISABLE')
      const hit = plain.length === 0 ? [] : ruledServices(rule, destinationRules, meshed.keys(), mesh)
      if (hit.length === 0) return []
      const places = plain.map(({where}) => where).join(', ')
      return [
        finding(
          istioRef(rule),
          `turns TLS off for ${places} of \`${String(rule.spec['host'])}\`: clients send plain text to ${hit.map(({name}) => `Service ${name}`).join(', ')}`,
          {
            fix: `kubectl -n ${rule.namespace} edit destinationrule ${rule.name}  # remove tls, or set mode: ISTIO_MUTUAL`,
            endpoints: [...new Set(hit.flatMap((service) => (meshed.get(service) ?? []).map((pod) => rowId(pod, null))))].sort(),
          },
        ),
      ]
    })
  },
})
