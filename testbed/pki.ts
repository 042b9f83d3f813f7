import {generateKeyPairSync} from 'node:crypto'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Addresses} from './addresses.ts'
import {run} from './shell.ts'

/** Makes the bed's certificate authority, the certificates of all components, and their kubeconfigs, as files in that folder. */
export async function makePki(folder: string, addresses: Addresses): Promise<void> {
  mkdirSync(folder, {recursive: true, mode: 0o700})
  const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  writeFileSync(join(folder, 'service-accounts.key'), ec.privateKey.export({type: 'sec1', format: 'pem'}), {mode: 0o600})
  writeFileSync(join(folder, 'service-accounts.pub'), ec.publicKey.export({type: 'spki', format: 'pem'}))
  await issue(folder, {
    name: 'ca',
    subject: `/CN=istio-mtls-bed-${addresses.number}`,
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'],
  })
  await Promise.all(certificatesOf(addresses).map((certificate) => issue(folder, certificate)))
  for (const {name, kubeconfig} of certificatesOf(addresses)) {
    if (kubeconfig) writeFileSync(join(folder, `${name}.kubeconfig`), kubeconfigOf(folder, name, addresses), {mode: 0o600})
  }
}

interface Certificate {
  name: string
  subject: string
  extensions: string[]
  kubeconfig?: boolean
}

function certificatesOf({nodeIp, apiServiceIp}: Addresses): Certificate[] {
  const client = ['extendedKeyUsage=clientAuth']
  const server = (names: string) => ['extendedKeyUsage=serverAuth', `subjectAltName=${names}`]
  const apiNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'].map(
    (name) => `DNS:${name}`,
  )
  return [
    {
      name: 'kube-apiserver',
      subject: '/CN=kube-apiserver',
      extensions: server([...apiNames, `IP:${nodeIp}`, 'IP:127.0.0.1', `IP:${apiServiceIp}`].join(',')),
    },
    {name: 'artifacts', subject: '/CN=artifacts', extensions: server(`DNS:localhost,IP:${nodeIp},IP:127.0.0.1`)},
    {
      name: 'kubelet',
      subject: '/O=system:nodes/CN=system:node:node1',
      extensions: ['extendedKeyUsage=serverAuth,clientAuth', `subjectAltName=DNS:node1,IP:${nodeIp}`],
      kubeconfig: true,
    },
    {name: 'apiserver-to-kubelet', subject: '/O=system:masters/CN=apiserver-to-kubelet', extensions: client},
    {name: 'admin', subject: '/O=system:masters/CN=admin', extensions: client, kubeconfig: true},
    {name: 'kube-controller-manager', subject: '/CN=system:kube-controller-manager', extensions: client, kubeconfig: true},
    {name: 'kube-scheduler', subject: '/CN=system:kube-scheduler', extensions: client, kubeconfig: true},
    {name: 'kube-proxy', subject: '/CN=system:kube-proxy', extensions: client, kubeconfig: true},
  ]
}

async function issue(folder: string, {name, subject, extensions}: Certificate): Promise<void> {
  const config = [
    '[req]',
    'distinguished_name = dn',
    'x509_extensions = ext',
    '[dn]',
    '[ext]',
    'subjectKeyIdentifier = hash',
    ...extensions,
  ].join('\n')
  writeFileSync(join(folder, `${name}.cnf`), config)
  const signer = name === 'ca' ? [] : ['-CA', 'ca.crt', '-CAkey', 'ca.key']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`]
  await run(
    'openssl',
    ['req', '-x509', ...key, '-sha256', '-days', '365', '-config', `${name}.cnf`, '-subj', subject, ...signer, '-out', `${name}.crt`],
    {cwd: folder},
  )
}

function kubeconfigOf(folder: string, name: string, {number, nodeIp}: Addresses): string {
  const base64 = (file: string) => readFileSync(join(folder, file)).toString('base64')
  const bed = `istio-mtls-bed-${number}`
  return `apiVersion: v1
kind: Config
clusters:
- name: ${bed}
  cluster:
    server: https://${nodeIp}:6443
    certificate-authority-data: ${base64('ca.crt')}
users:
- name: ${name}
  user:
    client-certificate-data: ${base64(`${name}.crt`)}
    client-key-data: ${base64(`${name}.key`)}
contexts:
- name: ${bed}
  context: {cluster: ${bed}, user: ${name}}
current-context: ${bed}
`
}
