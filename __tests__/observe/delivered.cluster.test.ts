import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {contextOf} from '../../src/context.ts'
import {install} from '../../src/install/install.ts'
import type {Kube} from '../../src/io/io.ts'
import type {Delivered} from '../../src/model/delivered.ts'
import type {Report} from '../../src/model/report.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {observe} from '../../src/observe/observe.ts'
import {run} from '../../src/run.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {shopManifest} from '../../testbed/shop.ts'
import {asked} from '../helpers/fixture.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'

// Evidence B on real proxies: what they run proves or contradicts, without one probe. The bed's Envoy is upstream's: no `istio_requests_total`, and its own
// connection counters only where `proxyStatsMatcher` keeps them, which `orders` asks for.

let bed: Bed
let on: OnBed
let folder: string

beforeAll(async () => {
  bed = await up({bed: 10})
  await reset(bed)
  folder = mkdtempSync(join(tmpdir(), 'istio-mtls-delivered-'))
  on = await onBed(bed)
  await install({...on.inputs(), isAlone: true}, on.kube, on.kubeconfigPath, on.io)
  const annotated =
    'labels: {app: orders, version: v1}, annotations: {proxy.istio.io/config: "proxyStatsMatcher: {inclusionRegexps: [\\".*downstream_cx.*\\"]}"}'
  apply(shopManifest('shop', bed).replace('labels: {app: orders, version: v1}', annotated))
  apply(soft)
  for (const namespace of ['shop', 'soft', 'legacy'])
    kubectl('-n', namespace, 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=120s')
}, 400_000)

afterAll(async () => {
  on?.close()
  if (folder) rmSync(folder, {recursive: true, force: true})
  await down({bed: 10})
}, 120_000)

describe('the door: port-forward with every kind of credential', () => {
  test.each<[string, () => Promise<Kube>]>([
    ['a client certificate', async () => on.kube],
    ['a token', () => connect({token: adminToken()})],
    [
      'a program',
      () =>
        connect({
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'echo',
            args: [credential(adminToken())],
            interactiveMode: 'Never',
          },
        }),
    ],
  ])('%s', async (_title, open) => {
    const kube = await open()
    const target = {...podOf('shop', 'web'), port: 15000}
    const answer = await kube.forwardedGet(target, '/ready', {timeoutMs: 10_000, maxBytes: 1000})
    expect(answer).toMatchObject({status: 200, body: expect.stringContaining('LIVE')})
    if (kube !== on.kube) kube.close()
  })

  test.each<[string, object, number, RegExp]>([
    ['a port where nobody listens', {port: 15999}, 1_000_000, /connection refused/],
    ['a pod that is not there', {pod: 'nobody'}, 1_000_000, /pods "nobody" not found/],
    ['an answer that is too big', {}, 1000, /bigger than 1000 bytes/],
  ])('%s is an error in words', async (_title, more, maxBytes, message) => {
    const target = {...podOf('shop', 'web'), port: 15000, ...more}
    await expect(on.kube.forwardedGet(target, '/config_dump', {timeoutMs: 10_000, maxBytes})).rejects.toThrow(message)
  })
})

test('before STRICT the proxies show PERMISSIVE, and their counters the till that calls in plain text', async () => {
  // The till calls every five seconds: on a fast machine the first look comes before its first call.
  const {report} = await until(validate, ({report: {results}}) => results.some(({code, status}) => code === 'M805' && status === 'fail'))
  expect(verdicts(report, 'shop')).toEqual(['exempt', 'violated'])
  const row = report.endpoints.find(({workload, port}) => workload.name === 'orders' && port === 8080)
  expect(row?.evidence.find(({kind}) => kind === 'listener')?.says).toContain('takes mutual TLS and plain text')
  expect(row?.evidence.find(({kind}) => kind === 'counter')?.says).toMatch(/[1-9]\d* in plain text/)
  expect(result(report, 'M805')).toMatchObject({
    status: 'fail',
    severity: 'error',
    findings: [{subject: {name: 'orders'}, message: expect.stringMatching(/connections to port 8080 in plain text in \d+/)}],
  })
  expect(statuses(report, 'M104', 'M106', 'M501', 'M502', 'M804')).toEqual(['pass', 'pass', 'pass', 'pass', 'pass'])
}, 60_000)

