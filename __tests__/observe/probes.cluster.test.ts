import {execFileSync} from 'node:child_process'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {endpoints} from '../../src/derive/endpoints.ts'
import {install} from '../../src/install/install.ts'
import type {Kube, RawAnswer} from '../../src/io/io.ts'
import type {Sighting} from '../../src/model/evidence.ts'
import type {Asked} from '../../src/model/snapshot.ts'
import {askThrough} from '../../src/observe/ask.ts'
import {observe} from '../../src/observe/observe.ts'
import type {Scheme} from '../../src/observe/probe-answer.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'
import {asked as anything} from '../helpers/fixture.ts'

// The rows of live-evidence.md, section 1, on real sidecars: what docs/live-probes.md says was measured here.

let bed: Bed
let on: OnBed
const pods: Record<string, string> = {}
const modes = {strict: 'STRICT', permissive: 'PERMISSIVE', disabled: 'DISABLE'}

beforeAll(async () => {
  bed = await up({bed: 7})
  await reset(bed)
  on = await onBed(bed)
  await install(on.inputs(), on.kube, on.kubeconfigPath, on.io)
  for (const namespace of [...Object.keys(modes), 'plain']) {
    kubectl('create', 'namespace', namespace)
    if (namespace !== 'plain') kubectl('label', 'namespace', namespace, 'istio-injection=enabled')
    const pki = (file: string) => join(bed.runDir, 'pki', file)
    const files = {crt: 'artifacts.crt', key: 'artifacts.key', ca: 'ca.crt'}
    kubectl(
      '-n',
      namespace,
      'create',
      'configmap',
      'tls',
      ...Object.entries(files).map(([name, file]) => `--from-file=${name}=${pki(file)}`),
    )
    kubectl('-n', namespace, 'apply', '-f', manifest('every-port'))
  }
  kubectl('-n', 'plain', 'apply', '-f', manifest('hostile'))
  for (const [namespace, mode] of Object.entries(modes)) setMode(namespace, mode)
  for (const namespace of [...Object.keys(modes), 'plain']) {
    kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s')
    pods[namespace] = kubectl('-n', namespace, 'get', 'pod', '-l', 'app=app', '-o', 'jsonpath={.items[0].metadata.name}')
  }
  pods['hostile'] = 'hostile'
}, 400_000)

afterAll(async () => {
  on?.close()
  await down({bed: bed.number})
}, 120_000)

describe('what each kind of port answers', () => {
  test.each<[string, number, Sighting, Sighting]>([
    ['strict', 8080, 'client-certificate', 'closed'],
    ['strict', 7070, 'client-certificate', 'closed'],
    ['strict', 9090, 'client-certificate', 'closed'],
    ['strict', 8443, 'client-certificate', 'closed'],
    ['strict', 8444, 'client-certificate', 'closed'],
    ['strict', 8888, 'client-certificate', 'closed'],
    ['strict', 9091, 'plain-text', 'plain-text'],
    ['permissive', 8080, 'closed', 'plain-text'],
    ['permissive', 7070, 'closed', 'plain-text'],
    ['permissive', 9090, 'plain-text', 'plain-text'],
    ['permissive', 8443, 'tls', 'plain-text'],
    ['permissive', 8444, 'client-certificate', 'plain-text'],
    ['permissive', 8888, 'closed', 'plain-text'],
    ['permissive', 15001, 'closed', 'plain-text'],
    ['disabled', 8080, 'plain-text', 'plain-text'],
    ['disabled', 9090, 'plain-text', 'plain-text'],
    ['disabled', 8444, 'client-certificate', 'plain-text'],
    ['disabled', 15001, 'closed', 'plain-text'],
    ['plain', 8080, 'plain-text', 'plain-text'],
    ['plain', 7070, 'plain-text', 'plain-text'],
    ['plain', 9090, 'plain-text', 'plain-text'],
    ['plain', 8443, 'tls', 'plain-text'],
    ['plain', 8444, 'client-certificate', 'plain-text'],
    ['plain', 8888, 'inconclusive', 'inconclusive'],
    ['hostile', 8201, 'plain-text', 'plain-text'],
    ['hostile', 8202, 'plain-text', 'closed'],
    ['hostile', 8203, 'plain-text', 'plain-text'],
    ['hostile', 8204, 'plain-text', 'plain-text'],
    ['hostile', 8205, 'plain-text', 'plain-text'],
  ])('%s %i: TLS %s, plain %s', async (namespace, port, tls, plain) => {
    expect(await sightings(namespace, port, 'tls', tls)).toEqual([tls])
    expect(await sightings(namespace, port, 'plain', plain)).toEqual([plain])
  })
})

