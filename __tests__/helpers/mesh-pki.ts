import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** A certificate with its key, both PEM. */
export interface Issued {
  cert: string
  key: string
}

/** An authority as istiod's: self-signed. */
export function authority(name: string): Issued {
  return issue(['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'], `/O=${name}`)
}

/** An authority below another. */
export function intermediate(name: string, issuer: Issued): Issued {
  return issue(['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'], `/O=${name}`, issuer)
}

/** A workload's certificate as istiod issues them: no subject, its names in the extension. */
export function workload(uris: string[], issuer: Issued, {days = '1'}: {days?: string} = {}): Issued {
  const names = uris.map((uri) => `URI:${uri}`).join(',')
  return issue(
    ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth,clientAuth', `subjectAltName=critical,${names}`],
    '/',
    issuer,
    days,
  )
}

function issue(extensions: string[], subject: string, issuer?: Issued, days = '2'): Issued {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-pki-'))
  const file = (name: string, content?: string) => {
    if (content !== undefined) writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  try {
    file('cnf', ['[req]', 'distinguished_name = dn', 'x509_extensions = ext', '[dn]', '[ext]', ...extensions].join('\n'))
    const signer = issuer ? ['-CA', file('ca.crt', issuer.cert), '-CAkey', file('ca.key', issuer.key)] : []
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')]
    const args = [
      'req',
      '-x509',
      ...key,
      '-sha256',
      '-days',
      days,
      '-config',
      file('cnf'),
      '-subj',
      subject,
      ...signer,
      '-out',
      file('crt'),
    ]
    execFileSync('openssl', args, {stdio: 'pipe'})
    return {cert: readFileSync(file('crt'), 'utf8'), key: readFileSync(file('key'), 'utf8')}
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}
