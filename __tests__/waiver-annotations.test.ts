import {contextOf} from '../src/context.ts'
import {inputsFrom} from '../src/inputs.ts'
import type {GitHub} from '../src/io/io.ts'
import {run} from '../src/run.ts'
import {fakeIo} from './helpers/fake-io.ts'

/** A mesh that is STRICT, and a workload whose port a policy excepts; annotations as given. */
const manifests = ({deployment = '', template = '', policy = '', namespace = ''}) => `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}${note(namespace)}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: shop${note(policy)}}
spec: {selector: {matchLabels: {app: orders}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop${note(deployment)}}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}${note(template)}}
    spec: {serviceAccountName: orders, containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]}
`
const note = (text: string) => (text === '' ? '' : `, annotations: {istio-mtls/waive: ${JSON.stringify(text)}}`)
const good = 'M304 expires=2027-01-31 owner=team-shop reason=the till is upgraded in spring'
const pull = {pull_request: {number: 17, base: {sha: 'base'}}}

interface Given {
  on: Parameters<typeof manifests>[0]
  /** The manifest at the base commit; null: not there. */
  base?: string | null
  event?: [string, object]
  asked?: Record<string, string>
}

async function judge({on, base = null, event = ['push', {}], asked = {}}: Given) {
  const github = {
    file: async (_repo: string, path: string, ref: string) => (path === 'k8s/all.yaml' && ref === 'base' ? base : null),
  } as unknown as GitHub
  const io = fakeIo({files: {'k8s/all.yaml': manifests(on)}, github})
  const {inputs} = inputsFrom({
    HOME: '/root',
    INPUT_FROM: 'k8s/all.yaml',
    'INPUT_WAIVER-ANNOTATIONS': 'true',
    'INPUT_GITHUB-TOKEN': 'ghs_x',
    ...asked,
  })
  const context = contextOf({GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_EVENT_NAME: event[0]}, event[1])
  const {report} = await run(inputs, {ledger: [], pending: []}, context, io)
  return {
    report,
    verdict: report.verdict.status,
    waivers: report.waivers.map(({code, workload, port, status}) => `${code} ${workload}:${port ?? '*'} ${status}`),
  }
}

test.each<[string, Given['on'], string, string[]]>([
  ['none', {}, 'fail', []],
  ['on the workload', {deployment: good}, 'pass', ['M304 Deployment/orders:* in-force']],
  ['on its pods', {template: good}, 'pass', ['M304 Deployment/orders:* in-force']],
  ['on both alike: one waiver', {deployment: good, template: good}, 'pass', ['M304 Deployment/orders:* in-force']],
  ['for the port alone', {deployment: good.replace('owner', 'port=8080 owner')}, 'pass', ['M304 Deployment/orders:8080 in-force']],
  ['for another port', {deployment: good.replace('owner', 'port=9090 owner')}, 'fail', ['M304 Deployment/orders:9090 unused']],
  ['of another check', {deployment: good.replace('M304', 'M303')}, 'fail', ['M303 Deployment/orders:* unused']],
  ['on the policy that excepts', {policy: good}, 'pass', ['M304 Deployment/orders:8080 in-force']],
  ['on a namespace, which excuses no port in it', {namespace: good}, 'fail', ['M304 Namespace/shop:* unused']],
  ['expired', {deployment: good.replace('2027', '2026')}, 'fail', ['M304 Deployment/orders:* expired']],
  ['about to expire', {deployment: good.replace('2027-01-31', '2026-12-01')}, 'pass', ['M304 Deployment/orders:* expiring']],
  [
    'two lines, one of them stale',
    {deployment: `${good}\n${good.replace('M304', 'M202')}`},
    'fail',
    ['M304 Deployment/orders:* in-force', 'M202 Deployment/orders:* unused'],
  ],
])('%s', async (_, on, verdict, waivers) => {
  const judged = await judge({on})
  expect([judged.verdict, judged.waivers]).toEqual([verdict, waivers])
})

