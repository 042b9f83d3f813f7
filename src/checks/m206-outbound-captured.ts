import {captureOf} from '../derive/capture.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** The sidecar intercepts all outbound traffic of its pod (rule 38). */
export const outboundCaptured = check({
  code: 'M206',
  slug: 'm206-outbound-captured',
  severity: 'warning',
  needs: ['mesh', 'pods'],
  title: 'Outbound traffic passes through its proxy',
  failure: 'Outbound traffic can leave around its proxy',
  why: 'Calls that are not redirected go out as the application wrote them: in plain text and without an identity, so STRICT servers refuse them.',
  hint: 'Remove the outbound annotation from the pod template, or run the application as another user than 1337.',
  run({mesh, pods}, {asked}) {
    const sidecars = onePerWorkload(distinctPodsInScope(pods, asked, mesh).filter((pod) => dataPlane(pod) === 'sidecar'))
    return sidecars.flatMap((pod) => {
      const ways = outboundWays(pod)
      const fix = `kubectl -n ${pod.namespace} edit ${pod.workload.kind.toLowerCase()} ${pod.workload.name}  # spec.template`
      return ways.length === 0 ? [] : [finding(workloadRef(pod), ways.join('; '), {fix, endpoints: [rowId(pod, null)]})]
    })
  },
})

function outboundWays(pod: Pod): string[] {
  const {mode, outbound} = captureOf(pod)
  // Without any rules the inbound side is the worse half, and m205 names it.
  if (mode === 'NONE') return []
  const ways: string[] = []
  const {includeRanges, excludeRanges, excludePorts} = outbound
  if (includeRanges !== '*')
    ways.push(includeRanges === '' ? 'no outbound address is intercepted' : `only ${includeRanges} is intercepted on the way out`)
  if (excludeRanges !== '') ways.push(`calls to ${excludeRanges} are not intercepted`)
  if (excludePorts !== '') ways.push(`calls to port ${excludePorts} are not intercepted`)
  for (const {name, runAsUser, runAsGroup} of pod.containers.filter((container) => container.name !== 'istio-proxy')) {
    const isProxys = (runAsUser ?? pod.securityContext.runAsUser) === proxyId || (runAsGroup ?? pod.securityContext.runAsGroup) === proxyId
    if (isProxys) ways.push(`container \`${name}\` runs as 1337, the proxy's own user, which the rules let by`)
  }
  return ways
}

const proxyId = 1337
