import {dataPlane} from '../derive/membership.ts'
import {listeningContainers} from '../derive/target-port.ts'
import {check, finding} from '../model/check.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** Names the UDP and SCTP ports of meshed workloads: the mesh never carries them (rule 32). */
export const nonTcpKnown = check({
  code: 'M314',
  slug: 'm314-non-tcp-known',
  severity: 'info',
  needs: ['mesh', 'pods'],
  title: 'Meshed workloads serve TCP alone',
  failure: 'Some ports are not TCP and stay outside the mesh',
  why: 'Istio intercepts TCP alone: UDP and SCTP go as the application wrote them, and they count in no coverage.',
  hint: 'Know these ports, and encrypt them in the application (DTLS, QUIC) where it matters.',
  run({mesh, pods}, {asked}) {
    return onePerWorkload(distinctPodsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) !== 'none')).flatMap((pod) => {
      const ports = listeningContainers(pod).flatMap((container) => container.ports.filter(({protocol}) => protocol !== 'TCP'))
      if (ports.length === 0) return []
      const names = ports.map(({port, protocol}) => `${port}/${protocol}`).join(', ')
      return [
        finding(workloadRef(pod), `port ${names} is outside the mesh`, {
          fix: `kubectl -n ${pod.namespace} get ${pod.workload.kind.toLowerCase()} ${pod.workload.name} -o jsonpath='{.spec.template.spec.containers[*].ports}'`,
          endpoints: ports.map(({port}) => rowId(pod, port)),
        }),
      ]
    })
  },
})