test('every row of the STRICT namespace but the excluded port is proven, no other row anywhere', async () => {
  const {rows, snapshot} = await look()
  const verdicts = (namespace: string) =>
    new Set(rows.filter((row) => row.namespace === namespace && row.port !== 9091).map((row) => row.verdict))
  expect(verdicts('strict')).toEqual(new Set(['proven', 'exempt']))
  expect(verdicts('permissive')).toEqual(new Set(['violated', 'exempt']))
  expect(verdicts('disabled')).toEqual(new Set(['violated', 'exempt']))
  expect(verdicts('plain')).toEqual(new Set(['violated']))
  expect(rows.filter((row) => row.port === 9091).map((row) => row.verdict)).toEqual(['violated', 'violated', 'violated', 'violated'])
  expect(snapshot.probes).toMatchObject({value: {controls: [{passed: true}, {passed: true}], reachable: [`strict/${pods['strict']}`]}})
}, 60_000)

describe('a broken prober proves nothing', () => {
  const refused: RawAnswer = {
    status: 503,
    headers: {},
    body: '{"kind":"Status","message":"error trying to reach service: dial tcp 1.2.3.4:5: connect: connection refused"}',
  }
  const alert: RawAnswer = {
    status: 500,
    headers: {'audit-id': '1'},
    body: '{"kind":"Status","message":"remote error: tls: certificate required"}',
  }
  const eof: RawAnswer = {status: 503, headers: {}, body: '{"kind":"Status","message":"error trying to reach service: EOF"}'}
  test.each<[string, (path: string, real: () => Promise<RawAnswer>) => Promise<RawAnswer>]>([
    ['always refused', async () => refused],
    ['always closed', async () => eof],
    ['always an answer', async () => ({status: 200, headers: {}, body: ''})],
    ['always what a proof would look like', async (path) => (path.includes('https:') ? alert : eof)],
    ['dropped packets', async () => Promise.reject(new Error('no answer within 15 s'))],
    ['the next port', async (path, real) => (path.includes('15014') || path.includes('15998') ? refused : real())],
  ])(
    '%s',
    async (_title, probe) => {
      const kube: Kube = {...withoutDelivered(on.kube), probe: (path, options) => probe(path, () => on.kube.probe(path, options))}
      const {rows} = await look({kube})
      expect(rows.filter((row) => row.verdict === 'proven')).toEqual([])
    },
    60_000,
  )
})

test('a policy that was just changed is waited for until the proxies have it', async () => {
  setMode('permissive', 'PERMISSIVE')
  // Plain connections that the API server keeps open: the new policy must outlive them.
  expect(await sightings('permissive', 8080, 'plain', 'plain-text')).toEqual(['plain-text'])
  setMode('permissive', 'STRICT')
  const {rows} = await look({settleMs: 60_000})
  setMode('permissive', 'PERMISSIVE')
  const settled = rows.filter((row) => row.namespace === 'permissive' && row.port !== 9091)
  expect(new Set(settled.map((row) => row.verdict))).toEqual(new Set(['proven', 'exempt']))
}, 120_000)

