import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadList} from './subject.ts'

/** No two workloads of a namespace share the service account `default`: an identity is the service account (SPIFFE `…/sa/default`). */
export const identitiesDistinct = check({
  code: 'M503',
  slug: 'm503-identities-distinct',
  severity: 'info',
  needs: ['mesh', 'pods'],
  title: 'Workloads have identities of their own',
  failure: 'Workloads share an identity',
  why: 'Workloads with the `default` service account are one and the same caller to every AuthorizationPolicy.',
  hint: 'Give each workload a service account of its own (`spec.serviceAccountName`).',
  run({mesh, pods}, {asked}) {
    const shared = onePerWorkload(
      distinctPodsInScope(pods, asked, mesh).filter((pod) => pod.serviceAccount === 'default' && dataPlane(pod) !== 'none'),
    )
    return [...Map.groupBy(shared, (pod) => pod.namespace)].flatMap(([namespace, sharing]) => {
      if (sharing.length < 2) return []
      const fix = sharing
        .map(
          ({workload: {kind, name}}) =>
            `kubectl -n ${namespace} create serviceaccount ${name}\nkubectl -n ${namespace} set serviceaccount ${kind.toLowerCase()} ${name} ${name}`,
        )
        .join('\n')
      return [
        finding({kind: 'ServiceAccount', namespace, name: 'default'}, `${workloadList(sharing)} share it`, {
          fix,
          endpoints: sharing.map((pod) => rowId(pod, null)),
        }),
      ]
    })
  },
})
