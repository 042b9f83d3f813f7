import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test} from '@jest/globals'
import {endpoints} from '../../src/derive/endpoints.ts'
import {install} from '../../src/install/install.ts'
import type {Kube, KubeObject} from '../../src/io/io.ts'
import type {Probes, Sighting} from '../../src/model/evidence.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import {observe} from '../../src/observe/observe.ts'
import type {Scheme} from '../../src/observe/probe-answer.ts'
import {openProber, type Prober} from '../../src/observe/prober.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'
import {asked as anything} from '../helpers/fixture.ts'

// `probes: pod`, `mesh` and `direct` on real sidecars, and what is left behind when a run is killed: nothing that lasts.

type Mode = Probes['by']

let bed: Bed
let on: OnBed
const pods: Record<string, {name: string; ip: string}> = {}
const probers: Partial<Record<Mode, Prober>> = {}
const namespace = 'istio-mtls-prober'
const scratch: string[] = []
const children: ChildProcess[] = []

beforeAll(async () => {
  bed = await up({bed: 11})
  await reset(bed)
  on = await onBed(bed)
  await install(on.inputs(), on.kube, on.kubeconfigPath, on.io)
  for (const each of ['strict', 'permissive', 'plain']) {
    kubectl('create', 'namespace', each)
    if (each !== 'plain') kubectl('label', 'namespace', each, 'istio-injection=enabled')
    const files = {crt: 'artifacts.crt', key: 'artifacts.key', ca: 'ca.crt'}
    const from = Object.entries(files).map(([name, file]) => `--from-file=${name}=${join(bed.runDir, 'pki', file)}`)
    kubectl('-n', each, 'create', 'configmap', 'tls', ...from)
    kubectl('-n', each, 'apply', '-f', manifest('every-port'))
  }
  kubectl('-n', 'plain', 'apply', '-f', manifest('hostile'))
  setMode('strict', 'STRICT')
  setMode('permissive', 'PERMISSIVE')
  for (const each of ['strict', 'permissive', 'plain']) {
    kubectl('-n', each, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s')
    pods[each] = podOf(each, '-l', 'app=app')
  }
  pods['hostile'] = podOf('plain', '--field-selector=metadata.name=hostile')
  const {snapshot} = await look('direct')
  for (const mode of ['direct', 'pod', 'api-server'] as const) {
    probers[mode] = await openProber(snapshot, {mode, prober: options(), deadline: on.io.clock.ticks() + 600_000}, on.kube, on.io)
  }
}, 400_000)

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

afterAll(async () => {
  for (const folder of scratch) rmSync(folder, {recursive: true, force: true})
  await probers.pod?.close()
  on?.close()
  await down({bed: bed.number})
}, 120_000)

describe('what each kind of port answers to connections of our own', () => {
  test.each<[string, number, Sighting, Sighting]>([
    ['strict', 8080, 'client-certificate', 'closed'],
    ['strict', 7070, 'client-certificate', 'closed'],
    ['strict', 9090, 'client-certificate', 'closed'],
    ['strict', 8443, 'client-certificate', 'closed'],
    ['strict', 8444, 'client-certificate', 'closed'],
    ['strict', 8888, 'client-certificate', 'closed'],
    ['strict', 15001, 'client-certificate', 'closed'],
    ['strict', 9091, 'plain-text', 'plain-text'],
    ['permissive', 8080, 'closed', 'plain-text'],
    ['permissive', 7070, 'closed', 'plain-text'],
    ['permissive', 9090, 'plain-text', 'plain-text'],
    ['permissive', 8443, 'tls', 'plain-text'],
    ['permissive', 8444, 'client-certificate', 'plain-text'],
    ['permissive', 8888, 'closed', 'plain-text'],
    ['plain', 8080, 'plain-text', 'plain-text'],
    ['plain', 9090, 'plain-text', 'plain-text'],
    ['plain', 8443, 'tls', 'plain-text'],
    ['plain', 8444, 'client-certificate', 'plain-text'],
    ['plain', 8888, 'inconclusive', 'inconclusive'],
    ['hostile', 8201, 'plain-text', 'plain-text'],
    ['hostile', 8202, 'plain-text', 'plain-text'],
    ['hostile', 8203, 'plain-text', 'plain-text'],
    ['hostile', 8204, 'plain-text', 'plain-text'],
    ['hostile', 8205, 'plain-text', 'plain-text'],
  ])('%s %i: TLS %s, plain %s', async (where, port, tls, plain) => {
    for (const mode of ['direct', 'pod'] as const) {
      const saw = async (scheme: Scheme) => [
        ...new Set(
          await Promise.all(Array.from({length: where === 'hostile' ? 1 : 5}, async () => (await see(mode, where, port, scheme)).saw)),
        ),
      ]
      expect([mode, await saw('tls'), await saw('plain')]).toEqual([mode, [tls], [plain]])
    }
  })

  test("an application's own mutual TLS is told from the mesh's by the certificate", async () => {
    for (const mode of ['direct', 'pod'] as const) {
      expect((await see(mode, 'strict', 8444, 'tls')).served).toMatchObject({
        uris: ['spiffe://cluster.local/ns/strict/sa/default'],
        doubt: '',
      })
      expect((await see(mode, 'permissive', 8444, 'tls')).served).toMatchObject({
        doubt: expect.stringMatching(/leads to no root of the mesh/),
      })
    }
  })

  test('under PERMISSIVE the sidecar shows its certificate to a greeting that offers `istio`', async () => {
    const seen = await probers.direct?.ask({...target('permissive', 9090), strict: false}, 'tls')
    expect(seen).toMatchObject({saw: 'client-certificate', served: {uris: ['spiffe://cluster.local/ns/permissive/sa/default'], doubt: ''}})
  })
})

test('a policy that denies every caller: 403 over plain text is plain text, a closed TCP connection proves nothing', async () => {
  for (const each of ['strict', 'permissive'])
    apply({apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: {name: 'nobody', namespace: each}, spec: {}})
  const until = async (scheme: Scheme, port: number, wanted: RegExp) => {
    let detail = ''
    for (let tried = 0; tried < 100 && !wanted.test(detail); tried++) {
      detail = (await see('direct', 'permissive', port, scheme)).detail
      if (!wanted.test(detail)) await on.io.clock.sleep(100)
    }
    return detail
  }
  expect(await until('plain', 8080, /403/)).toBe('answered 403 in plain text')
  expect(await until('plain', 9090, /closed|reset/)).toMatch(/closed without an answer|connection reset/)
  for (const mode of ['direct', 'pod'] as const) {
    expect((await see(mode, 'permissive', 8080, 'plain')).saw).toBe('plain-text')
    expect((await see(mode, 'permissive', 9090, 'tls')).saw).toBe('closed')
    expect((await see(mode, 'strict', 9090, 'tls')).saw).toBe('client-certificate')
    expect((await see(mode, 'strict', 8080, 'plain')).saw).toBe('closed')
  }
  for (const each of ['strict', 'permissive']) kubectl('-n', each, 'delete', 'authorizationpolicy', 'nobody')
}, 60_000)

test('packets dropped on the way, as by a NetworkPolicy: inconclusive for every prober, never closed; an image that nobody has: unread, in the kubelet’s words', async () => {
  const rule = ['-t', 'raw', '-p', 'tcp', '--dport', '8080', '-j', 'DROP']
  inPod('strict', 'iptables', '-I', 'PREROUTING', ...rule)
  // Both are long waits: they wait together.
  const [{snapshot}, ...seen] = await Promise.all([
    look('pod', {prober: options({image: 'docker.io/istio/nobody:1'})}),
    ...(['direct', 'pod', 'api-server'] as const).map((mode) => see(mode, 'strict', 8080, 'tls')),
  ])
  inPod('strict', 'iptables', '-D', 'PREROUTING', ...rule)
  expect(seen.map(({saw}) => saw)).toEqual(['inconclusive', 'inconclusive', 'inconclusive'])
  expect(snapshot.probes).toMatchObject({
    read: false,
    reason: expect.stringMatching(/cannot start from image `docker\.io\/istio\/nobody:1`: ImagePullBackOff.*Set `prober-image`/s),
  })
  // The namespace stays while the prober of this file stands in it.
  expect(await probersLeft()).toEqual([probersOwn()])
}, 90_000)

test('a connection opened before STRICT outlives it: new ones are refused, and only new ones are asked', async () => {
  await whenPlainIs('permissive', 8080, 'plain-text')
  const old = connect({host: pods['permissive']?.ip ?? '', port: 8080})
  const closed = new Promise<string>((resolve) => old.once('close', () => resolve('closed')))
  old.on('error', () => {})
  /** The first line that the old connection answers with, or that it is closed. */
  const answer = () => {
    const line = new Promise<string>((resolve) => old.once('data', (chunk) => resolve(chunk.toString().split('\r\n')[0] ?? '')))
    old.write('GET / HTTP/1.1\r\nHost: app\r\n\r\n')
    return Promise.race([line, closed])
  }
  expect(await answer()).toBe('HTTP/1.1 200 OK')
  setMode('permissive', 'STRICT')
  await whenPlainIs('permissive', 8080, 'closed')
  const answered = await answer()
  const {rows} = await look('direct')
  old.destroy()
  setMode('permissive', 'PERMISSIVE')
  expect(answered).toBe('HTTP/1.1 200 OK')
  expect(rows.find(({namespace: each, port}) => each === 'permissive' && port === 8080)).toMatchObject({mode: 'STRICT', verdict: 'proven'})
}, 60_000)

describe('whole runs', () => {
  test.each(['direct', 'pod', 'mesh'] as const)(
    '%s: the STRICT workload is proven on the wire, no other is',
    async (mode) => {
      await whenPlainIs('permissive', 8080, 'plain-text')
      // What a run makes for a prober outside the mesh admits no sidecar.
      const {rows, snapshot} = await look(mode, {prober: options(mode === 'mesh' ? {namespace: 'meshed-probers'} : {})})
      const verdicts = (where: string) =>
        new Set(rows.filter((row) => row.namespace === where && row.port !== 9091).map(({verdict}) => verdict))
      expect(verdicts('strict')).toEqual(new Set(['proven', 'exempt']))
      expect(verdicts('permissive')).toEqual(new Set(['violated', 'exempt']))
      expect(verdicts('plain')).toEqual(new Set(['violated']))
      const {probes} = snapshot
      if (!probes.read) throw new Error(probes.reason)
      expect(probes.value).toMatchObject({
        by: mode,
        controls: [{passed: true}, {passed: true}, {passed: true}],
        reachable: [`strict/${pods['strict']?.name}`],
      })
      const calls = probes.value.mesh?.map(({servicePort, answered, detail}) => [servicePort, answered, detail]).sort()
      if (mode !== 'mesh') return expect(calls).toBeUndefined()
      expect(calls).toEqual([
        [7070, true, 'answered 415'],
        [8080, true, 'answered 200'],
        [8443, true, 'answered 400'],
        [8444, true, 'answered 400'],
        [8888, true, 'answered 503'],
        [9090, true, 'answered, in bytes that are no HTTP'],
      ])
      expect(rows.find(({namespace: each, port}) => each === 'strict' && port === 8080)?.evidence.map(({says}) => says)).toContainEqual(
        'a client inside the mesh, through Service `app` port 8080: answered 200',
      )
    },
    90_000,
  )

  test('Pod Security refuses the sidecar of a meshed prober: said in its words', async () => {
    kubectl('create', 'namespace', 'guarded')
    kubectl('label', 'namespace', 'guarded', 'pod-security.kubernetes.io/enforce=restricted')
    const {snapshot} = await look('mesh', {prober: options({namespace: 'guarded'})})
    expect(snapshot.probes).toMatchObject({
      read: false,
      reason: expect.stringMatching(/was refused: .*violates PodSecurity "restricted:latest".*istio-init/s),
    })
    expect(kubectl('-n', 'guarded', 'get', 'pods', '-o', 'name', '--field-selector=status.phase!=Failed').includes('Running')).toBe(false)
  }, 60_000)

  test('under the published roles alone, and everything else in the cluster stays as it is', async () => {
    // What the meshed probers' run made goes a moment after it.
    kubectl('wait', '--for=delete', 'namespace/meshed-probers', '--timeout=60s')
    const kube = await asProber()
    const before = await versions()
    const {rows, snapshot} = await look('pod', {kube})
    expect(snapshot.probes.read ? '' : snapshot.probes.reason).toBe('')
    expect(rows.find(({namespace: each, port}) => each === 'strict' && port === 8080)).toMatchObject({verdict: 'proven'})
    expect(await versions()).toEqual(before)
    expect(new Set(writesOf('system:serviceaccount:default:prober'))).toEqual(
      new Set([`create ${namespace} pods`, `delete ${namespace} pods`]),
    )
  }, 60_000)
})

describe('a run that ends too early', () => {
  test('killed: the prober stands, and `post` removes it', async () => {
    const {child, env, state} = startAction()
    const prober = await proberOf(child)
    child.kill('SIGKILL')
    await ended(child)
    expect(await probersLeft()).toContain(prober)
    execFileSync(process.execPath, ['src/post.ts'], {env: {...env, ...state()}, stdio: 'pipe'})
    await whenGone(prober)
    expect(kubeconfigsIn(env['RUNNER_TEMP'] ?? '')).toEqual([])
  }, 60_000)

  test('killed with its machine: the kubelet ends the prober, and the next run removes it', async () => {
    const {child} = startAction()
    const prober = await proberOf(child)
    child.kill('SIGKILL')
    await ended(child)
    // Its own deadline is a minute at least: the test brings it forward.
    kubectl('-n', namespace, 'patch', 'pod', prober, '-p', '{"spec":{"activeDeadlineSeconds":1}}')
    kubectl('-n', namespace, 'wait', '--for=jsonpath={.status.phase}=Failed', 'pod', prober, '--timeout=60s')
    await look('pod')
    await whenGone(prober)
  }, 120_000)

  test('cancelled: it removes the prober itself', async () => {
    const {child} = startAction()
    const prober = await proberOf(child)
    child.kill('SIGINT')
    await ended(child)
    await whenGone(prober)
  }, 60_000)
})

function options(more: {image?: string; namespace?: string} = {}) {
  return {namespace, image: '', fallbackImage: 'docker.io/istio/proxyv2:none', imagePullSecrets: [], ...more}
}

async function look(
  mode: Mode,
  {kube = on.kube, prober = options()}: {kube?: Kube; prober?: ReturnType<typeof options>} = {},
): Promise<{snapshot: Snapshot; rows: ReturnType<typeof endpoints>}> {
  const asked: Asked = {...anything, scope: {namespaces: ['strict', 'permissive', 'plain'], exclude: []}, require: 'proven', probes: true}
  const snapshot = await observe(
    asked,
    {
      clusterName: '',
      probes: {mode, exclude: ['plain/hostile'], concurrency: 16, prober},
      settleUntil: null,
      deadline: on.io.clock.ticks() + 100_000,
      askWebhook: null,
    },
    kube,
    on.io,
  )
  // What proxies run proves these rows, too; here only the wire shall.
  const rows = endpoints({...snapshot, delivered: {read: false, reason: 'left out by this test'}})
  return {snapshot, rows: rows.filter(({workload}) => workload.name !== 'hostile')}
}

function target(where: string, port: number) {
  const {name = '', ip = ''} = pods[where] ?? {}
  return {namespace: where === 'hostile' ? 'plain' : where, pod: name, address: ip, port, strict: true}
}

async function see(mode: Mode, where: string, port: number, scheme: Scheme) {
  const {ask} = probers[mode] ?? {}
  if (ask === undefined) throw new Error(`no prober ${mode}`)
  return ask(target(where, port), scheme)
}

async function whenPlainIs(where: string, port: number, wanted: Sighting): Promise<void> {
  for (let tried = 0; tried < 150; tried++) {
    if ((await see('direct', where, port, 'plain')).saw === wanted) return
    await on.io.clock.sleep(100)
  }
  throw new Error(`${where}:${port} did not become ${wanted}`)
}

/** The action itself from its sources, asked to prove with a prober; `state` is what it saved for `post` until now. */
function startAction() {
  const temp = mkdtempSync(join(tmpdir(), 'prober-run-'))
  scratch.push(temp)
  const file = (name: string) => join(temp, name)
  for (const name of ['output', 'state', 'summary']) writeFileSync(file(name), '')
  mkdirSync(file('temp'))
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: temp,
    RUNNER_TEMP: file('temp'),
    GITHUB_OUTPUT: file('output'),
    GITHUB_STATE: file('state'),
    GITHUB_STEP_SUMMARY: file('summary'),
    GITHUB_WORKSPACE: temp,
    GITHUB_RUN_ID: '4711',
    INPUT_MODE: 'validate',
    INPUT_KUBECONFIG: bed.kubeconfig,
    INPUT_PROBES: 'pod',
    // One at a time: it shall be at work when it is ended.
    'INPUT_PROBE-CONCURRENCY': '1',
  }
  const child = spawn(process.execPath, ['src/main.ts'], {env, stdio: ['ignore', 'pipe', 'pipe']})
  children.push(child)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  const state = () => {
    const saved = readFileSync(file('state'), 'utf8')
    const pairs = [...saved.matchAll(/^(\S+)<<(\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name, , value]) => [`STATE_${name}`, value ?? ''])
    return Object.fromEntries(pairs) as Record<string, string>
  }
  return {child, env, state, log: () => log}
}

