import {meshRoots, otherDistribution} from '../derive/mesh-roots.ts'
import {check, finding, type PartialFinding, type Severity} from '../model/check.ts'
import type {DistributedRoots} from '../model/root.ts'
import {restart} from './fix.ts'
import {type ReadProxy, readProxies} from './served-certificates.ts'
import {rowId, workloadId, workloadRef} from './subject.ts'

/** What each proxy serves is within its dates, was renewed in time, and comes from a root of the mesh (rule 64). */
export const certificatesLive = check({
  code: 'M501',
  slug: 'm501-certificates-live',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'pods', 'roots', 'delivered'],
  title: 'Every workload serves a live certificate of the mesh',
  failure: 'A workload serves a certificate that its peers refuse, or soon will',
  why: 'Peers refuse an expired or foreign certificate: calls fail, and under PERMISSIVE clients may be tempted to fall back to plain text.',
  hint: "Find out why the proxy gets no new certificate: istiod's log and its own name the reason.",
  role: 'inspect',
  run({mesh, controlPlane, pods, roots, delivered}, {asked, now}) {
    const bad = readProxies(delivered, pods, asked, mesh).flatMap((proxy) => {
      const distributed = otherDistribution(proxy.mesh, controlPlane) === '' ? meshRoots(proxy.mesh, roots) : null
      const fault = faultOf(proxy, distributed, now)
      return fault === null ? [] : [{...proxy, ...fault}]
    })
    return [...Map.groupBy(bad, ({pod, says}) => `${workloadId(pod)}\n${says}`).values()].flatMap((alike): PartialFinding[] => {
      const [first] = alike
      if (first === undefined) return []
      const {pod, says, severity} = first
      const fix = `istioctl proxy-config secret ${pod.name} -n ${pod.namespace}\nkubectl -n ${pod.namespace} logs ${pod.name} -c istio-proxy | grep -iE 'sds|cert|csr'\n${restart([pod])}`
      return [finding(workloadRef(pod), says, {severity, fix, endpoints: [rowId(pod, null)]})]
    })
  },
})

function faultOf(
  {running: {certificate, listeners}}: ReadProxy,
  roots: DistributedRoots | null,
  now: number,
): {says: string; severity: Severity} | null {
  if (certificate === null) {
    const needsOne = listeners.some(({chains}) => chains.some(({accepts}) => accepts === 'mutual-tls'))
    return needsOne ? {says: 'its proxy demands mutual TLS and holds no certificate to serve', severity: 'error'} : null
  }
  const {notBefore, notAfter, root, serial} = certificate
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)]
  if (!(now < to)) return {says: `its certificate ${serial} expired at ${notAfter}`, severity: 'error'}
  if (!(now >= from)) return {says: `its certificate ${serial} is not valid before ${notBefore}`, severity: 'error'}
  if (root === '') return {says: `its certificate ${serial} comes from none of the roots that its proxy trusts`, severity: 'error'}
  if (roots !== null && roots.unreadable === '' && !roots.certificates.some(({fingerprint}) => fingerprint === root))
    return {says: `its certificate ${serial} comes from root ${root.slice(0, 23)}…, which is none of the mesh's`, severity: 'error'}
  const isLate = now - from > (to - from) * renewalShare
  return isLate
    ? {
        says: `its certificate ${serial} is past ${renewalShare * 100} % of its life and was not renewed: it ends at ${notAfter}`,
        severity: 'warning',
      }
    : null
}

/** Istio renews at half of a certificate's life (SECRET_GRACE_PERIOD_RATIO). */
const renewalShare = 0.8
