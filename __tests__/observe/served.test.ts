import {X509Certificate} from 'node:crypto'
import {beforeAll, describe, expect, test} from '@jest/globals'
import type {Mesh} from '../../src/model/mesh.ts'
import type {Pod} from '../../src/model/workload.ts'
import {defaultMesh} from '../../src/derive/mesh-for.ts'
import {readMeshRoots, servedJudge} from '../../src/observe/served.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {authority, type Issued, intermediate, workload} from '../helpers/mesh-pki.ts'

const cart = 'spiffe://cluster.local/ns/shop/sa/cart'
const certs: Record<string, Issued> = {}

beforeAll(() => {
  const root = authority('cluster.local')
  const other = authority('cluster.local')
  const middle = intermediate('cluster.local intermediate', root)
  Object.assign(certs, {
    root,
    other,
    middle,
    leaf: workload([cart], root),
    below: workload([cart], middle),
    foreign: workload([cart], other),
    orders: workload(['spiffe://cluster.local/ns/shop/sa/orders'], root),
    elsewhere: workload(['spiffe://cluster.local/ns/other/sa/cart'], root),
    otherDomain: workload(['spiffe://old.local/ns/shop/sa/cart'], root),
    two: workload([cart, 'spiffe://cluster.local/ns/shop/sa/orders'], root),
  })
  // A workload that plays authority with its own certificate.
  certs['forged'] = workload([cart], certs['orders'] as Issued)
}, 60_000)

const pods = [{namespace: 'shop', name: 'cart-1', serviceAccount: 'cart', annotations: {}}] as unknown as Pod[]

/** The judgement of a chain of certificates by name, at a moment days from now. */
function doubt(
  chain: string[],
  {roots = ['root'], days = 0, meshes = [defaultMesh]}: {roots?: string[]; days?: number; meshes?: Mesh[]} = {},
) {
  const pem = (name: string) => certs[name]?.cert ?? name
  const meshRoots = new Map([['istio-system', roots.map((name) => new X509Certificate(pem(name)))]])
  const judge = servedJudge(pods, meshes, meshRoots, new Date(Date.now() + days * 86_400_000))
  return judge(chain.map(pem), {namespace: 'shop', pod: 'cart-1'})
}

describe("the pod's own certificate", () => {
  test.each([
    ['with its root, as istiod hands it out', ['leaf', 'root'], {}],
    ['alone', ['leaf'], {}],
    ['below an intermediate authority', ['below', 'middle', 'root'], {}],
    ['below an intermediate authority, without the root', ['below', 'middle'], {}],
    ['of a mesh that is changing its root', ['leaf', 'root'], {roots: ['other', 'root']}],
    ['of the mesh whose trust domain is another', ['otherDomain', 'root'], {meshes: [{...defaultMesh, trustDomain: 'old.local'}]}],
  ])('%s', (_title, chain, options) => {
    expect(doubt(chain, options).doubt).toBe('')
  })

  test('is told with its names and its end', () => {
    const served = doubt(['leaf', 'root'])
    expect(served.uris).toEqual([cart])
    expect(Date.parse(served.notAfter)).toBeGreaterThan(Date.now())
  })
})

describe('what is not the certificate of that pod', () => {
  test.each([
    ["another mesh's, of the same name", ['foreign', 'other'], {}, /leads to no root of the mesh/],
    ["an application's own", ['other'], {}, /leads to no root/],
    ['the root itself', ['root'], {}, /leads to no root/],
    ["another workload's", ['orders', 'root'], {}, /belongs to `spiffe:\/\/cluster\.local\/ns\/shop\/sa\/orders`, not to/],
    ["another namespace's", ['elsewhere', 'root'], {}, /belongs to/],
    ["another trust domain's", ['otherDomain', 'root'], {}, /belongs to/],
    ['one with two names', ['two', 'root'], {}, /belongs to/],
    ['one that a workload signed with its own', ['forged', 'orders', 'root'], {}, /leads to no root/],
    ['one whose issuer was left out', ['below', 'root'], {}, /leads to no root/],
    ['one that has run out', ['leaf', 'root'], {days: 1.5}, /not in force/],
    ['one whose root has run out', ['leaf', 'root'], {days: 3}, /leads to no root/],
    ['any, where the roots could not be read', ['leaf', 'root'], {roots: []}, /roots could not be read/],
    ['nothing that can be read', ['garbage'], {}, /cannot be read/],
    ['nothing at all', [], {}, /cannot be read/],
  ])('%s', (_title, chain, options, says) => {
    expect(doubt(chain, options).doubt).toMatch(says)
  })
})

describe('the roots of a mesh', () => {
  const at = (namespace: string) => `GET /api/v1/namespaces/${namespace}/configmaps/istio-ca-root-cert`
  const configMap = (text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: 'istio-ca-root-cert'},
    data: {'root-cert.pem': text},
  })

  test('are all those of its root namespace', async () => {
    const {kube} = fakeIo({kube: {[at('istio-system')]: configMap(`${certs['root']?.cert}${certs['other']?.cert}`)}})
    expect((await readMeshRoots([defaultMesh], kube)).get('istio-system')).toHaveLength(2)
  })

  test("are its control plane's where the root namespace has none", async () => {
    const mesh = {...defaultMesh, rootNamespace: 'mesh-config', namespace: 'istio-canary'}
    const {kube} = fakeIo({kube: {[at('istio-canary')]: configMap(certs['root']?.cert ?? '')}})
    expect((await readMeshRoots([mesh], kube)).get('mesh-config')).toHaveLength(1)
  })

  test.each([
    ['that may not be read', new Error('forbidden')],
    ['that hold no certificate', configMap('-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----')],
  ])('%s are none: nothing served is believed then', async (_title, answer) => {
    const {kube} = fakeIo({kube: {[at('istio-system')]: answer}})
    expect((await readMeshRoots([defaultMesh], kube)).get('istio-system') ?? []).toEqual([])
  })
})