describe('the published roles, on a real API server', () => {
  test.each<[string, string[], string[]]>([
    ['none', [], ['cluster', 'mesh', 'controlPlane', 'namespaces', 'pods', 'services', 'policies', 'envoyFilters', 'probes']],
    ['read', ['read'], ['probes']],
    ['read and probe', ['read', 'probe'], []],
  ])(
    '%s',
    async (_title, roles, expected) => {
      const {snapshot} = await look({kube: await as(roles)})
      const unread = Object.entries(snapshot)
        .filter(([, part]) => part?.read === false)
        .map(([part]) => part)
      expect(unread).toEqual(expect.arrayContaining(expected))
      if (roles.length > 0) expect(unread.filter((part) => part !== 'validation')).toEqual(expected)
      if (roles.length === 1) expect(snapshot.probes).toMatchObject({reason: expect.stringContaining('grant `get` on `pods/proxy`')})
      if (roles.length === 0) expect(snapshot.pods).toMatchObject({reason: expect.stringContaining('grant `get, list, watch` on `pods`')})
    },
    60_000,
  )
})

/** What a port shows in ten attempts, once the policy has reached it; an alert that lost its race (`closed`) counts as the alert. */
async function sightings(namespace: string, port: number, scheme: Scheme, expected: Sighting): Promise<Sighting[]> {
  let saw = await see(namespace, port, scheme)
  for (let tried = 1; tried < 50 && saw !== expected; tried++) {
    await on.io.clock.sleep(100)
    saw = await see(namespace, port, scheme)
  }
  const seen = new Set([saw])
  for (let at = 0; at < 10; at++) seen.add(await see(namespace, port, scheme))
  if (saw === 'client-certificate') seen.delete('closed')
  return [...seen]
}

/** The same cluster for an account that may forward no port: what the proxies run is then no evidence (delivered.cluster.test.ts has that). */
function withoutDelivered(kube: Kube): Kube {
  return {
    ...kube,
    create: async (path, object, options) =>
      path.endsWith('reviews') ? ({status: {allowed: false}} as never) : kube.create(path, object, options),
  }
}

async function see(namespace: string, port: number, scheme: Scheme): Promise<Sighting> {
  const target = {namespace: namespace === 'hostile' ? 'plain' : namespace, pod: pods[namespace] ?? '', port}
  return (await askThrough(on.kube, () => 60_000)(target, scheme)).saw
}

async function look({kube = withoutDelivered(on.kube), settleMs = 0}: {kube?: Kube; settleMs?: number} = {}) {
  const asked: Asked = {...anything, scope: {namespaces: ['*'], exclude: ['kube-*', 'istio-system']}, require: 'proven', probes: true}
  const now = on.io.clock.ticks()
  const options = {
    clusterName: '',
    probes: {mode: 'api-server' as const, exclude: ['plain/hostile'], concurrency: 16},
    settleUntil: settleMs === 0 ? null : now + settleMs,
    deadline: now + 100_000,
    askWebhook: null,
  }
  const snapshot = await observe(asked, options, kube, on.io)
  return {snapshot, rows: endpoints(snapshot).filter((row) => row.workload.name !== 'hostile')}
}

/** A connection as a service account that holds these of the published roles and nothing else. */
async function as(roles: string[]): Promise<Kube> {
  const name = ['account', ...roles].join('-')
  kubectl('-n', 'default', 'create', 'serviceaccount', name)
  for (const role of roles) {
    kubectl('apply', '-f', `rbac/${role}.yaml`)
    kubectl('create', 'clusterrolebinding', `${name}-${role}`, `--clusterrole=istio-mtls-${role}`, `--serviceaccount=default:${name}`)
  }
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bed',
    clusters: [{name: 'bed', cluster: {server: bed.apiServer, 'certificate-authority': bed.caFile}}],
    contexts: [{name: 'bed', context: {cluster: 'bed', user: name}}],
    users: [{name, user: {token: kubectl('-n', 'default', 'create', 'token', name)}}],
  })
  return on.io.connect({kubeconfig, context: '', insecureSkipTlsVerify: false})
}

function setMode(namespace: string, mode: string): void {
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name: 'default', namespace},
    spec: {mtls: {mode}},
  }
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {input: JSON.stringify(policy)})
}

function manifest(name: string): string {
  return join(import.meta.dirname, 'manifests', `${name}.yaml`)
}

function kubectl(...args: string[]): string {
  return execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'}).trim()
}
