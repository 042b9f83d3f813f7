import {captureOf} from '../derive/capture.ts'
import {openAddresses} from '../derive/captured-port.ts'
import {dataPlane} from '../derive/membership.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {check, finding} from '../model/check.ts'
import {restart, setInIstiod} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {onePerWorkload, rowId, workloadRef} from './subject.ts'

/** The sidecar's capture rules cover every address family of its pod (istio-iptables config.go:getLocalIP). */
export const allFamiliesCaptured = check({
  code: 'M208',
  slug: 'm208-all-families-captured',
  severity: 'error',
  needs: ['mesh', 'pods'],
  title: 'Every address family passes through the proxy',
  failure: 'An address family bypasses the proxy',
  why: 'On a dual-stack cluster rules are written for the first family alone: over the second the same ports answer in plain text.',
  hint: 'Turn dual stack on in Istio (`ISTIO_DUAL_STACK`), then restart the workloads.',
  run({mesh, pods}, {asked}) {
    const open = distinctPodsInScope(pods, asked, mesh).filter(
      (pod) => dataPlane(pod) === 'sidecar' && captureOf(pod).mode !== 'NONE' && openAddresses(pod, captureOf(pod)).length > 0,
    )
    return onePerWorkload(open).map((pod) =>
      finding(workloadRef(pod), 'the pods have an IPv6 address for which no capture rules exist', {
        fix: `${setInIstiod(meshFor(pod, mesh), '--set-string pilot.env.ISTIO_DUAL_STACK=true', '--set-string meshConfig.defaultConfig.proxyMetadata.ISTIO_DUAL_STACK=true')}\n${restart([pod])}`,
        endpoints: [rowId(pod, null)],
      }),
    )
  },
})
