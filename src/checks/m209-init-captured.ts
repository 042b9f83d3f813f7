import {dataPlane} from '../derive/membership.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {check, finding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {restart, setInIstiod} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** No init container of the application runs before the capture rules stand (rule 38). */
export const initCaptured = check({
  code: 'M209',
  slug: 'm209-init-captured',
  severity: 'warning',
  needs: ['mesh', 'pods'],
  title: 'Init containers start behind the proxy',
  failure: 'Init containers send before the proxy is up',
  why: 'What runs before istio-init sends in plain text and without an identity: STRICT servers refuse it, others take it silently.',
  hint: 'Turn native sidecars on (istiod env `ENABLE_NATIVE_SIDECARS`) and restart the workload, or move the calls out of the init container.',
  run({mesh, pods}, {asked}) {
    const sidecars = distinctPodsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) === 'sidecar')
    return onePerWorkload(sidecars).flatMap((pod) => {
      const early = earlyContainers(pod)
      if (early.length === 0) return []
      return [
        finding(workloadRef(pod), `init container \`${early.join('`, `')}\` runs before the capture rules stand`, {
          fix: `${setInIstiod(meshFor(pod, mesh), '--set-string pilot.env.ENABLE_NATIVE_SIDECARS=true')}\n${restart([pod])}`,
          endpoints: [rowId(pod, null)],
        }),
      ]
    })
  },
})

/** With istio-cni (istio-validation) the rules stand before any container starts; what calls then is blocked, not leaked. */
function earlyContainers({initContainers}: Pod): string[] {
  const capture = initContainers.findIndex(({name}) => name === 'istio-init')
  return initContainers.slice(0, Math.max(0, capture)).flatMap(({name}) => (name === 'istio-proxy' ? [] : [name]))
}
