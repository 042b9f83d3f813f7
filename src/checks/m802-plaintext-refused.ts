import {isJudgeOfAmbient} from '../derive/ambient-proof.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import type {PortProbe} from '../model/evidence.ts'
import {probedRows} from './probed-rows.ts'
import {rowId, workloadRef} from './subject.ts'

/** No probed port answered in plain text (live-evidence.md, section 1); in ambient it counts only when an ordinary pod asked (rule 46). */
export const plaintextRefused = check({
  code: 'M802',
  slug: 'm802-plaintext-refused',
  severity: 'error',
  needs: ['mesh', 'pods', 'probes'],
  title: 'No probed port answered in plain text',
  failure: 'A port answered in plain text',
  why: 'This was seen, not computed: a caller without any identity got an answer.',
  hint: 'See which policy decides for the port, and whether the proxy intercepts it at all.',
  skip: ({probes}) => (probes ? null : 'live probes are off'),
  run({mesh, pods, probes}, {asked}) {
    const answered = probedRows(probes, pods, asked, mesh).filter(
      ({pod, probe}) => (dataPlane(pod) !== 'ambient' || isJudgeOfAmbient(probes.by)) && plainAnswer(probe) !== null,
    )
    return [...Map.groupBy(answered, ({pod}) => `${pod.namespace}/${pod.workload.kind}/${pod.workload.name}`).values()].flatMap((rows) => {
      const [first] = rows
      if (first === undefined) return []
      const {pod} = first
      const says = [...new Map(rows.map(({probe}) => [probe.port, `port ${probe.port}: ${plainAnswer(probe)}`])).values()].join('; ')
      return [
        finding(workloadRef(pod), `a caller without an identity was answered: ${says}`, {
          fix: `istioctl x describe pod ${pod.name} -n ${pod.namespace}\nkubectl get peerauthentication -n ${pod.namespace}\nkubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.initContainers[*].args}'`,
          endpoints: [...new Set(rows.map(({probe}) => rowId(pod, probe.port)))].sort(),
        }),
      ]
    })
  },
})

function plainAnswer({plain, tls}: PortProbe): string | null {
  const answer = [plain, tls].find((each) => each?.saw === 'plain-text')
  return answer?.detail ?? null
}
