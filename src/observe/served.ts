import {X509Certificate} from 'node:crypto'
import {meshFor} from '../derive/mesh-for.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import type {ServedCertificate} from '../model/evidence.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Pod} from '../model/workload.ts'
import {rootsConfigMap} from './project-roots.ts'
import {textMapOf} from './untrusted.ts'

/** Judges a served chain (PEM, leaf first) for the pod that should have served it. */
export type ServedJudge = (chain: readonly string[], target: {namespace: string; pod: string}) => ServedCertificate

/**
 * A judge over the pods of a snapshot: the leaf must carry the pod's own SPIFFE id, be in force at `now`, and lead by signatures of authorities to a root of
 * the pod's mesh. The handshake has proven that the server holds the leaf's key.
 */
export function servedJudge(pods: readonly Pod[], meshes: readonly Mesh[], roots: MeshRoots, now: Date): ServedJudge {
  const byName = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  return (chain, {namespace, pod: name}) => {
    const certificates = chain.flatMap((pem) => certificateFrom(pem) ?? [])
    const [leaf] = certificates
    if (leaf === undefined || certificates.length !== chain.length)
      return {uris: [], notAfter: '', doubt: 'the served certificate cannot be read'}
    const pod = byName.get(`${namespace}/${name}`)
    const mesh = meshFor(pod ?? {annotations: {}}, meshes)
    const wanted = `spiffe://${mesh.trustDomain}/ns/${namespace}/sa/${pod?.serviceAccount || 'default'}`
    const uris = urisOf(leaf)
    return {
      uris,
      notAfter: new Date(leaf.validTo).toISOString(),
      doubt: doubtOf({certificates, leaf, uris, wanted, roots: roots.get(mesh.rootNamespace) ?? [], now}),
    }
  }
}

/** The roots of each mesh, by its root namespace. */
export type MeshRoots = ReadonlyMap<string, readonly X509Certificate[]>

/** Reads the roots that istiod gave the root namespaces (else their control planes'); what cannot be read is left out, and no served chain is believed without. */
export async function readMeshRoots(meshes: readonly Mesh[], kube: Kube): Promise<MeshRoots> {
  const found = new Map<string, X509Certificate[]>()
  for (const {rootNamespace, namespace} of meshes) {
    if (found.has(rootNamespace)) continue
    const configMap = (await rootsOf(rootNamespace, kube)) ?? (namespace === rootNamespace ? null : await rootsOf(namespace, kube))
    if (configMap === null) continue
    const text = textMapOf(configMap['data'])['root-cert.pem'] ?? ''
    const blocks = text.match(/-----BEGIN CERTIFICATE-----(?:(?!-----BEGIN )[\s\S])*/g) ?? []
    found.set(
      rootNamespace,
      blocks.flatMap((pem) => certificateFrom(pem) ?? []),
    )
  }
  return found
}

function rootsOf(namespace: string, kube: Kube): Promise<KubeObject | null> {
  return kube.find<KubeObject>(`/api/v1/namespaces/${namespace}/configmaps/${rootsConfigMap}`).catch(() => null)
}

interface Case {
  certificates: X509Certificate[]
  leaf: X509Certificate
  uris: string[]
  wanted: string
  roots: readonly X509Certificate[]
  now: Date
}

function doubtOf({certificates, leaf, uris, wanted, roots, now}: Case): string {
  if (roots.length === 0) return "the mesh's roots could not be read to check the served certificate"
  if (!leadsToRoot(certificates, roots, now))
    return "the served certificate leads to no root of the mesh: an application's own, or another mesh's"
  if (uris.length !== 1 || uris[0] !== wanted) return `the served certificate belongs to \`${uris[0] ?? 'nobody'}\`, not to \`${wanted}\``
  return isInForce(leaf, now) ? '' : 'the served certificate is not in force'
}

/** Each certificate signed by the next, which must be an authority: a workload's own certificate must not vouch for another. */
function leadsToRoot(chain: readonly X509Certificate[], roots: readonly X509Certificate[], now: Date): boolean {
  for (const [at, certificate] of chain.entries()) {
    if (at > 0 && !(certificate.ca && isInForce(certificate, now) && isSignedBy(chain[at - 1] as X509Certificate, certificate)))
      return false
    if (
      roots.some(
        (root) => isInForce(root, now) && (root.fingerprint256 === certificate.fingerprint256 ? at > 0 : isSignedBy(certificate, root)),
      )
    )
      return true
  }
  return false
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function isInForce(certificate: X509Certificate, now: Date): boolean {
  return Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo)
}

/** node quotes a name that holds what could be mistaken for a second one: such a name is no SPIFFE id. */
function urisOf({subjectAltName = ''}: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []))
}

function certificateFrom(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}
