import {X509Certificate} from 'node:crypto'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {addressesOf} from '../../testbed/addresses.ts'
import {makePki} from '../../testbed/pki.ts'

const folder = mkdtempSync(join(tmpdir(), 'pki-'))
const certificate = (name: string) => new X509Certificate(readFileSync(join(folder, `${name}.crt`)))

beforeAll(() => makePki(folder, addressesOf(7)))
afterAll(() => rmSync(folder, {recursive: true}))

describe('the keys of a bed', () => {
  test.each(['kube-apiserver', 'artifacts', 'kubelet', 'admin', 'kube-proxy', 'apiserver-to-kubelet'])(
    '%s is signed by the authority',
    (name) => {
      const ca = certificate('ca')
      expect(ca.ca).toBe(true)
      expect(certificate(name).ca).toBe(false)
      expect(certificate(name).checkIssued(ca)).toBe(true)
      expect(certificate(name).verify(ca.publicKey)).toBe(true)
    },
  )

  test('the API server answers to its address, its service address and its names', () => {
    for (const ip of ['10.107.0.2', '10.107.32.1', '127.0.0.1']) expect(certificate('kube-apiserver').checkIP(ip)).toBe(ip)
    expect(certificate('kube-apiserver').checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc')
    expect(certificate('artifacts').checkIP('10.107.0.2')).toBe('10.107.0.2')
  })

  test('the kubelet is the node that the authorizer knows', () => {
    expect(certificate('kubelet').subject.split('\n').sort()).toEqual(['CN=system:node:node1', 'O=system:nodes'])
  })

  test('a kubeconfig holds all it needs', () => {
    const {clusters, users, contexts, 'current-context': current} = parse(readFileSync(join(folder, 'admin.kubeconfig'), 'utf8'))
    expect(current).toBe('istio-mtls-bed-7')
    expect(contexts).toEqual([{name: current, context: {cluster: clusters[0].name, user: users[0].name}}])
    expect(clusters[0].cluster.server).toBe('https://10.107.0.2:6443')
    expect(Buffer.from(users[0].user['client-certificate-data'], 'base64')).toEqual(readFileSync(join(folder, 'admin.crt')))
  })
})
