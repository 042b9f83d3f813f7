import {check, finding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {patchTemplate} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** No pod in scope is on the host's network: such a pod can have no proxy, whatever it listens on (rules 21, 29, 31). */
export const hostNetwork = check({
  code: 'M204',
  slug: 'm204-host-network',
  severity: 'error',
  needs: ['mesh', 'pods'],
  title: 'No workload is on the host network',
  failure: 'A workload is on the host network',
  why: "A hostNetwork pod is never injected: whatever it serves is plain text on the node's own address, and no policy reaches it.",
  hint: 'Take `hostNetwork` out of the pod template, or move the workload to a namespace outside the scope.',
  run({mesh, pods}, {asked}) {
    const bare = distinctPodsInScope(pods, asked, mesh).filter((pod) => pod.hostNetwork)
    return onePerWorkload(bare).map((pod) => {
      const ports = tcpPorts(pod)
      const serves = ports.length > 0 ? `serves port ${ports.join(', ')}` : 'may serve anything, for it declares no port,'
      return finding(workloadRef(pod), `${serves} on the network of its node, where no proxy can stand`, {
        fix: patchTemplate(pod, {spec: {hostNetwork: false}}),
        endpoints: [...ports, null].map((port) => rowId(pod, port)),
      })
    })
  },
})

function tcpPorts(pod: Pod): number[] {
  const ports = pod.containers.flatMap((container) => container.ports.filter(({protocol}) => protocol === 'TCP').map(({port}) => port))
  return [...new Set(ports)].sort((a, b) => a - b)
}
