import {check, finding} from '../model/check.ts'
import {restart} from './fix.ts'
import {type ReadProxy, readProxies} from './served-certificates.ts'
import {rowId, workloadId, workloadRef} from './subject.ts'

/** The SPIFFE id that a proxy serves is its pod's trust domain, namespace and service account, and that alone (rule 64). */
export const identitiesMatch = check({
  code: 'M502',
  slug: 'm502-identities-match',
  severity: 'error',
  needs: ['mesh', 'pods', 'delivered'],
  title: 'Every workload serves its own identity',
  failure: 'A workload serves the identity of another',
  why: 'Peers authorize by the identity in the certificate: with another one a workload passes for someone else, or is refused as a stranger.',
  hint: 'Restart the workload, and find out who issued that certificate if it comes back.',
  role: 'inspect',
  run({mesh, pods, delivered}, {asked}) {
    const wrong = readProxies(delivered, pods, asked, mesh).filter((proxy) => {
      const {certificate} = proxy.running
      return certificate !== null && (certificate.uris.length !== 1 || certificate.uris[0] !== expectedId(proxy))
    })
    const says = (proxy: ReadProxy) =>
      `its proxy serves ${proxy.running.certificate?.uris.map((uri) => `\`${uri}\``).join(', ') || 'no SPIFFE id'}, not \`${expectedId(proxy)}\``
    return [...Map.groupBy(wrong, (proxy) => `${workloadId(proxy.pod)}\n${says(proxy)}`).values()].flatMap(([first]) => {
      if (first === undefined) return []
      const {pod} = first
      const fix = `istioctl proxy-config secret ${pod.name} -n ${pod.namespace} -o json\n${restart([pod])}`
      return [finding(workloadRef(pod), says(first), {fix, endpoints: [rowId(pod, null)]})]
    })
  },
})

/** pkg/spiffe/spiffe.go:genSpiffeURI. */
function expectedId({pod, mesh}: ReadProxy): string {
  return `spiffe://${mesh.trustDomain}/ns/${pod.namespace}/sa/${pod.serviceAccount || 'default'}`
}
