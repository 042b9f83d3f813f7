import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import {patchTemplate} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** Every sidecar pod carries `security.istio.io/tlsMode: istio`, as the injector writes it (rule 24). */
export const tlsLabelTrue = check({
  code: 'M407',
  slug: 'm407-tls-label-true',
  severity: 'error',
  needs: ['mesh', 'pods'],
  title: 'Clients are told which pods speak mutual TLS',
  failure: 'Clients are told wrongly which pods speak mutual TLS',
  why: 'Clients decide by this label what to send: a wrong one means plain text under PERMISSIVE and an outage under STRICT.',
  hint: 'Remove the label `security.istio.io/tlsMode` from the pod template; the injector sets it.',
  run({mesh, pods}, {asked}) {
    const wrong = distinctPodsInScope(pods, asked, mesh).filter((pod) => {
      const label = pod.labels['security.istio.io/tlsMode']
      return dataPlane(pod) === 'sidecar' && label !== 'istio' && !(pod.simulated && label === undefined)
    })
    return onePerWorkload(wrong).map((pod) => {
      const label = pod.labels['security.istio.io/tlsMode']
      return finding(
        workloadRef(pod),
        label === undefined
          ? 'the label `security.istio.io/tlsMode` was taken off its pods'
          : `its pods say \`security.istio.io/tlsMode: ${label}\` though they have a proxy`,
        {
          fix: patchTemplate(pod, {metadata: {labels: {'security.istio.io/tlsMode': null}}}),
          endpoints: [rowId(pod, null)],
        },
      )
    })
  },
})