test.each([
  ['M304 owner=x reason=y', '`expires` missing'],
  ['M304 expires=2027-02-30 owner=x reason=y', '`expires` is `2027-02-30`'],
  ['M304 expires=2027-01-31 reason=y', '`owner` missing'],
  ['M304 expires=2027-01-31 owner=x', '`reason` missing'],
  ['everything expires=2027-01-31 owner=x reason=y', 'it begins with `EVERYTHING`'],
  ['M304 expires=2027-01-31 owner=x port=99999 reason=y', '`port` is `99999`'],
  ['M304 expires=2027-01-31 owner=x until=never reason=y', '`until` is none of'],
  ['M304 owner=x owner=y expires=2027-01-31 reason=y', '`owner` stands there twice'],
])('`%s` excuses nothing and turns the run red: %s', async (line, mistake) => {
  const {report, verdict} = await judge({on: {deployment: line}})
  expect(verdict).toBe('fail')
  expect(report.waivers).toEqual([expect.objectContaining({status: 'malformed', reason: expect.stringContaining(mistake)})])
  expect(report.counts.violated).toBe(1)
})

test('a policy of a whole namespace is too broad to waive by', async () => {
  const text = manifests({policy: good})
    .replace('selector: {matchLabels: {app: orders}}, mtls', 'mtls')
    .replace(', portLevelMtls: {8080: {mode: PERMISSIVE}}', '')
    .replace('{mtls: {mode: STRICT}}\n---\napiVersion: apps', '{mtls: {mode: PERMISSIVE}}\n---\napiVersion: apps')
  const {inputs} = inputsFrom({HOME: '/root', INPUT_FROM: 'a.yaml', 'INPUT_WAIVER-ANNOTATIONS': 'true'})
  const {report} = await run(inputs, {ledger: [], pending: []}, contextOf({}, {}), fakeIo({files: {'a.yaml': text}}))
  expect([report.verdict.status, report.waivers.map(({status}) => status)]).toEqual(['fail', ['too-broad']])
})

test('by default annotations count for nothing, and how many do is said', async () => {
  const {report, verdict} = await judge({on: {deployment: good}, asked: {'INPUT_WAIVER-ANNOTATIONS': 'false'}})
  expect([verdict, report.waivers]).toEqual(['fail', []])
  expect(report.notes).toContain(
    '1 waiver stands as annotation `istio-mtls/waive` on objects and count for nothing, because `waiver-annotations` is off: `Deployment shop/orders`.',
  )
})

test.each<[string, Partial<Given>, string, string[]]>([
  ['one that it adds itself', {base: manifests({})}, 'fail', ['M304 Deployment/orders:* pending']],
  ['one in a file that it adds', {base: null}, 'fail', ['M304 Deployment/orders:* pending']],
  [
    'one that it changes',
    {base: manifests({deployment: good.replace('2027-01', '2026-12')})},
    'fail',
    ['M304 Deployment/orders:* pending'],
  ],
  ['one that it moved here from another object', {base: manifests({policy: good})}, 'fail', ['M304 Deployment/orders:* pending']],
  ['one that its base has', {base: manifests({deployment: good})}, 'pass', ['M304 Deployment/orders:* in-force']],
  ['without a base', {base: manifests({deployment: good}), event: ['pull_request', {}]}, 'fail', ['M304 Deployment/orders:* pending']],
])('on a pull request: %s', async (_, given, verdict, waivers) => {
  const judged = await judge({on: {deployment: good}, event: ['pull_request', pull], ...given})
  expect([judged.verdict, judged.waivers]).toEqual([verdict, waivers])
})

test('outside of the scope an annotation is nobody’s business', async () => {
  expect((await judge({on: {deployment: good}, asked: {INPUT_NAMESPACES: 'other', 'INPUT_ALLOW-EMPTY': 'true'}})).waivers).toEqual([])
})
