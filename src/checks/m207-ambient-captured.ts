import {oncePerAlike} from '../derive/alike-pods.ts'
import {isAmbientWanted} from '../derive/injection.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {patchTemplate, restart} from './fix.ts'
import {podsInScope} from './in-scope.ts'
import {rowId, workloadId, workloadList, workloadRef} from './subject.ts'

/** Every pod that ambient is to carry is redirected to a ztunnel that stands on its node (rules 31, 46). */
export const ambientCaptured = check({
  code: 'M207',
  slug: 'm207-ambient-captured',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'pods'],
  title: 'Ambient carries every pod it should',
  failure: 'Ambient does not carry a pod it should',
  why: 'Until the node agent has redirected a pod to ztunnel, it serves plain text as if there were no mesh.',
  hint: 'Bring istio-cni and ztunnel up on the node of the pod, and take bypass annotations off.',
  skip: (asked) => (asked.manifests ? 'manifests cannot show what the node agent did' : null),
  run({mesh, namespaces, pods}, {asked}) {
    const byName = new Map(namespaces.map((namespace) => [namespace.name, namespace]))
    const isMeant = oncePerAlike((pod) => isWanted(pod, byName.get(pod.namespace)) && !pod.simulated)
    const wanted = podsInScope(pods, asked, mesh).filter(isMeant)
    const ztunnels = pods.filter((pod) => pod.labels['app'] === 'ztunnel' && pod.ready)
    const nodes = new Set(ztunnels.map((pod) => pod.node))
    const hit = wanted.flatMap((pod) => {
      const fault = faultOf(pod, nodes)
      return fault === null ? [] : [{pod, fault}]
    })
    const perNode = hit.filter(({fault}) => fault === 'no-ztunnel')
    const own = hit.filter(({fault}) => fault !== 'no-ztunnel')
    return [
      ...[...Map.groupBy(perNode, ({pod}) => pod.node)].map(([node, rows]) =>
        missingZtunnel(
          node,
          rows.map(({pod}) => pod),
        ),
      ),
      ...[...Map.groupBy(own, ({pod, fault}) => `${fault} ${workloadId(pod)}`).values()].flatMap((rows) =>
        rows.slice(0, 1).map(({pod, fault}) => findingOf(pod, fault)),
      ),
    ]
  },
})

type Fault = 'no-ztunnel' | 'bypass' | 'pending' | 'absent'

function isWanted(pod: Pod, namespace: Namespace | undefined): boolean {
  const plane = dataPlane(pod)
  return (plane === 'none' || plane === 'ambient') && isAmbientWanted(pod, namespace ?? {name: pod.namespace, labels: {}})
}

function faultOf(pod: Pod, nodes: Set<string>): Fault | null {
  if (isTrue(pod.annotations['ambient.istio.io/bypass-inbound-capture'])) return 'bypass'
  if (pod.node !== '' && !nodes.has(pod.node)) return 'no-ztunnel'
  const redirection = pod.annotations['ambient.istio.io/redirection']
  return redirection === 'enabled' ? null : redirection === 'pending' ? 'pending' : 'absent'
}

function missingZtunnel(node: string, pods: Pod[]): PartialFinding {
  return finding({kind: 'Node', name: node}, `no ready ztunnel stands here, so nothing carries ${workloadList(pods)}`, {
    fix: `kubectl -n istio-system get pods -l app=ztunnel -o wide --field-selector spec.nodeName=${node}\nkubectl -n istio-system rollout restart daemonset/ztunnel`,
    endpoints: [...new Set(pods.map((pod) => rowId(pod, null)))].sort(),
  })
}

function findingOf(pod: Pod, fault: Fault): PartialFinding {
  const endpoints = [rowId(pod, null)]
  const subject = workloadRef(pod)
  if (fault === 'bypass') {
    return finding(subject, 'annotation `ambient.istio.io/bypass-inbound-capture` frees all inbound traffic of its pods', {
      fix: patchTemplate(pod, {metadata: {annotations: {'ambient.istio.io/bypass-inbound-capture': null}}}),
      endpoints,
    })
  }
  const says =
    fault === 'pending' ? 'redirection is still pending: ztunnel does not know its pods yet' : 'its pods are not redirected to ztunnel'
  const cni = 'kubectl -n istio-system logs daemonset/istio-cni-node --tail 50'
  return finding(subject, says, {fix: `${cni}\n${restart([pod])}`, endpoints})
}

/** Go's strconv.ParseBool. */
function isTrue(value: string | undefined): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value ?? '')
}