test('a change is waited for until every proxy runs it; then the listeners alone prove every STRICT port', async () => {
  // Counters of a proxy's first five seconds count as met by its first listener: STRICT must come later than that, as it does in real life.
  await on.io.clock.sleep(6000)
  const at = on.io.clock.ticks()
  apply(meshPolicy('STRICT'))
  const snapshot = await look(at)
  const {propagation, replicas} = delivered(snapshot)
  expect(propagation).toMatchObject({complete: true, pending: []})
  expect(replicas).toMatchObject([
    {state: {read: true, value: {policies: expect.arrayContaining([{namespace: 'istio-system', name: 'default', generation: 1}])}}},
  ])
  const {report} = await validate()
  expect(verdicts(report, 'shop')).toEqual(['exempt', 'proven'])
  expect(verdicts(report, 'soft')).toEqual(['exempt', 'violated'])
  expect(result(report, 'M805')).toMatchObject({
    severity: 'info',
    findings: [{message: expect.stringContaining('before its listener last changed')}],
  })
  expect(statuses(report, 'M104', 'M106', 'M501', 'M502', 'M804')).toEqual(['pass', 'pass', 'pass', 'pass', 'pass'])
  const web = delivered(snapshot).proxies.find(({pod}) => pod.startsWith('web-'))
  expect(web?.running).toMatchObject({value: {certificate: {uris: ['spiffe://cluster.local/ns/shop/sa/default']}}})
}, 90_000)

test('where proxies may not be read, a change is delivered when their nonces moved after istiod had it', async () => {
  const kube = await connect({token: account('waiting', ['read'], {deliver: ['istio-system']})})
  const at = on.io.clock.ticks()
  kubectl('-n', 'soft', 'annotate', 'peerauthentication', 'default', 'touched=yes')
  apply(meshPolicy('PERMISSIVE'))
  apply(meshPolicy('STRICT'))
  const {propagation, withheld} = delivered(await look(at, kube))
  kube.close()
  expect(withheld.inspect).toContain('rbac/inspect.yaml')
  expect(propagation).toMatchObject({complete: true})
}, 90_000)

