import {check, finding} from '../model/check.ts'
import {clientSettings, settingsText} from './client-settings.ts'
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
  run(parts, {asked}) {
    const found = clientSettings(parts, asked, ['SIMPLE', 'MUTUAL'])
    return [...Map.groupBy(found, ({rule}) => rule)].map(([rule, settings]) =>
      finding(
        istioRef(rule),
        `makes clients speak ${settings[0]?.mode} TLS to ${settingsText(settings)}, which has workloads of the mesh behind it`,
        {
          fix: `kubectl -n ${rule.namespace} edit destinationrule ${rule.name}  # remove tls, or set mode: ISTIO_MUTUAL`,
          endpoints: [...new Set(settings.flatMap(({servers}) => servers.map((pod) => rowId(pod, null))))].sort(),
        },
      ),
    )
  },
})
