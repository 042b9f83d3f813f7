import {type KeyObject, X509Certificate} from 'node:crypto'
import type {KubeObject} from '../io/io.ts'
import type {Certificate, DistributedRoots} from '../model/root.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {textMapOf} from './untrusted.ts'

/** Name of the ConfigMap that istiod writes into every namespace it discovers (pilot: serviceregistry/kube/controller/namespacecontroller.go). */
export const rootsConfigMap = 'istio-ca-root-cert'

/** The roots of one namespace, or null for any other ConfigMap. Never throws: what is no certificate is named in `unreadable`. */
export function rootsFrom(configMap: KubeObject): DistributedRoots | null {
  const {namespace, name} = metaFrom(configMap)
  if (name !== rootsConfigMap) return null
  const text = textMapOf(configMap['data'])['root-cert.pem'] ?? ''
  // A block ends at its end, at the next one's beginning, or where the text was cut off.
  const blocks = text.match(/-----BEGIN CERTIFICATE-----(?:(?!-----BEGIN )[\s\S])*/g) ?? []
  const certificates = blocks.flatMap((pem) => certificateFrom(pem) ?? [])
  return {namespace, certificates, unreadable: unreadableText(text, blocks.length, certificates.length), ...placeOf(configMap)}
}

function unreadableText(text: string, blocks: number, certificates: number): string {
  if (text.trim() === '') return 'the key `root-cert.pem` is missing or empty'
  if (blocks === 0) return 'the key `root-cert.pem` holds no PEM certificate'
  return blocks === certificates ? '' : `${blocks - certificates} of ${blocks} PEM blocks in the key \`root-cert.pem\` are no certificates`
}

function certificateFrom(pem: string): Certificate | null {
  try {
    const certificate = new X509Certificate(pem)
    return {
      fingerprint: certificate.fingerprint256,
      // One line: node puts each attribute on a line of its own.
      subject: (certificate.subject ?? '').split('\n').join(', '),
      notBefore: new Date(certificate.validFrom).toISOString(),
      notAfter: new Date(certificate.validTo).toISOString(),
      ...keyFrom(certificate),
    }
  } catch {
    return null
  }
}

/** A key of a kind that node does not know leaves the rest of its certificate readable. */
function keyFrom(certificate: X509Certificate): Pick<Certificate, 'keyType' | 'keyBits'> {
  let key: KeyObject
  try {
    key = certificate.publicKey
  } catch {
    return {keyType: '', keyBits: 0}
  }
  const {modulusLength, namedCurve} = key.asymmetricKeyDetails ?? {}
  // Every curve is named with its size: prime256v1, secp384r1, brainpoolP512r1.
  return {keyType: key.asymmetricKeyType ?? '', keyBits: modulusLength ?? Number(/\d{3}/.exec(namedCurve ?? '')?.[0] ?? 0)}
}
