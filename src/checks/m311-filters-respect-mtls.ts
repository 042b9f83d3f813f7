import {inboundFilters} from '../derive/inbound-filters.ts'
import {check, finding} from '../model/check.ts'
import {governedPods, viewFinder} from './policy-view.ts'
import {istioRef, rowId} from './subject.ts'

/** No EnvoyFilter reaches the inbound listeners of a workload in scope: what such a patch leaves of mutual TLS only the proxy can say (rule 61). */
export const filtersRespectMtls = check({
  code: 'M311',
  slug: 'm311-filters-respect-mtls',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods', 'envoyFilters'],
  title: 'No EnvoyFilter touches inbound listeners',
  failure: 'An EnvoyFilter touches inbound listeners',
  why: 'A patch to a listener or filter chain can drop the demand for a client certificate while every policy still reads STRICT.',
  hint: 'Remove the patch of the inbound listener, or narrow it to filters inside the chain (`HTTP_FILTER`, `NETWORK_FILTER`).',
  run({mesh, namespaces, policies, pods, envoyFilters}, {asked}) {
    const viewFor = viewFinder({mesh, namespaces, policies})
    const finders = new Map<string, ReturnType<typeof inboundFilters>>()
    const hits = governedPods(pods, asked, mesh).flatMap((pod) => {
      const own = viewFor(pod).mesh
      const find = finders.get(own.revision) ?? inboundFilters(envoyFilters, own.rootNamespace, own.revision)
      finders.set(own.revision, find)
      return find(pod).map((filter) => ({pod, filter}))
    })
    return [...Map.groupBy(hits, ({filter}) => filter)].map(([filter, rows]) =>
      finding(istioRef(filter), 'patches what inbound listeners accept: from configuration alone mutual TLS cannot be vouched for there', {
        fix: `kubectl -n ${filter.namespace} get envoyfilter ${filter.name} -o yaml > ${filter.name}.yaml  # keep a copy\nkubectl -n ${filter.namespace} delete envoyfilter ${filter.name}`,
        endpoints: [...new Set(rows.map(({pod}) => rowId(pod, null)))].sort(),
      }),
    )
  },
})
