import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {contextOf} from '../../src/context.ts'
import type {Report} from '../../src/model/report.ts'
import {run} from '../../src/run.ts'
import {type Bed, down, reset, up} from '../../testbed/bed.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'

// Plan and guarded rollout on a real mesh with real callers: who calls is read from the proxies' own access logs.

const number = 12
let bed: Bed
let on: OnBed

beforeAll(async () => {
  bed = await up({bed: number})
  await reset(bed)
  on = await onBed(bed)
  const {report} = await act({'mtls-mode': 'PERMISSIVE'})
  expect(report.stages.map(({name, status}) => `${name}: ${status}`)).toContain('install: done')
  apply(shop)
  kubectl('-n', 'shop', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=120s')
  kubectl('-n', 'legacy', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=120s')
  await until(() => kubectl('-n', 'shop', 'logs', 'deploy/orders', '-c', 'istio-proxy').includes('inbound|8080||'))
}, 300_000)

afterAll(async () => {
  on?.close()
  if (bed !== undefined) await down({bed: number})
}, 240_000)

test('plan names the pair that would break, the one policy it would change, and touches nothing', async () => {
  const before = everything()
  const {report} = await act({mode: 'plan', 'take-over': 'true'})
  expect(everything()).toEqual(before)
  expect(report).toMatchObject({verdict: {status: 'fail'}, changed: false})
  expect(report.verdict.reason).toContain('Deployment `legacy/till` calls `shop/orders:8080`')
  expect(report.planned).toMatchObject({
    policies: [{namespace: 'istio-system', name: 'relaxed', does: 'take over', from: 'PERMISSIVE', to: 'STRICT'}],
    problems: [],
  })
  expect(report.planned?.releases.map(({name, does}) => `${name} ${does}`)).toEqual(['istio-base unchanged', 'istiod unchanged'])
  expect(breaking(report)).toEqual(['Deployment legacy/till → shop/orders:8080 no-proxy'])
  expect(report.forecast?.observed.callers).toBe(true)
}, 240_000)

test('a guarded rollout leaves all as found and names the caller', async () => {
  const before = policies()
  const {report} = await act({'take-over': 'true'})
  expect(report.verdict.status).toBe('fail')
  expect(report.stages.find(({name}) => name === 'enforce')).toMatchObject({status: 'failed', changed: false, entry: 'live-caller'})
  expect(report.stages.find(({name}) => name === 'enforce')?.says).toContain('Deployment `legacy/till` → `shop/orders:8080`')
  expect(policies()).toEqual(before)
}, 240_000)

test('a caller that breaks only afterwards gets the former policy back, to the letter', async () => {
  kubectl('-n', 'legacy', 'delete', 'deployment', 'till')
  apply(watcher)
  kubectl('-n', 'legacy', 'wait', 'deployment', 'watcher', '--for=condition=Available', '--timeout=60s')
  await pause(12_000)
  const [former] = policies()
  const running = act({'take-over': 'true'})
  await until(() => policies()[0]?.spec.mtls.mode === 'STRICT')
  expect(policies()[0]?.metadata.annotations?.['istio-mtls/on-trial']).toContain('PERMISSIVE')
  kubectl('-n', 'legacy', 'exec', 'deploy/watcher', '--', '/bin/sh', '-c', ': > /tmp/go')
  const {report} = await running
  const verify = report.stages.find(({name}) => name === 'verify')
  expect(verify).toMatchObject({status: 'failed', changed: true, entry: 'rollout-taken-back'})
  expect(verify?.says).toContain('Deployment `legacy/watcher`')
  const [now] = policies()
  expect(now).toEqual({...former, metadata: {...former?.metadata, resourceVersion: expect.any(String), generation: expect.any(Number)}})
  expect(report.verdict.status).toBe('fail')
  // Whoever called only once or twice might come back (fell-silent asks for a rhythm): it gets to call some more before it goes.
  const [address] = kubectl('-n', 'legacy', 'get', 'pods', '-l', 'app=watcher', '-o', 'jsonpath={.items[*].status.podIP}').split(' ')
  await until(() => answeredTo(`${address}`) >= 4)
}, 240_000)

test('without callers it goes STRICT and proves it; a second run changes nothing', async () => {
  kubectl('-n', 'legacy', 'delete', 'deployment', 'watcher')
  await pause(12_000)
  const {report} = await act({'take-over': 'true'})
  expect(report.stages.filter(({status}) => status === 'failed')).toEqual([])
  expect(report.stages.find(({name}) => name === 'verify')?.says).toContain('no caller broke')
  expect(report).toMatchObject({verdict: {status: 'pass', coverage: 100}, changed: true})
  expect(policies()[0]).toMatchObject({spec: {mtls: {mode: 'STRICT'}}})
  expect(policies()[0]?.metadata.annotations).not.toHaveProperty('istio-mtls/on-trial')
  const before = policies()
  const again = await act({'take-over': 'true'})
  expect(again.report).toMatchObject({verdict: {status: 'pass'}, changed: false})
  expect(again.report.forecast).toBeUndefined()
  expect(policies()).toEqual(before)
}, 240_000)

/** How many calls of that address the server's proxy has logged as answered. */
function answeredTo(address: string): number {
  const lines = kubectl('-n', 'shop', 'logs', 'deploy/orders', '-c', 'istio-proxy').split('\n')
  return lines.filter((line) => line.includes(` ${address}:`) && line.includes('" 200 ')).length
}

/** Istio with access logs and a drain time that a test can wait for. */
function act(given: Record<string, string>): Promise<{report: Report}> {
  const values = `${bed.istiodValues}\nmeshConfig: {accessLogFile: /dev/stdout, defaultConfig: {drainDuration: 2s}}\n`
  const context = contextOf({GITHUB_ACTION_REPOSITORY: 'octo-org/mtls', GITHUB_ACTION_REF: 'v1'}, {})
  return run(on.inputs({values, ...given}), {ledger: [], pending: []}, context, on.io)
}

function breaking({forecast}: Report): string[] {
  return (forecast?.outlooks ?? [])
    .filter(({outlook}) => outlook === 'breaks')
    .map(
      ({caller, server, because}) =>
        `${caller.kind} ${caller.namespace}/${caller.name} → ${server?.namespace}/${server?.workload.name}:${server?.port} ${because}`,
    )
}

interface Policy {
  metadata: {
    name: string
    resourceVersion: string
    generation: number
    annotations?: Record<string, string>
    labels?: Record<string, string>
  }
  spec: {mtls: {mode: string}}
}

/** Every PeerAuthentication as it stands, without who wrote which field. */
function policies(): Policy[] {
  return (JSON.parse(kubectl('get', 'peerauthentications.security.istio.io', '-A', '-o', 'json')) as {items: Policy[]}).items
}

/** Name and version of every object that does not change by itself. */
function everything(): string[] {
  const kinds = kubectl('api-resources', '--verbs=list', '-o', 'name')
    .split('\n')
    .filter((kind) => kind !== '' && !/^(events|leases|endpoints|componentstatuses|pods|nodes|csinodes)\b/.test(kind))
  const columns = 'custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name,V:.metadata.resourceVersion'
  const lines = kubectl('get', kinds.join(','), '-A', '-o', columns, '--no-headers').split('\n')
  // istiod's leader elections live in ConfigMaps and are renewed every few seconds.
  return lines.filter((line) => !/\bistio-(ip-autoallocate|leader|gateway\S*|\S*-election|\S*-leader)\s/.test(line)).sort()
}

function apply(yaml: string): void {
  const {status, stderr} = spawnSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, 'apply', '-f', '-'], {
    input: yaml,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}

function kubectl(...args: string[]): string {
  const {status, stdout, stderr} = spawnSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'})
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 60 && !isSo(); tries++) await pause(500)
  expect(isSo()).toBe(true)
}

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: relaxed
  namespace: istio-system
  labels: {app.kubernetes.io/managed-by: platform-team, tier: mesh}
  annotations: {owner: platform}
spec: {mtls: {mode: PERMISSIVE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: 'docker.io/istio/app:1', args: [--port=8080], ports: [{name: http, containerPort: 8080}],
         readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec:
  selector: {app: orders}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: till, namespace: legacy}
spec:
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: 'docker.io/istio/app:1', command: [/bin/sh, -c, 'while true; do client --timeout 3s http://orders.shop/; sleep 1; done']}
`

/** Ready while the file is missing; from then on only while it reaches orders. */
const watcher = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: watcher, namespace: legacy}
spec:
  selector: {matchLabels: {app: watcher}}
  template:
    metadata: {labels: {app: watcher}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: docker.io/istio/app:1
        command: [/bin/sh, -c, sleep infinity]
        readinessProbe:
          {exec: {command: [/bin/sh, -c, 'test ! -e /tmp/go || client --timeout 2s http://orders.shop/']}, periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 3}
`
