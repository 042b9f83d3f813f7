import {readBundle} from '../src/bundle.ts'
import {contextOf} from '../src/context.ts'
import {collectDiagnostics} from '../src/diagnostics/collect.ts'
import {ownLines} from '../src/diagnostics/logs.ts'
import {redacted} from '../src/diagnostics/redact.ts'
import {inputsFrom} from '../src/inputs.ts'
import {read} from '../src/model/part.ts'
import type {Report} from '../src/model/report.ts'
import {run} from '../src/run.ts'
import {summary} from '../src/report/summary.ts'
import {fakeIo, refusal} from './helpers/fake-io.ts'
import {downReport, greenReport, redReport, row, snapshot} from './report/samples.ts'

const secret = 's3cr3t-v4lue'

test.each([
  `pulling https://robot:${secret}@registry.example/istio failed`,
  `Authorization: Bearer ${secret}.abcdef`,
  `authorization=${secret}`,
  `password: ${secret}`,
  `{"password":"${secret}"}`,
  `api_key=${secret}, other`,
  `client-secret='${secret}'`,
  'token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzM2NyM3QtdjRsdWUifQ.c2lnbmF0dXJl',
  `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
  `ghp_${'s3cr3tv4lue'.repeat(3)}`,
  `data: ${'czNjcjN0LXY0bHVl'.repeat(5)}==`,
])('what looks like a credential is gone: %s', (text) => {
  const left = redacted(text)
  expect(left).toContain('(redacted)')
  expect(left).not.toMatch(/s3cr3t|czNjcjN0|eyJzdWIi/)
})

test('words, names and addresses stay', () => {
  const text =
    '2026-11-22T18:00:00Z\tinfo\tads\tPush debounce stable[12] for config PeerAuthentication/shop/default: 1.2ms, https://istiod.istio-system.svc:15012'
  expect(redacted(text)).toBe(text)
})

test('of a log only the lines of Istio’s own programs are kept', () => {
  const log = [
    '2026-11-22T18:00:00.123456Z\tinfo\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012',
    '[2026-11-22T18:00:01Z] "GET /reset?token=abc HTTP/1.1" 200 - via_upstream',
    '{"start_time":"x","path":"/secret","authority":"a"}',
    '{"level":"error","time":"2026-11-22T18:00:02Z","scope":"ca","msg":"cannot sign","password":"hunter2"}',
    'DB_PASSWORD is hunter2',
  ].join('\n')
  expect(ownLines(log).split('\n')).toEqual([
    '(3 lines of another form left out)',
    '2026-11-22T18:00:00.123456Z\tinfo\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012',
    '2026-11-22T18:00:02Z\terror\tca\tcannot sign',
    '',
  ])
})

const pod = (namespace: string, name: string, container: string, labels = {}) => ({
  ...{namespace, name, uid: '', createdAt: '', generation: 0, labels, annotations: {}, hostNetwork: false, serviceAccount: '', node: ''},
  ...{securityContext: {runAsUser: null, runAsGroup: null}, initContainers: [], workload: {kind: 'Deployment', name}, phase: 'Running'},
  ...{reason: '', ready: true, terminating: false, ips: ['10.0.0.1'], simulated: false},
  containers: [
    {
      ...{name: container, image: '', ports: [], args: [], env: {}, probes: [], restartPolicy: '', runAsUser: null},
      ...{runAsGroup: null, ready: true, waiting: ''},
    },
  ],
})
const seen = snapshot({pods: read([pod('istio-system', 'istiod-1', 'discovery', {app: 'istiod'}), pod('shop', 'orders-1', 'istio-proxy')])})
const unproven: Report = {...redReport(), endpoints: [row('shop', 'orders', 8080, {verdict: 'unproven', pods: ['orders-1']})]}
const line = '2026-11-22T18:00:00Z\twarning\tca\tsigned late\n'
const logPath = (namespace: string, name: string, container: string) =>
  `PROBE /api/v1/namespaces/${namespace}/pods/${name}/log?container=${container}&tailLines=2000&limitBytes=256000`
const cluster = {
  'GET /api/v1/namespaces/istio-system/events': [
    {
      metadata: {name: 'e'},
      type: 'Warning',
      reason: 'Failed',
      message: `pull https://u:${secret}@r/x`,
      count: 3,
      involvedObject: {kind: 'Pod', name: 'istiod-1'},
      env: secret,
    },
  ],
  'GET /api/v1/namespaces/shop/events': [],
  'GET /api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm': [
    {metadata: {name: 's', creationTimestamp: 'T', labels: {name: 'istiod', version: '2', status: 'deployed'}}, data: {release: secret}},
  ],
  [logPath('istio-system', 'istiod-1', 'discovery')]: {status: 200, headers: {}, body: line},
  [logPath('shop', 'orders-1', 'istio-proxy')]: {status: 200, headers: {}, body: `${line}user=${secret}\n`},
}

