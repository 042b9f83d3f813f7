import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {fakeIo} from '../helpers/fake-io.ts'
import {liveFiles} from '../../src/io/files.ts'
import type {Io, Kube, KubeObject} from '../../src/io/io.ts'
import {kubeOver} from '../../src/io/kube.ts'
import {openTransport} from '../../src/io/kube-transport.ts'
import {liveKubeconfigs} from '../../src/io/kubeconfig.ts'
import {chosenFrom, kubeconfigFrom} from '../../src/io/kubeconfig-text.ts'
import {liveShell} from '../../src/io/shell.ts'
import {down, target} from '../../testbed/bed.ts'

// The door to the API server against a real one; a namespace of its own, removed afterwards.

const namespace = 'io-door'
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
const io = fakeIo({env: {PATH: process.env.PATH ?? ''}})
let admin: Kube
let adminText: string
let leave = async () => {}

beforeAll(async () => {
  const cluster = await target({bed: 5, onProgress: () => {}})
  if (cluster.kind === 'bed') leave = () => down({bed: cluster.number})
  const options = {context: '', allowExec: false, insecureSkipTlsVerify: false}
  const source = {from: 'path', path: cluster.kubeconfig, input: 'kubeconfig', explicit: true} as const
  adminText = await liveKubeconfigs(liveFiles('/tmp'), io.runner).read(source, options)
  admin = await connect(adminText)
  await admin.apply(
    `/api/v1/namespaces/${namespace}`,
    {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}},
    {fieldManager: 'test'},
  )
}, 300_000)

afterAll(async () => {
  await admin?.remove(`/api/v1/namespaces/${namespace}`)
  admin?.close()
  await leave()
}, 60_000)

describe('writing', () => {
  const path = `${configMaps}/mine`
  const mine = (data: object) => ({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'mine'}, data})

  test('a dry run leaves nothing behind', async () => {
    expect(await admin.apply(path, mine({a: '1'}), {fieldManager: 'us', dryRun: true})).toMatchObject({data: {a: '1'}})
    expect(await admin.create(configMaps, mine({a: '1'}), {dryRun: true})).toMatchObject({data: {a: '1'}})
    expect(await admin.find(path)).toBeNull()
  })

  test('the same apply twice changes nothing', async () => {
    const first = await admin.apply(path, mine({a: '1'}), {fieldManager: 'us'})
    const second = await admin.apply(path, mine({a: '1'}), {fieldManager: 'us'})
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })

  test('what others own is never taken: 409 names them', async () => {
    await expect(admin.apply(path, mine({a: '2'}), {fieldManager: 'them'})).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
      message: expect.stringContaining('conflict with "us": .data.a'),
    })
    expect(await admin.get(path)).toMatchObject({data: {a: '1'}})
  })

  test('a misspelt field is refused, not dropped', async () => {
    await expect(admin.create(configMaps, {...mine({}), dta: {}, metadata: {name: 'other'}}, {dryRun: true})).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('unknown field "dta"'),
    })
  })

  test('a merge patch changes the named field alone', async () => {
    const patched = await admin.patch(path, {metadata: {annotations: {note: 'x'}}}, {fieldManager: 'us'})
    expect(patched).toMatchObject({data: {a: '1'}, metadata: {annotations: {note: 'x'}}})
  })

  test('remove spares an object that merely has the same name', async () => {
    const {metadata} = await admin.get(path)
    await expect(admin.remove(path, {uid: 'another'})).rejects.toMatchObject({status: 409, message: expect.stringContaining('UID')})
    expect(await admin.remove(path, {uid: metadata.uid ?? ''})).toBe(true)
    expect(await admin.remove(path)).toBe(false)
  })
})

test('a list of more than one page is whole, and nothing twice', async () => {
  const names = Array.from({length: 601}, (_, index) => `page-${String(index).padStart(4, '0')}`)
  const make = async (name: string) =>
    admin.create(configMaps, {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name, labels: {set: 'pages'}}})
  for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map(make))
  const listed = await admin.list(
    `${configMaps}?labelSelector=set%3Dpages`,
    ({kind, apiVersion, metadata}) => `${apiVersion} ${kind} ${metadata.name}`,
  )
  expect(listed).toEqual(names.map((name) => `v1 ConfigMap ${name}`))
}, 60_000)