/** Name of the prober that a run made, once its pod runs. */
async function proberOf(child: ChildProcess): Promise<string> {
  const known = probersOwn()
  for (let tried = 0; tried < 300 && child.exitCode === null; tried++) {
    const [found] = (await probersLeft()).filter((name) => name !== known)
    if (found !== undefined) return found
    await on.io.clock.sleep(50)
  }
  throw new Error('the action started no prober')
}

/** The prober that this file keeps for its first tests. */
function probersOwn(): string {
  return ownProber
}

let ownProber = ''

beforeAll(async () => {
  ;[ownProber = ''] = await probersLeft()
})

async function probersLeft(): Promise<string[]> {
  return on.kube.list(`/api/v1/namespaces/${namespace}/pods`, ({metadata}) =>
    metadata.deletionTimestamp === undefined ? metadata.name : null,
  )
}

async function whenGone(prober: string): Promise<void> {
  for (let tried = 0; tried < 150; tried++) {
    if ((await on.kube.find(`/api/v1/namespaces/${namespace}/pods/${prober}`)) === null) return
    await on.io.clock.sleep(100)
  }
  throw new Error(`the prober ${prober} is still there`)
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}

function kubeconfigsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('istio-mtls-kubeconfig-'))
}

/** What a user wrote, by the API server's own account. */
function writesOf(user: string): string[] {
  interface Entry {
    verb: string
    user: {username: string}
    objectRef?: {namespace?: string; resource?: string; subresource?: string}
  }
  const entries = readFileSync(join(bed.logDir, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(user))
    .map((line) => JSON.parse(line) as Entry)
  return (
    entries
      .filter(({verb, user: {username}}) => username === user && !['get', 'list', 'watch'].includes(verb))
      // Asking what one may do changes nothing.
      .filter(({objectRef}) => objectRef?.resource !== 'selfsubjectaccessreviews')
      .map(
        ({verb, objectRef: {namespace: where = '', resource = '', subresource} = {}}) =>
          `${verb} ${where} ${resource}${subresource ? `/${subresource}` : ''}`,
      )
  )
}

/** istiod's replicas renew who leads among them all the time. */
function isElection({annotations}: KubeObject['metadata']): boolean {
  return annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined
}

/** Version of every object that a validation must not touch; pods report their health by themselves, probers have their own namespace. */
async function versions(): Promise<Record<string, string>> {
  const lists = [
    '/api/v1/pods',
    '/api/v1/services',
    '/api/v1/configmaps',
    '/api/v1/serviceaccounts',
    '/api/v1/namespaces',
    '/api/v1/secrets',
  ]
  const groups = [
    '/apis/apps/v1/deployments',
    '/apis/security.istio.io/v1/peerauthentications',
    '/apis/networking.istio.io/v1/destinationrules',
  ]
  const webhooks = ['/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations']
  const found = await Promise.all(
    [...lists, ...groups, ...webhooks].map((path) =>
      on.kube.list(path, ({metadata}: KubeObject) =>
        metadata.namespace === namespace || metadata.name === namespace || isElection(metadata)
          ? null
          : ([`${path} ${metadata.namespace}/${metadata.name}`, metadata.resourceVersion ?? ''] as const),
      ),
    ),
  )
  return Object.fromEntries(found.flat())
}

/** A connection that may read, and work in the probers' namespace, and nothing else. */
async function asProber(): Promise<Kube> {
  kubectl('-n', 'default', 'create', 'serviceaccount', 'prober')
  kubectl('apply', '-f', 'rbac/read.yaml')
  kubectl('create', 'clusterrolebinding', 'prober-read', '--clusterrole=istio-mtls-read', '--serviceaccount=default:prober')
  const role = execFileSync(
    `${bed.bin}/kubectl`,
    ['create', '--dry-run=client', '-o', 'yaml', '-f', 'rbac/prober.yaml', '--kubeconfig', bed.kubeconfig],
    {encoding: 'utf8'},
  )
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {input: role, stdio: ['pipe', 'pipe', 'pipe']})
  kubectl('-n', namespace, 'create', 'rolebinding', 'prober', '--role=istio-mtls-prober', '--serviceaccount=default:prober')
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bed',
    clusters: [{name: 'bed', cluster: {server: bed.apiServer, 'certificate-authority': bed.caFile}}],
    contexts: [{name: 'bed', context: {cluster: 'bed', user: 'prober'}}],
    users: [{name: 'prober', user: {token: kubectl('-n', 'default', 'create', 'token', 'prober')}}],
  })
  return on.io.connect({kubeconfig, context: '', insecureSkipTlsVerify: false})
}

/** Runs a program of this machine in the network namespace of a pod. */
function inPod(where: string, ...command: string[]): void {
  const uid = kubectl('-n', where, 'get', 'pod', pods[where]?.name ?? '', '-o', 'jsonpath={.metadata.uid}')
  const pid = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && cgroupOf(entry).includes(uid))
  execFileSync('nsenter', ['--target', pid ?? '', '--net', ...command], {stdio: 'pipe'})
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return ''
  }
}

function podOf(where: string, ...selector: string[]): {name: string; ip: string} {
  const [name = '', ip = ''] = kubectl(
    '-n',
    where,
    'get',
    'pod',
    ...selector,
    '-o',
    'jsonpath={.items[0].metadata.name} {.items[0].status.podIP}',
  ).split(' ')
  return {name, ip}
}

function setMode(where: string, mode: string): void {
  apply({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name: 'default', namespace: where},
    spec: {mtls: {mode}},
  })
}

function apply(object: object): void {
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {
    input: JSON.stringify(object),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function manifest(name: string): string {
  return join(import.meta.dirname, 'manifests', `${name}.yaml`)
}

function kubectl(...args: string[]): string {
  return execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'}).trim()
}
