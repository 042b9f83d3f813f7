import {X509Certificate} from 'node:crypto'
import type {RunningProxy, OwnCertificate} from '../model/delivered.ts'
import {certificatesFrom} from './project-certificate.ts'
import {type Fields, fieldsOf, listOf, textOf} from './untrusted.ts'

/** What an Envoy `/config_dump?resource=dynamic_active_secrets` holds under `default` and `ROOTCA` (rule 64); keys are never read, Envoy redacts them. */
export function secretsFrom(dump: string): Pick<RunningProxy, 'certificate' | 'roots'> {
  const secrets = listOf(fieldsOf(JSON.parse(dump))['configs']).map(({secret}) => fieldsOf(secret))
  const rootSecret = secrets.find(({name}) => isNamed(name, 'ROOTCA', 'file-root:'))
  const rootPem = pemOf(fieldsOf(fieldsOf(rootSecret?.['validation_context'])['trusted_ca']))
  const own = secrets.find(({name}) => isNamed(name, 'default', 'file-cert:'))
  const chain = pemOf(fieldsOf(fieldsOf(own?.['tls_certificate'])['certificate_chain']))
  return {certificate: servedFrom(chain, rootPem), roots: certificatesFrom(rootPem).certificates}
}

function isNamed(name: unknown, exact: string, prefix: string): boolean {
  return name === exact || textOf(name).startsWith(prefix)
}

function pemOf(source: Fields): string {
  return Buffer.from(textOf(source['inline_bytes']), 'base64').toString('utf8') || textOf(source['inline_string'])
}

function servedFrom(chainPem: string, rootPem: string): OwnCertificate | null {
  const chain = blocksOf(chainPem)
  const [leaf] = chain
  if (leaf === undefined) return null
  return {
    uris: (leaf.subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : [])),
    serial: leaf.serialNumber.toLowerCase(),
    notBefore: new Date(leaf.validFrom).toISOString(),
    notAfter: new Date(leaf.validTo).toISOString(),
    root: rootOf(chain, blocksOf(rootPem)),
  }
}

/** The root that signed the last certificate reached from the leaf, each verified by the next; '' when a link does not hold. */
function rootOf(chain: X509Certificate[], roots: X509Certificate[]): string {
  for (const [at, certificate] of chain.entries()) {
    const root = roots.find((each) => each.fingerprint256 === certificate.fingerprint256 || isSignedBy(certificate, each))
    if (root !== undefined) return root.fingerprint256
    const next = chain[at + 1]
    if (next === undefined || !isSignedBy(certificate, next)) return ''
  }
  return ''
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function blocksOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}
