import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import {enrolFix, enrolment} from './enrolled.ts'
import {restart} from './fix.ts'
import {namespacesInScope, podsInScope} from './in-scope.ts'
import {refOf, rowId, workloadList} from './subject.ts'

/** Every namespace in scope that runs pods outside the mesh is enrolled: a proxy comes with the next pod (rules 28, 31). */
export const namespacesEnrolled = check({
  code: 'M201',
  slug: 'm201-namespaces-enrolled',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'namespaces', 'pods'],
  title: 'The namespaces in scope are enrolled',
  failure: 'A namespace is outside the mesh',
  why: 'Pods of a namespace that is not enrolled get no proxy: they serve plain text, and STRICT servers refuse their calls.',
  hint: 'Label the namespace for injection and restart its workloads, or leave it out of the scope with `exclude-namespaces`.',
  run({mesh, controlPlane, namespaces, pods}, {asked}) {
    const bare = podsInScope(pods, asked, mesh).filter((pod) => !pod.hostNetwork && dataPlane(pod) === 'none')
    const byNamespace = Map.groupBy(bare, (pod) => pod.namespace)
    return namespacesInScope(namespaces, asked, mesh).flatMap((namespace) => {
      const outside = byNamespace.get(namespace.name) ?? []
      if (outside.length === 0 || enrolment(namespace, controlPlane.webhooks) !== null) return []
      return [
        finding(refOf('Namespace', namespace), `not enrolled, so ${workloadList(outside)} run without a proxy`, {
          fix: `${enrolFix(namespace, controlPlane.webhooks)}\n${restart(outside)}`,
          endpoints: [...new Set(outside.map((pod) => rowId(pod, null)))].sort(),
        }),
      ]
    })
  },
})
