import {type KeyObject, X509Certificate} from 'node:crypto'
import type {Certificate} from '../model/root.ts'

/** Every certificate of a PEM text, projected, and how many blocks looked like one: what is none is left out, never thrown at. */
export function certificatesFrom(text: string): {certificates: Certificate[]; blocks: number} {
  // A block ends at its end, at the next one's beginning, or where the text was cut off.
  const blocks = text.match(/-----BEGIN CERTIFICATE-----(?:(?!-----BEGIN )[\s\S])*/g) ?? []
  return {certificates: blocks.flatMap((pem) => certificateFrom(pem) ?? []), blocks: blocks.length}
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
