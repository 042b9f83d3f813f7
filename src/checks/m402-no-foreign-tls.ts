import {check, finding} from '../model/check.ts'
import {podsInScope} from './in-scope.ts'
import {meshedServices, ruledServices, writtenTls} from './ruled-services.ts'
import {istioRef, rowId} from './subject.ts'

/** No DestinationRule makes clients speak a TLS of their own to a workload of the mesh (rules 50, 52). */
export const noForeignTls = check({
  code: 'M402',
  slug: 'm402-no-foreign-tls',
  severity: 'warning',
  needs: ['mesh', 'destinationRules', 'services', 'pods'],
  title: 'No client speaks a TLS of its own to the mesh',
  failure: 'Clients speak a TLS of their own to the mesh',
  why: "SIMPLE and MUTUAL carry the user's certificates, not the mesh identity: STRICT servers refuse them, others cannot tell who calls.",
  hint: 'Set `tls.mode: ISTIO_MUTUAL` in the DestinationRule, or remove its `tls` block and let auto mTLS decide.',
  run({mesh, destinationRules, services, pods}, {asked}) {
    const meshed = meshedServices(services, podsInScope(pods, asked, mesh))
    return destinationRules.flatMap((rule) => {
      const foreign = writtenTls(rule).filter(({mode}) => mode === 'SIMPLE' || mode === 'MUTUAL')
      const hit = foreign.length === 0 ? [] : ruledServices(rule, destinationRules, meshed.keys(), mesh)
      if (hit.length === 0) return []
      const modes = foreign.map(({mode, where}) => `${mode} for ${where}`).join(', ')
      return [
        finding(
          istioRef(rule),
          `says ${modes} of \`${String(rule.spec['host'])}\`, which has workloads of the mesh behind it (${hit.map(({name}) => `Service ${name}`).join(', ')})`,
          {
            fix: `kubectl -n ${rule.namespace} edit destinationrule ${rule.name}  # remove tls, or set mode: ISTIO_MUTUAL`,
            endpoints: [...new Set(hit.flatMap((service) => (meshed.get(service) ?? []).map((pod) => rowId(pod, null))))].sort(),
          },
        ),
      ]
    })
  },
})