test('the bundle holds what helps and none of what is secret, and says where to begin', async () => {
  const io = fakeIo({kube: cluster})
  const {first, files, withheld} = await collectDiagnostics(
    {report: unproven, snapshot: seen, baseline: null, kube: io.kube},
    '/r/diagnostics',
    io,
  )
  const names = [
    'snapshot.json',
    'timings.txt',
    'events.txt',
    'helm.txt',
    'istiod-istiod-1.txt',
    'proxy-shop-orders-1.txt',
    'report.json',
    'README.md',
  ]
  expect(files.map(({name}) => name)).toEqual(names)
  expect([...io.disk.keys()]).toEqual(names.map((name) => `/r/diagnostics/${name}`))
  expect([first.file, withheld]).toEqual(['proxy-shop-orders-1.txt', []])
  const texts = [...io.disk.values()].map((bytes) => Buffer.from(bytes).toString())
  for (const text of texts) expect(text).not.toContain(secret)
  expect(Buffer.from(io.disk.get('/r/diagnostics/events.txt') ?? '').toString()).toContain(
    'Warning Failed Pod/istiod-1: pull https://(redacted)@r/x (3 times)',
  )
  expect(Buffer.from(io.disk.get('/r/diagnostics/helm.txt') ?? '').toString()).toContain('istiod\t   2\tdeployed\tT')
  expect(Buffer.from(io.disk.get('/r/diagnostics/README.md') ?? '').toString()).toContain('Look first at `proxy-shop-orders-1.txt`')
})

test('without the rights it says which are missing, and the rest is there', async () => {
  const io = fakeIo({
    kube: {
      ...Object.fromEntries(Object.keys(cluster).map((key) => [key, refusal(403, 'forbidden')])),
      [logPath('istio-system', 'istiod-1', 'discovery')]: {status: 403, headers: {}, body: '{}'},
    },
  })
  const {files, withheld} = await collectDiagnostics(
    {report: unproven, snapshot: seen, baseline: null, kube: io.kube},
    '/r/diagnostics',
    io,
  )
  expect(files.map(({name}) => name)).toEqual(['snapshot.json', 'timings.txt', 'events.txt', 'helm.txt', 'report.json', 'README.md'])
  expect(withheld).toEqual([
    'events were refused (403): grant `list` on `events` (rbac/diagnostics.yaml)',
    expect.stringContaining("helm's history was refused (403)"),
    'logs were refused (403): grant `get` on `pods/log` (rbac/diagnostics.yaml)',
  ])
})

test.each<[string, Report, string, string]>([
  ['a failed install', downReport(), 'events.txt', 'istiod-not-ready'],
  ['an unread part', {...downReport(), stages: []}, 'snapshot.json', 'permission'],
  ['all well', greenReport(), 'snapshot.json', 'diagnostics'],
])('where to look first: %s', async (_, report, file, entry) => {
  const io = fakeIo({kube: cluster})
  const made = await collectDiagnostics({report, snapshot: seen, baseline: null, kube: io.kube}, '/r/diagnostics', io)
  expect(made.first).toMatchObject({file, entry})
  expect(summary({...report, diagnostics: made})).toContain(`Look first at \`/r/diagnostics/${file}\``)
})

const mesh =
  'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n---\n'