describe('refusals', () => {
  test('say who may not do what', async () => {
    await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {name: 'nobody'},
    })
    const request = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {}}
    const granted = await admin.create<KubeObject & {status: {token: string}}>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`,
      request,
    )
    const nobody = await connect(withToken(granted.status.token))
    await expect(nobody.list('/api/v1/pods', () => 0)).rejects.toMatchObject({
      status: 403,
      reason: 'Forbidden',
      message: `pods is forbidden: User "system:serviceaccount:${namespace}:nobody" cannot list resource "pods" in API group "" at the cluster scope`,
    })
    nobody.close()
  })

  test('tell a bad token', async () => {
    const stranger = await connect(withToken('not-a-token'))
    await expect(stranger.get('/api/v1/pods')).rejects.toMatchObject({status: 401, reason: 'Unauthorized'})
    stranger.close()
  })

  test('tell a resource that is not installed', async () => {
    expect(await admin.find('/apis/none.example/v1/things')).toBeNull()
    await expect(admin.list('/apis/none.example/v1/things', () => 0)).rejects.toMatchObject({status: 404})
  })

  test('tell a server with another name', async () => {
    const chosen = chosenFrom(kubeconfigFrom(adminText, 'kubeconfig'), '', 'kubeconfig')
    const wrong = await connect(adminText, {...chosen, cluster: {...chosen.cluster, 'tls-server-name': 'other.example'}})
    await expect(wrong.get('/version')).rejects.toMatchObject({status: 0, reason: 'ERR_TLS_CERT_ALTNAME_INVALID'})
    wrong.close()
  })
})

describe('a probe through the API server', () => {
  let dns = ''
  beforeAll(async () => {
    const [found] = await admin.list('/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns', (pod) => pod.metadata.name)
    dns = found ?? ''
  })
  const probe = (port: number, {scheme = '', upgrade = false, path = ''} = {}) =>
    admin.probe(`/api/v1/namespaces/kube-system/pods/${scheme}${dns}:${port}/proxy/${path}`, {upgrade, timeoutMs: 20_000, maxBytes: 256})

  test('finds a port that answers in plain text', async () => {
    expect(await probe(8181, {path: 'ready'})).toMatchObject({status: 200, body: 'OK'})
  })

  test('with an upgrade hears of an answer only through the proxy', async () => {
    // apimachinery pkg/util/proxy/upgradeaware.go: an answer below 400 that is no 101 becomes the proxy's own error.
    const {status, body} = await probe(8181, {path: 'ready', upgrade: true})
    expect({status, message: JSON.parse(body).message}).toEqual({status: 500, message: 'invalid upgrade response: status code 200'})
  })

  test('hears that it speaks no TLS', async () => {
    expect((await probe(8181, {scheme: 'https:', upgrade: true})).body).toContain('first record does not look like a TLS handshake')
  })

  test('hears of a closed port, by either way', async () => {
    expect(await probe(9)).toMatchObject({status: 503, body: expect.stringContaining('connection refused')})
    expect(await probe(9, {upgrade: true})).toMatchObject({status: 500, body: expect.stringContaining('connection refused')})
  })
})

async function connect(text: string, chosen = chosenFrom(kubeconfigFrom(text, 'kubeconfig'), '', 'kubeconfig')): Promise<Kube> {
  const door: Pick<Io, 'files' | 'shell' | 'runner'> = {
    files: liveFiles('/tmp'),
    shell: liveShell(new AbortController().signal),
    runner: io.runner,
  }
  return kubeOver(await openTransport(chosen, door), {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: io.log.detail})
}

function withToken(token: string): string {
  const config = kubeconfigFrom(adminText, 'kubeconfig')
  return JSON.stringify({...config, users: config.users.map(({name}) => ({name, user: {token}}))})
}
