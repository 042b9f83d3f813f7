import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parse, stringify} from 'yaml'
import {rootDistributed} from '../../src/checks/m106-root-distributed.ts'
import {authorityValid} from '../../src/checks/m107-authority-valid.ts'
import {runChecks} from '../../src/checks/run.ts'
import {enforce} from '../../src/enforce/enforce.ts'
import {install} from '../../src/install/install.ts'
import {askWebhook} from '../../src/install/webhook.ts'
import {observe} from '../../src/observe/observe.ts'
import {rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {asked} from '../helpers/fixture.ts'
import {type OnBed, onBed} from './on-bed.ts'

// A whole run of `mode: enforce` by an account that holds rbac/enforce.yaml and nothing else.

let bed: Bed
let on: OnBed
let folder: string

beforeAll(async () => {
  await down({bed: 4})
  bed = await up({bed: 4})
  folder = mkdtempSync(join(tmpdir(), 'istio-mtls-role-'))
  kubectl(['apply', '-f', 'rbac/enforce.yaml'])
  kubectl(['apply', '-f', '-'], account)
  on = await onBed({...bed, kubeconfig: kubeconfigOf(kubectl(['-n', 'ci', 'create', 'token', 'enforcer']))})
}, 300_000)

afterAll(async () => {
  on?.close()
  if (folder) rmSync(folder, {recursive: true, force: true})
  await down({bed: 4})
}, 120_000)

const run = (given: Record<string, string> = {}) => install(on.inputs(given), on.kube, on.kubeconfigPath, on.io)
const kubectl = (args: string[], input?: string) =>
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', ...(input && {input})}).trim()
const helm = (...args: string[]) =>
  execFileSync(`${bed.bin}/helm`, ['--kubeconfig', on.kubeconfigPath, '--namespace', 'istio-system', ...args], {
    encoding: 'utf8',
    env: {...process.env, SSL_CERT_FILE: bed.caFile},
  })

test('the account may do what the role says, and no more', () => {
  const may = (...what: string[]) => {
    try {
      return execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', on.kubeconfigPath, 'auth', 'can-i', ...what], {
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim()
    } catch {
      return 'no'
    }
  }
  expect(may('create', 'clusterroles')).toBe('yes')
  expect(may('create', 'secrets', '-n', 'istio-system')).toBe('yes')
  expect([
    may('*', '*'),
    may('create', 'secrets', '-n', 'default'),
    may('create', 'pods', '-n', 'istio-system'),
    may('create', 'pods', '--subresource=exec', '-n', 'default'),
    may('escalate', 'clusterroles'),
    may('bind', 'clusterroles'),
    may('impersonate', 'users'),
    may('delete', 'namespaces'),
    may('patch', 'namespaces/default', '-n', 'default'),
    may('get', 'pods', '--subresource=proxy'),
  ]).toEqual(new Array(10).fill('no'))
}, 60_000)

test('it installs Istio, and its webhook answers', async () => {
  expect(await run({'istio-version': '1.31.0'})).toMatchObject({changed: true, istioVersion: '1.31.0'})
  expect(await askWebhook(on.kube, '')).toMatchObject({denied: true})
}, 240_000)

test('it upgrades Istio', async () => {
  expect(await run({'istio-version': '1.31.1'})).toMatchObject({changed: true, istioVersion: '1.31.1'})
}, 240_000)

test('it sets the mesh to STRICT, takes a policy over, and finds nothing more to do', async () => {
  const rule = (given: Record<string, string> = {}) => enforce(on.inputs(given), on.kube, rulingMeshes, on.io)
  expect(await rule()).toMatchObject({changed: true})
  kubectl(['-n', 'istio-system', 'delete', 'peerauthentication', 'default'])
  kubectl(['apply', '-f', '-'], openPolicy)
  expect(await rule({'take-over': 'true'})).toMatchObject({changed: true})
  expect(await rule()).toMatchObject({changed: false})
}, 60_000)

test("it reads every part of the snapshot, the mesh's root among them", async () => {
  const options = {
    clusterName: '',
    probes: {mode: 'off' as const, exclude: [], concurrency: 4},
    settleUntil: null,
    deadline: Number.POSITIVE_INFINITY,
    askWebhook: () => askWebhook(on.kube, ''),
  }
  const snapshot = await observe(asked, options, on.kube, on.io)
  const unread = Object.entries(snapshot).filter(([, part]) => (part as {read?: boolean}).read === false)
  expect(unread.map(([name]) => name)).toEqual(['probes'])
  const roots = snapshot.roots.read ? snapshot.roots.value : []
  const own = roots.find(({namespace}) => namespace === 'istio-system')
  expect(own).toMatchObject({certificates: [{subject: 'O=cluster.local', keyType: 'rsa', keyBits: 2048}], unreadable: ''})
  expect(roots.find(({namespace}) => namespace === 'ci')?.certificates).toEqual(own?.certificates)
  const results = runChecks([rootDistributed, authorityValid], snapshot, {ignore: []})
  expect(results.map(({code, status, reason}) => [code, status, reason])).toEqual([
    ['M106', 'pass', ''],
    ['M107', 'pass', ''],
  ])
}, 60_000)

test('what a killed run left it can take away', () => {
  expect(helm('uninstall', 'istiod', '--wait=watcher', '--timeout', '60s')).toContain('uninstalled')
  expect(kubectl(['-n', 'istio-system', 'get', 'deployments', '-o', 'name'])).toBe('')
  expect(kubectl(['get', 'clusterroles', '-o', 'name'])).not.toContain('istiod-')
}, 120_000)

test('the API server refused it nothing on the way', () => {
  const lines = readFileSync(`${bed.logDir}/audit.jsonl`, 'utf8').split('\n').filter(Boolean)
  const own = lines.map((line) => JSON.parse(line)).filter(({user}) => user?.username === 'system:serviceaccount:ci:enforcer')
  expect(own.length).toBeGreaterThan(50)
  expect(own.filter(({responseStatus}) => responseStatus?.code === 403).map(({verb, requestURI}) => `${verb} ${requestURI}`)).toEqual([])
})

const account = `
apiVersion: v1
kind: Namespace
metadata: {name: ci}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: enforcer, namespace: ci}
---
apiVersion: v1
kind: Namespace
metadata: {name: istio-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: enforcer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: istio-mtls-enforce}
subjects: [{kind: ServiceAccount, name: enforcer, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: enforcer, namespace: istio-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: istio-mtls-enforce-istio-system}
subjects: [{kind: ServiceAccount, name: enforcer, namespace: ci}]
`

const openPolicy = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: istio-system}
spec: {mtls: {mode: PERMISSIVE}}
`

/** The administrator's kubeconfig with the account's token in place of his certificate. */
function kubeconfigOf(token: string): string {
  const {clusters} = parse(readFileSync(bed.kubeconfig, 'utf8'))
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters,
    users: [{name: 'enforcer', user: {token}}],
    contexts: [{name: 'role', context: {cluster: clusters[0].name, user: 'enforcer'}}],
    'current-context': 'role',
  }
  const path = join(folder, 'kubeconfig')
  writeFileSync(path, stringify(config), {mode: 0o600})
  return path
}