const shop = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec: {serviceAccountName: orders, containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]}
`
const permissive =
  '---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: legacy, namespace: shop}\nspec: {selector: {matchLabels: {app: orders}}, mtls: {mode: PERMISSIVE}}\n'
const waiver = {
  code: 'M303',
  namespace: 'shop',
  workload: 'orders',
  port: null,
  reason: 'r',
  owner: 'o',
  expires: '2999-01-01',
  file: 'w.yaml',
  line: 2,
}

test.each<[string, Record<string, string>, Record<string, string>, object[], string]>([
  ['healthy manifests', {'k/a.yaml': mesh + shop}, {INPUT_FROM: 'k'}, [], 'pass'],
  ['an exception', {'k/a.yaml': mesh + shop + permissive}, {INPUT_FROM: 'k'}, [], 'fail'],
  ['an exception that is waived', {'k/a.yaml': mesh + shop + permissive}, {INPUT_FROM: 'k'}, [waiver], 'pass'],
  ['a waiver that is not needed', {'k/a.yaml': mesh + shop}, {INPUT_FROM: 'k'}, [waiver], 'fail'],
  ['a check left out', {'k/a.yaml': shop}, {INPUT_FROM: 'k', INPUT_IGNORE: 'M301', INPUT_NAMESPACES: 'shop'}, [], 'fail'],
  ['an empty scope', {'k/a.yaml': mesh + shop}, {INPUT_FROM: 'k', INPUT_NAMESPACES: 'other', 'INPUT_ALLOW-EMPTY': 'true'}, [], 'pass'],
  ['a scope that may not be empty', {'k/a.yaml': mesh + shop}, {INPUT_FROM: 'k', INPUT_NAMESPACES: 'other'}, [], 'unknown'],
  [
    'a migration',
    {'k/a.yaml': mesh.replace('STRICT', 'PERMISSIVE') + shop},
    {INPUT_FROM: 'k', 'INPUT_MTLS-MODE': 'PERMISSIVE'},
    [],
    'pass',
  ],
  ['a torn manifest', {'k/a.yaml': 'kind: {{ x'}, {INPUT_FROM: 'k'}, [], 'unknown'],
  ['a cluster that may not be read', {}, {INPUT_MODE: 'validate', INPUT_KUBECONFIG: 'apiVersion: v1'}, [], 'unknown'],
])('judged again, a bundle says the same: %s', async (_, files, env, ledger, status) => {
  const io = fakeIo({files, kube: {'GET /version': {}}})
  const context = contextOf({}, {})
  const {inputs} = inputsFrom({HOME: '/root', RUNNER_TEMP: '/temp', INPUT_DIAGNOSTICS: 'true', ...env})
  const first = await run(inputs, {ledger: ledger as never, pending: []}, context, io)
  expect(first.report.verdict.status).toBe(status)
  const folder = `${inputs.reportDir}/diagnostics`
  expect(first.report.diagnostics?.folder).toBe(folder)

  const elsewhere = fakeIo({
    files: Object.fromEntries(
      [...io.disk].filter(([path]) => path.startsWith(folder)).map(([path, bytes]) => [path.replace(folder, 'sent'), bytes]),
    ),
  })
  const {inputs: plain} = inputsFrom({HOME: '/root', INPUT_FROM: 'sent/'})
  const bundle = await readBundle(plain, elsewhere)
  if (bundle === null) throw new Error('no bundle was found')
  const again = await run(
    bundle.inputs,
    {ledger: bundle.ledger, pending: bundle.pending, baseline: bundle.baseline, bundle},
    context,
    elsewhere,
  )
  expect(again.report.verdict).toEqual(first.report.verdict)
  expect([again.report.counts, again.report.endpoints]).toEqual([first.report.counts, first.report.endpoints])
})

test('a folder of manifests is no bundle, and a torn one is refused', async () => {
  const {inputs} = inputsFrom({HOME: '/root', INPUT_FROM: 'k'})
  expect(await readBundle(inputs, fakeIo({files: {'k/a.yaml': shop}}))).toBeNull()
  await expect(readBundle(inputs, fakeIo({files: {'k/snapshot.json': '{}', 'k/report.json': '{}'}}))).rejects.toThrow(
    'is no bundle that can be judged again',
  )
})