test('listeners that a proxy rejects are named with its own words; what it ran before stays proven', async () => {
  apply(filter('unknown', unknownPatch))
  const {report} = await until(validate, ({report: {results}}) => results.some(({code, status}) => code === 'M104' && status === 'fail'))
  kubectl('-n', 'shop', 'delete', 'envoyfilter', 'unknown')
  expect(result(report, 'M104').findings).toMatchObject([
    {
      subject: {kind: 'Deployment', namespace: 'shop', name: 'cart'},
      message: expect.stringMatching(/rejected what istiod sent: LDS: .*Didn't find a registered implementation for 'acme.unknown'/),
    },
  ])
  expect(result(report, 'M804').findings).toMatchObject([
    {message: expect.stringContaining('the proxy rejected listener `virtualInbound`')},
  ])
  expect(report.endpoints.find(({workload, port}) => workload.name === 'cart' && port === 8080)?.verdict).toBe('proven')
}, 90_000)

test('a port that an EnvoyFilter opens is violated although every policy closes it, and it does answer', async () => {
  apply(filter('opened', openPatch))
  const {report} = await until(validate, ({report: {results}}) => results.some(({code, status}) => code === 'M804' && status === 'fail'))
  const answer = await on.kube.probe(`/api/v1/namespaces/shop/pods/${podOf('shop', 'cart').pod}:8080/proxy/`, {
    upgrade: false,
    timeoutMs: 10_000,
    maxBytes: 256,
  })
  kubectl('-n', 'shop', 'delete', 'envoyfilter', 'opened')
  const row = report.endpoints.find(({workload, port}) => workload.name === 'cart' && port === 8080)
  expect(row).toMatchObject({
    mode: 'STRICT',
    verdict: 'violated',
    reason: expect.stringContaining('runs a listener that takes mutual TLS and plain text'),
  })
  expect(result(report, 'M804').findings).toMatchObject([
    {message: expect.stringMatching(/port 8080: STRICT .*takes mutual TLS and plain text.*EnvoyFilter shop\/opened touches/)},
  ])
  expect(answer.status).toBe(200)
}, 90_000)

describe('validate under the published roles does what the contract says, and changes nothing', () => {
  const inspected = ['M501', 'M502', 'M804', 'M805']
  test.each<[string, Grants, Record<string, string>, string[]]>([
    ['read', {}, {M104: 'skipped', M501: 'skipped', M502: 'skipped', M804: 'skipped', M805: 'skipped'}, ['configured']],
    ['read and deliver', {deliver: ['istio-system']}, {M104: 'pass', M501: 'skipped', M804: 'skipped'}, ['configured']],
    [
      'read, deliver and inspect in one namespace',
      {deliver: ['istio-system'], inspect: ['shop']},
      {M104: 'pass', M501: 'pass', M502: 'pass', M804: 'pass'},
      ['proven'],
    ],
  ])(
    '%s',
    async (title, grants, expected, shop) => {
      const name = title.replace(/[ ,]+/g, '-')
      const token = account(name, ['read'], grants)
      const before = versions()
      const {report, snapshot} = await validate(kubeconfigFile({token}))
      expect(versions()).toEqual(before)
      for (const [code, status] of Object.entries(expected)) expect([code, result(report, code).status]).toEqual([code, status])
      expect(verdicts(report, 'shop')).toEqual(['exempt', ...shop].sort())
      if (grants.inspect === undefined)
        for (const code of inspected) expect(result(report, code).reason).toContain('the role `inspect` (rbac/inspect.yaml) is not granted')
      else
        expect(delivered(snapshot).proxies.find(({namespace}) => namespace === 'soft')).toMatchObject({
          asked: false,
          running: {reason: expect.stringContaining('not granted in namespace `soft`')},
        })
      if (grants.deliver === undefined)
        expect(result(report, 'M104').reason).toContain('the role `deliver` (rbac/deliver.yaml) is not granted in namespace `istio-system`')
      const verbs = new Set(audited(name).map(({verb, objectRef}) => `${verb} ${objectRef?.subresource ?? objectRef?.resource ?? ''}`))
      expect([...verbs].filter((verb) => !/^(get|list) /.test(verb)).sort()).toEqual(['create selfsubjectaccessreviews'])
      const forwarded = audited(name).filter(({objectRef}) => objectRef?.subresource === 'portforward')
      expect(new Set(forwarded.map(({objectRef}) => objectRef?.namespace))).toEqual(new Set(Object.values(grants).flat()))
      expect(forwarded.filter(({responseStatus}) => responseStatus?.code === 403)).toEqual([])
    },
    60_000,
  )
})

interface Grants {
  deliver?: string[]
  inspect?: string[]
}

/** `mode: validate` without one probe. */
async function validate(kubeconfig = bed.kubeconfig) {
  const inputs = on.inputs({mode: 'validate', probes: 'off', require: 'proven', kubeconfig})
  return run(inputs, {ledger: [], pending: []}, contextOf({}, {}), on.io)
}

/** A look at a cluster that was changed at `at`. */
async function look(at: number, kube = on.kube): Promise<Snapshot> {
  const options = {
    clusterName: '',
    probes: {mode: 'off' as const, exclude: [], concurrency: 16},
    ...{settleUntil: at + 60_000, changedAt: at, deadline: at + 80_000, askWebhook: null},
  }
  return observe({...asked, require: 'proven'}, options, kube, on.io)
}

/** Looks again until it shows what is waited for, for half a minute: a push takes its time. */
async function until<T>(ask: () => Promise<T>, shows: (answer: T) => boolean): Promise<T> {
  const end = on.io.clock.ticks() + 30_000
  for (let answer = await ask(); ; answer = await ask()) {
    if (shows(answer) || on.io.clock.ticks() > end) return answer
    await on.io.clock.sleep(500)
  }
}

function delivered({delivered: part}: Pick<Snapshot, 'delivered'>): Delivered {
  if (part.read) return part.value
  throw new Error(part.reason)
}

function verdicts({endpoints}: Report, namespace: string): string[] {
  return [...new Set(endpoints.filter((row) => row.namespace === namespace).map(({verdict}) => verdict))].sort()
}

function result({results}: Report, code: string): Report['results'][number] {
  const found = results.find((each) => each.code === code)
  if (found === undefined) throw new Error(`no ${code}`)
  return found
}

function statuses(report: Report, ...codes: string[]): string[] {
  return codes.map((code) => result(report, code).status)
}

function podOf(namespace: string, app: string): {namespace: string; pod: string} {
  const pod = kubectl(
    '-n',
    namespace,
    'get',
    'pod',
    '-l',
    `app=${app}`,
    '--field-selector=status.phase=Running',
    '-o',
    'jsonpath={.items[0].metadata.name}',
  )
  return {namespace, pod}
}

/** An account with published roles, `read` in the whole cluster and the others by namespace, and its token. */
function account(name: string, everywhere: string[], grants: Grants): string {
  kubectl('-n', 'default', 'create', 'serviceaccount', name)
  for (const role of [...everywhere, ...Object.keys(grants)]) kubectl('apply', '-f', `rbac/${role}.yaml`)
  const subject = `--serviceaccount=default:${name}`
  for (const role of everywhere) kubectl('create', 'clusterrolebinding', `${name}-${role}`, `--clusterrole=istio-mtls-${role}`, subject)
  for (const [role, namespaces] of Object.entries(grants)) {
    for (const namespace of namespaces ?? [])
      kubectl('-n', namespace, 'create', 'rolebinding', `${name}-${role}`, `--clusterrole=istio-mtls-${role}`, subject)
  }
  return kubectl('-n', 'default', 'create', 'token', name)
}

function adminToken(): string {
  try {
    kubectl('-n', 'default', 'create', 'serviceaccount', 'door')
    kubectl('create', 'clusterrolebinding', 'door', '--clusterrole=cluster-admin', '--serviceaccount=default:door')
  } catch {
    // Made by an earlier test.
  }
  return kubectl('-n', 'default', 'create', 'token', 'door')
}

function credential(token: string): string {
  return JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token}})
}

