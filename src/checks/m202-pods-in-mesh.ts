import {namespaceEnrolment, selectingWebhooks} from '../derive/injection.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {patchTemplate, restart} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {refOf, rowId, workloadList, workloadRef} from './subject.ts'

/** Every pod of an enrolled namespace has a data plane, judged by the pod itself and never by labels (rules 21, 22, 28 to 31). */
export const podsInMesh = check({
  code: 'M202',
  slug: 'm202-pods-in-mesh',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'namespaces', 'pods'],
  title: 'Every pod of an enrolled namespace is in the mesh',
  failure: 'A pod of an enrolled namespace is outside the mesh',
  why: 'A pod without a proxy serves plain text to anyone, although its namespace looks protected.',
  hint: 'Restart the workload, so that its pods are injected; take the opt-out off where there is one.',
  run({mesh, controlPlane: {webhooks}, namespaces, pods}, {asked}) {
    const byName = new Map(namespaces.map((namespace) => [namespace.name, namespace]))
    const outside = distinctPodsInScope(pods, asked, mesh).flatMap((pod) => {
      const namespace = byName.get(pod.namespace)
      if (namespace === undefined || pod.hostNetwork || dataPlane(pod) !== 'none') return []
      const cause = causeOf(pod, namespace, webhooks)
      return cause === null ? [] : [{pod, namespace, cause}]
    })
    // Pods that only await a restart have one cause, their namespace's late label; an opt-out is each workload's own.
    const groups = Map.groupBy(
      outside,
      ({pod, cause}) => `${pod.namespace} ${cause} ${cause === 'stale' ? '' : `${pod.workload.kind}/${pod.workload.name}`}`,
    )
    return [...groups.values()].flatMap((group) => {
      const [first] = group
      return first === undefined
        ? []
        : [
            findingOf(
              first.cause,
              first.namespace,
              group.map(({pod}) => pod),
            ),
          ]
    })
  },
})

type Cause = 'opted-out' | 'not-selected' | 'job' | 'stale'

/** null: not this check's to say: the namespace is not enrolled and the pod did not ask (m201), or ambient alone awaits it (m207). */
function causeOf(pod: Pod, namespace: Namespace, webhooks: Webhook[]): Cause | null {
  const way = namespaceEnrolment(namespace, webhooks).by
  const asks = pod.labels['sidecar.istio.io/inject'] === 'true' || pod.labels['istio.io/rev'] !== undefined
  if (way === 'none') return asks && selectingWebhooks(pod.labels, namespace, webhooks).length > 0 ? 'stale' : null
  if (way === 'ambient') return pod.labels['istio.io/dataplane-mode'] === 'none' ? 'opted-out' : null
  const wish = pod.labels['sidecar.istio.io/inject'] ?? pod.annotations['sidecar.istio.io/inject']
  if (wish === 'false') return 'opted-out'
  if (pod.labels['istio.io/dataplane-mode'] === 'ambient') return null
  if (selectingWebhooks(pod.labels, namespace, webhooks).length === 0) return 'not-selected'
  return pod.workload.kind === 'Job' || pod.workload.kind === 'CronJob' ? 'job' : 'stale'
}

function findingOf(cause: Cause, namespace: Namespace, pods: Pod[]): PartialFinding {
  const [pod] = pods
  const single = new Set(pods.map(({workload}) => `${workload.kind}/${workload.name}`)).size === 1
  const subject = single && pod !== undefined ? workloadRef(pod) : refOf('Namespace', namespace)
  const endpoints = [...new Set(pods.map((each) => rowId(each, null)))].sort()
  const of = single ? 'its pods run' : `${workloadList(pods)} run`
  switch (cause) {
    case 'opted-out':
      return finding(subject, `${of} without a proxy because the pod template opts out`, {
        hint: 'Take `sidecar.istio.io/inject: "false"` (or `istio.io/dataplane-mode: none`) out of the pod template, or waive the workload with a reason.',
        fix: optIn(pod),
        endpoints,
      })
    case 'not-selected':
      return finding(subject, `${of} without a proxy: no injection webhook selects the labels of the pod template`, {
        hint: 'Take the labels `istio.io/rev` and `sidecar.istio.io/inject` off the pod template, so that its namespace decides.',
        fix: optIn(pod),
        endpoints,
      })
    case 'job':
      return finding(subject, `${of} without a proxy: the job started before the namespace was enrolled`, {
        hint: 'Run the job again; with native sidecars a proxy does not keep it from finishing.',
        fix: restart(pods),
        endpoints,
      })
    case 'stale':
      return finding(subject, `${of} without a proxy: they were created before the namespace was enrolled, or the injector was away`, {
        fix: restart(pods),
        endpoints,
      })
  }
}

function optIn(pod: Pod | undefined): string {
  const gone = {'sidecar.istio.io/inject': null, 'istio.io/dataplane-mode': null, 'istio.io/rev': null}
  const labels = Object.fromEntries(
    Object.keys(gone)
      .filter((name) => pod?.labels[name] !== undefined)
      .map((name) => [name, null]),
  )
  const annotations = pod?.annotations['sidecar.istio.io/inject'] === undefined ? {} : {annotations: {'sidecar.istio.io/inject': null}}
  return pod === undefined ? '' : patchTemplate(pod, {metadata: {labels, ...annotations}})
}
