import {namespaceEnrolment} from '../derive/injection.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {enrol, restart} from './fix.ts'
import {namespacesInScope, distinctPodsInScope} from './in-scope.ts'
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
    const bare = distinctPodsInScope(pods, asked, mesh).filter((pod) => !pod.hostNetwork && dataPlane(pod) === 'none')
    const byNamespace = Map.groupBy(bare, (pod) => pod.namespace)
    const known = new Set(namespaces.map(({name}) => name))
    const unwritten = [...byNamespace].filter(([name]) => !known.has(name))
    return [
      ...unwritten.map(([name, outside]) => unwrittenNamespace(name, outside)),
      ...namespacesInScope(namespaces, asked, mesh).flatMap((namespace): PartialFinding[] => {
        const outside = byNamespace.get(namespace.name) ?? []
        if (outside.length === 0 || namespaceEnrolment(namespace, controlPlane.webhooks).by !== 'none') return []
        return [
          finding(refOf('Namespace', namespace), `is not enrolled, and these run without a proxy: ${workloadList(outside)}`, {
            fix: `${enrol(namespace, controlPlane.webhooks)}\n${restart(outside)}`,
            endpoints: rows(outside),
          }),
        ]
      }),
    ]
  },
})

/** Manifests that leave their Namespace out say nothing of enrolment, and nothing said is not enrolled. */
function unwrittenNamespace(name: string, outside: Pod[]): PartialFinding {
  return finding(
    {kind: 'Namespace', name},
    `is not among the manifests, so nothing enrols it, and these count as without a proxy: ${workloadList(outside)}`,
    {
      hint: 'Add the Namespace with its labels to the manifests.',
      fix: `kubectl create namespace ${name} --dry-run=client -o yaml | kubectl label --local -f - istio-injection=enabled -o yaml > namespace.yaml`,
      endpoints: rows(outside),
    },
  )
}

function rows(pods: Pod[]): string[] {
  return [...new Set(pods.map((pod) => rowId(pod, null)))].sort()
}