function kubeconfigText(user: object): string {
  return JSON.stringify({
    ...{apiVersion: 'v1', kind: 'Config', 'current-context': 'bed'},
    clusters: [{name: 'bed', cluster: {server: bed.apiServer, 'certificate-authority': bed.caFile}}],
    contexts: [{name: 'bed', context: {cluster: 'bed', user: 'own'}}],
    users: [{name: 'own', user}],
  })
}

function kubeconfigFile(user: object): string {
  const path = join(mkdtempSync(join(folder, 'account-')), 'kubeconfig')
  writeFileSync(path, kubeconfigText(user), {mode: 0o600})
  return path
}

function connect(user: object): Promise<Kube> {
  return on.io.connect({kubeconfig: kubeconfigText(user), context: '', insecureSkipTlsVerify: false})
}

/** Every object that a run could have touched, with its version; istiod renews its own leases in ConfigMaps. */
function versions(): string[] {
  const kinds =
    'namespaces,pods,services,configmaps,secrets,deployments.apps,peerauthentications,envoyfilters,clusterroles,clusterrolebindings,rolebindings,serviceaccounts'
  const path = '{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'
  const lines = kubectl('get', kinds, '-A', '-o', `jsonpath=${path}`).split('\n')
  return lines.filter((line) => !/^ConfigMap\/istio-system\/istio-(leader|.*-election|ip-autoallocate)/.test(line))
}

interface Audited {
  verb: string
  user?: {username: string}
  objectRef?: {resource?: string; subresource?: string; namespace?: string}
  responseStatus?: {code: number}
}

function audited(name: string): Audited[] {
  const lines = readFileSync(`${bed.logDir}/audit.jsonl`, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Audited).filter(({user}) => user?.username === `system:serviceaccount:default:${name}`)
}

function meshPolicy(mode: string): string {
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name: 'default', namespace: 'istio-system'},
    spec: {mtls: {mode}},
  })
}

function filter(name: string, patch: object): string {
  const spec = {workloadSelector: {labels: {app: 'cart'}}, configPatches: [patch]}
  return JSON.stringify({apiVersion: 'networking.istio.io/v1alpha3', kind: 'EnvoyFilter', metadata: {name, namespace: 'shop'}, spec})
}

const typed = 'type.googleapis.com/udpa.type.v1.TypedStruct'
const tcpProxy = {name: 'envoy.filters.network.tcp_proxy'}

const unknownPatch = {
  applyTo: 'NETWORK_FILTER',
  match: {context: 'SIDECAR_INBOUND', listener: {filterChain: {filter: tcpProxy}}},
  patch: {
    operation: 'INSERT_BEFORE',
    value: {name: 'acme.unknown', typed_config: {'@type': typed, type_url: 'type.googleapis.com/acme.Unknown', value: {}}},
  },
}

const openPatch = {
  applyTo: 'FILTER_CHAIN',
  match: {context: 'SIDECAR_INBOUND', listener: {name: 'virtualInbound'}},
  patch: {
    operation: 'ADD',
    value: {
      name: 'open',
      filter_chain_match: {destination_port: 8080, transport_protocol: 'raw_buffer'},
      filters: [
        {
          name: 'envoy.filters.network.tcp_proxy',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
            stat_prefix: 'open',
            cluster: 'inbound|8080||',
          },
        },
      ],
    },
  },
}

/** A namespace that stays permissive by its own policy. */
const soft = `
apiVersion: v1
kind: Namespace
metadata: {name: soft, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: soft}
spec: {mtls: {mode: PERMISSIVE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mild, namespace: soft, labels: {app: mild}}
spec:
  selector: {matchLabels: {app: mild}}
  template:
    metadata: {labels: {app: mild}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: "docker.io/istio/app:1", args: [--port=8080], ports: [{containerPort: 8080}], resources: {requests: {cpu: 5m, memory: 16Mi}}}
`

function apply(manifest: string): void {
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {
    input: manifest,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function kubectl(...args: string[]): string {
  return execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}
