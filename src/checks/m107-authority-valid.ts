import {meshRoots, otherDistribution} from '../derive/mesh-roots.ts'
import {check, finding, type PartialFinding, type Severity} from '../model/check.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Certificate, DistributedRoots} from '../model/root.ts'
import {rootName, rootsRef} from './roots-ref.ts'
import {refOf} from './subject.ts'

/** Every root that the mesh trusts is valid now and for a tenth of its lifetime to come, with a key of today's strength (rule 64). */
export const authorityValid = check({
  code: 'M107',
  slug: 'm107-authority-valid',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'roots'],
  title: "The mesh's authority is valid",
  failure: "The mesh's authority is invalid, about to end, or weak",
  why: 'Every identity rests on the root: when it ends all mutual TLS of the mesh fails at once, and whoever breaks its key can be anyone.',
  hint: 'Rotate the root: hand out the new one beside the old, sign with the new, then take the old one away.',
  skip: (asked) => (asked.manifests ? 'manifests hold no root: istiod writes it into a running cluster' : null),
  run({mesh, controlPlane, roots}, {now}) {
    const unseen = mesh.flatMap((each) => {
      const setting = otherDistribution(each, controlPlane)
      return setting === '' ? [] : [notSeen(each, setting)]
    })
    const watched = mesh.filter((each) => otherDistribution(each, controlPlane) === '')
    const handed = new Set(watched.map((each) => meshRoots(each, roots)).filter((each) => each !== null))
    return [...unseen, ...[...handed].flatMap((each) => faults(each, now))]
  },
})

function faults(roots: DistributedRoots, now: number): PartialFinding[] {
  const fix = `kubectl -n ${roots.namespace} get configmap istio-ca-root-cert -o jsonpath='{.data.root-cert\\.pem}' | openssl storeutl -noout -text -certs /dev/stdin`
  const found: [string, Severity][] = roots.certificates.flatMap((certificate) =>
    [age(certificate, now), weakness(certificate)].flatMap((fault): [string, Severity][] =>
      fault === null ? [] : [[`root ${rootName(certificate)} ${fault.says}`, fault.severity]],
    ),
  )
  if (roots.unreadable !== '') found.push([roots.unreadable, 'error'])
  return found.map(([message, severity]) => finding(rootsRef(roots), message, {severity, fix}))
}

/** By share of the lifetime: ten days are little for ten years and much for a month. */
function age({notBefore, notAfter}: Certificate, now: number): {says: string; severity: Severity} | null {
  const [begin, end] = [Date.parse(notBefore), Date.parse(notAfter)]
  if (now >= end) return {says: `expired on ${day(notAfter)}`, severity: 'error'}
  if (now < begin) return {says: `is not valid before ${day(notBefore)}`, severity: 'error'}
  const left = (end - now) / (end - begin)
  if (left >= 0.1) return null
  const days = Math.floor((end - now) / 86_400_000)
  return {says: `ends on ${day(notAfter)}: ${days} days, ${(left * 100).toFixed(1)} % of its lifetime, are left`, severity: 'warning'}
}

/** NIST SP 800-57: below these a key has less than 112 (RSA) or 128 (curve) bits of strength. */
const leastBits: Record<string, number> = {rsa: 2048, 'rsa-pss': 2048, dsa: 2048, ec: 256}

function weakness({keyType, keyBits}: Certificate): {says: string; severity: Severity} | null {
  const least = leastBits[keyType]
  if (least === undefined || keyBits === 0 || keyBits >= least) return null
  return {says: `has a weak key: ${keyType.toUpperCase()} of ${keyBits} bits, below ${least}`, severity: 'warning'}
}

function day(time: string): string {
  return time.slice(0, 10)
}

function notSeen({namespace, revision}: Mesh, setting: string): PartialFinding {
  const subject = refOf('Deployment', {namespace, name: revision === 'default' ? 'istiod' : `istiod-${revision}`})
  return finding(subject, `hands out its root otherwise (\`${setting}\`): whether it is valid was not seen`, {
    severity: 'info',
    hint: 'Watch the end of the root by other means.',
    fix: 'kubectl get clustertrustbundles\nkubectl get configmaps --all-namespaces',
  })
}
