import {check, finding} from '../model/check.ts'
import {clientSettings, settingsText} from './client-settings.ts'
import {entrySettings} from './entry-settings.ts'
import {istioRef, rowId} from './subject.ts'

/** No DestinationRule turns mutual TLS off towards a workload of the mesh, at any host, subset or port, of a Service or a ServiceEntry (rules 49 to 53, 55). */
export const clientsSendMtls = check({
  code: 'M401',
  slug: 'm401-clients-send-mtls',
  severity: 'error',
  needs: ['mesh', 'destinationRules', 'services', 'serviceEntries', 'workloadEntries', 'pods'],
  title: 'Clients send mutual TLS to the mesh',
  failure: 'Clients send plain text to the mesh',
  why: 'A DestinationRule with DISABLE overrides auto mTLS: clients send plain text, which STRICT refuses and PERMISSIVE takes silently.',
  hint: 'Remove the `tls` block from the DestinationRule, or set `mode: ISTIO_MUTUAL`.',
  run(parts, {asked}) {
    const found = [
      ...clientSettings(parts, asked, ['DISABLE']).map((setting) => ({...setting, place: settingsText([setting])})),
      ...entrySettings(parts, asked, ['DISABLE']),
    ]
    return [...Map.groupBy(found, ({rule}) => rule)].map(([rule, settings]) =>
      finding(istioRef(rule), `makes clients send plain text to ${[...new Set(settings.map(({place}) => place))].join(', ')}`, {
        fix: `kubectl -n ${rule.namespace} edit destinationrule ${rule.name}  # remove tls, or set mode: ISTIO_MUTUAL`,
        endpoints: [...new Set(settings.flatMap(({servers}) => servers.map((pod) => rowId(pod, null))))].sort(),
      }),
    )
  },
})
