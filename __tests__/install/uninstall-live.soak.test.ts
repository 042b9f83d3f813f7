import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {asAccount} from '../canary/account.ts'
import {appsIn} from '../canary/on-life.ts'
import {type Faulty, failureOf, faulty} from './helm-faults.ts'
import {nowhere} from './nowhere.ts'

// The way back from a full house: two revisions of ours with tags, ambient's charts, an enrolled namespace, and a foreign Istio beside, by an account with
// rbac/enforce.yaml and rbac/uninstall.yaml (and rbac/ambient.yaml for the agents) and nothing else, judged by the API server's own authorizer.

let bed: Bed
let admin: Faulty
let account: Faulty

beforeAll(async () => {
  await down({bed: 13})
  bed = await up({bed: 13})
  await reset(bed)
  admin = await faulty('helm', bed)
}, 600_000)

afterAll(async () => {
  admin?.on.close()
  account?.on.close()
  await down({bed: 13})
}, 120_000)

const kubectl = (args: string[], input?: string) => admin.kubectl(args, input)
/** The profile asks for the distroless variant of istiod's image, which the bed does not have. */
const values = () => bed.istiodValues.replace('global:\n', 'global:\n  variant: ""\n')
const house = () => ({
  ...{profile: 'ambient', platform: 'k3s', 'cni-values': nowhere, 'ztunnel-values': nowhere, timeout: '120s', values: values()},
  ...{namespaces: 'alpha', 'access-logging': 'true', 'fail-on': 'never', 'min-coverage': '0'},
})
const second = () => ({...house(), revision: 'canary', tags: 'next'})
const names = (...kinds: string[]) =>
  kubectl(['get', kinds.join(), '-A', '-o', 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}'])
    .split('\n')
    .filter(Boolean)
    .sort()
const webhooks = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']

/** Everything of the other mesh, to the version of each object, save what its own istiod renews. */
function foreignThings(): string {
  const all = JSON.parse(
    kubectl([
      'get',
      `deployments,services,configmaps,serviceaccounts,roles,rolebindings,horizontalpodautoscalers,poddisruptionbudgets,clusterroles,clusterrolebindings,${webhooks.join()},peerauthentications`,
      ...['-A', '-o', 'json'],
    ]),
  ) as {
    items: {kind: string; metadata: {name: string; namespace?: string; uid: string; generation?: number; labels?: object}; spec?: unknown}[]
  }
  const own = all.items.filter(
    ({metadata: {name, namespace}}) => namespace === 'mesh-two' || namespace === 'theirs' || /foreign|mesh-two/.test(name),
  )
  expect(own.length).toBeGreaterThan(10)
  return own
    .map(({kind, metadata: {name, namespace, uid, labels}, spec}) =>
      JSON.stringify([kind, namespace, name, uid, labels, kind === 'Service' ? spec : null]),
    )
    .sort()
    .join('\n')
}

test('the Lease is taken and given back with the rights of enforce.yaml alone', async () => {
  account = await faulty('helm', asAccount(bed, ['enforce.yaml'], ['istio-mtls-enforce'], ['istio-mtls-enforce-istio-system']))
  const report = await account.act({timeout: '120s'})
  expect([failureOf(report), report.verdict.status]).toEqual([null, 'pass'])
  expect(report.stages.find(({name}) => name === 'lock')?.says).toContain('Lease istio-system/istio-mtls-action')
  expect(names('leases').filter((name) => name.includes('istio-mtls-action'))).toEqual([])
  const verbs = new Set(audited(/\/leases/).map(({verb}) => verb))
  // A run that lasts longer renews it, too.
  verbs.delete('patch')
  expect([...verbs].sort()).toEqual(['create', 'delete', 'get'])
  expect(refused()).toEqual([])
}, 240_000)

test('the house is filled', async () => {
  kubectl(['apply', '-f', '-'], appsIn('alpha', {team: 'shop'}, ['web'], bed.images.echo))
  const first = await admin.act({...house(), tags: 'prod', enroll: 'true', policies: ''})
  expect(failureOf(first)).toBeNull()
  const beside = await admin.act(second())
  expect(failureOf(beside)).toBeNull()
  expect(admin.releases().map((line) => line.split(' ')[0])).toEqual(['istio-base', 'istio-cni', 'istiod', 'istiod-canary', 'ztunnel'])
  expect(kubectl(['get', 'namespace', 'alpha', '-o', 'jsonpath={.metadata.labels}'])).toMatch(/istio/)
}, 400_000)

test('another mesh moves in', async () => {
  const foreign = `${values().replace('global:\n', 'global:\n  istioNamespace: mesh-two\n')}\nrevision: foreign\n`
  execFileSync(
    `${bed.bin}/helm`,
    [
      '--kubeconfig',
      bed.kubeconfig,
      'install',
      'their-istiod',
      `${bed.charts.oci}/istiod`,
      '--version',
      '1.31.1',
      '--namespace',
      'mesh-two',
      '--create-namespace',
      '--values',
      '-',
      '--wait',
      '--timeout',
      '120s',
    ],
    {input: foreign, encoding: 'utf8', env: {...process.env, SSL_CERT_FILE: bed.caFile}},
  )
  kubectl(['apply', '-f', '-'], theirs)
  expect(names('deployments').filter((name) => name.includes('mesh-two'))).toHaveLength(1)
}, 240_000)

test('under the roles for it all that is ours goes, and nothing of the other mesh is touched', async () => {
  account.on.close()
  account = await faulty(
    'helm',
    asAccount(
      bed,
      ['enforce.yaml', 'uninstall.yaml', 'ambient.yaml'],
      ['istio-mtls-enforce', 'istio-mtls-uninstall', 'istio-mtls-ambient'],
      ['istio-mtls-enforce-istio-system', 'istio-mtls-ambient-agents'],
    ),
  )
  const before = foreignThings()
  const report = await account.act({mode: 'uninstall', timeout: '120s'})
  expect([failureOf(report), report.verdict.status, report.changed]).toEqual([null, 'pass', true])
  process.stdout.write(
    `uninstall beside others: ${report.stages.find(({name}) => name === 'uninstall')?.says}\n${report.notes.join('\n')}\n`,
  )
  expect(report.notes.join('\n')).toContain('Left alone: istiod 1.31.1 (Deployment `mesh-two/istiod-foreign`')
  expect(foreignThings()).toBe(before)
  expect(refused()).toEqual([])
  expect(admin.releases()).toEqual([])
  expect(names('deployments', 'daemonsets').filter((name) => name.includes('istio-system'))).toEqual([])
  expect(names(...webhooks).filter((name) => !/foreign|mesh-two/.test(name))).toEqual([])
  expect(names('peerauthentications', 'telemetries')).toEqual(['PeerAuthentication theirs/default'])
  expect(JSON.parse(kubectl(['get', 'namespace', 'alpha', '-o', 'jsonpath={.metadata.labels}']))).toEqual({
    'kubernetes.io/metadata.name': 'alpha',
    team: 'shop',
  })
  // The other mesh still judges its policies: nothing that it needs is gone.
  const question = theirs.replace(
    'labels: {istio.io/rev: foreign}}\nspec',
    'labels: {istio.io/rev: foreign}, annotations: {internal.istio.io/webhook-always-reject: "true"}}\nspec',
  )
  expect(() => kubectl(['apply', '--dry-run=server', '-f', '-'], question)).toThrow(/validation\.istio\.io" denied the request/)
}, 300_000)

test('once the other mesh has gone, what istiods left goes with the CRDs', async () => {
  kubectl(['delete', 'namespace', 'theirs'])
  execFileSync(
    `${bed.bin}/helm`,
    ['--kubeconfig', bed.kubeconfig, 'uninstall', 'their-istiod', '--namespace', 'mesh-two', '--wait=watcher'],
    {
      encoding: 'utf8',
    },
  )
  kubectl(['delete', 'namespace', 'mesh-two'])
  const report = await account.act({mode: 'uninstall', 'purge-crds': 'true', timeout: '120s'})
  process.stdout.write(
    `uninstall, alone again: ${report.stages.find(({name}) => name === 'uninstall')?.says}\n${report.notes.join('\n')}\n`,
  )
  expect([failureOf(report), report.verdict.status]).toEqual([null, 'pass'])
  expect(names('crds', ...webhooks)).toEqual([])
  expect(
    names('configmaps', 'secrets', 'leases', 'clusterroles', 'clusterrolebindings').filter((name) => /istio-ca|istiod|sh\.helm/.test(name)),
  ).toEqual([])
  expect(refused()).toEqual([])
}, 240_000)

interface Audited {
  verb: string
  requestURI: string
  user?: {username?: string}
  responseStatus?: {code?: number}
}

/** What the account asked the API server. */
function audited(path: RegExp): Audited[] {
  const lines = readFileSync(`${bed.logDir}/audit.jsonl`, 'utf8').split('\n').filter(Boolean)
  return lines
    .map((line) => JSON.parse(line) as Audited)
    .filter(({user, requestURI}) => user?.username === 'system:serviceaccount:ci:upgrader' && path.test(requestURI))
}

function refused(): string[] {
  return audited(/./)
    .filter(({responseStatus}) => responseStatus?.code === 403)
    .map(({verb, requestURI}) => `${verb} ${requestURI}`)
}

const theirs = `
apiVersion: v1
kind: Namespace
metadata: {name: theirs, labels: {istio.io/rev: foreign}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: theirs, labels: {istio.io/rev: foreign}}
spec: {mtls: {mode: STRICT}}
`
