import {execFileSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {enforce} from '../../src/enforce/enforce.ts'
import {rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {run} from '../../src/run.ts'
import {type Bed, down, reset, up} from '../../testbed/bed.ts'
import type {Crash} from '../helpers/crashing-io.ts'
import {killedRun, settledState} from './kill.ts'
import {type OnBed, onBed} from './on-bed.ts'

// One run at a time, killed runs, and the way back: one cluster, in order, each test on what the one before left.

const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
let bed: Bed
let on: OnBed

beforeAll(async () => {
  bed = await up({bed: 13})
  await reset(bed)
  on = await onBed(bed)
}, 300_000)

afterAll(async () => {
  on?.close()
  rmSync(toolCache, {recursive: true, force: true})
  await down({bed: 13})
}, 120_000)

const kubectl = (args: string[], input?: string) =>
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : {input}),
  }).trim()
const act = (given: Record<string, string>) =>
  run(
    on.inputs({probes: 'off', require: 'configured', rollout: 'immediate', ...given}),
    {ledger: [], pending: []},
    {docsUrl: 'https://docs.test', reported: null} as unknown as Parameters<typeof run>[2],
    on.io,
  )

test('of eight processes one at a time is at work, and all eight end', async () => {
  kubectl(['create', 'configmap', 'counter', '--from-literal=count=0', '--from-literal=inside='])
  const watch = spawn(`${bed.bin}/kubectl`, [
    '--kubeconfig',
    bed.kubeconfig,
    'get',
    'leases',
    '-A',
    '--watch',
    '--output-watch-events',
    '-o',
    'json',
  ])
  let seen = ''
  watch.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text
  })
  const contend = () =>
    new Promise<number | null>((done) => {
      const env = {...process.env, CONTENDER_KUBECONFIG: readFileSync(bed.kubeconfig, 'utf8'), CONTENDER_WORK_MS: '150'}
      spawn(process.execPath, ['__tests__/install/lock-contender.ts'], {env, stdio: 'ignore'}).on('exit', done)
    })
  const codes = await Promise.all(Array.from({length: 8}, contend))
  watch.kill()
  expect(codes).toEqual(new Array(8).fill(0))
  // Nobody guards the counter but the Lease: two at once would have lost an increment.
  expect(kubectl(['get', 'configmap', 'counter', '-o', 'jsonpath={.data.count} {.data.inside}'])).toBe('8')
  const holders = eventsIn(seen).flatMap(({type, object}) =>
    object.metadata.name === 'istio-mtls-action' ? [{type, holder: object.spec.holderIdentity}] : [],
  )
  expect(new Set(holders.map(({holder}) => holder)).size).toBe(8)
  for (const [at, {type, holder}] of holders.entries()) if (type !== 'ADDED') expect(holder).toBe(holders[at - 1]?.holder)
  kubectl(['delete', 'configmap', 'counter'])
  kubectl(['delete', 'namespace', 'istio-system'])
}, 120_000)

/** Every crash meets what the one before left behind; only the last run is let through. */
const crashes: [string, RegExp, Crash][] = [
  ['before the Lease is made', /kube.create .*leases$/, 'SIGKILL'],
  ['while helm installs base', /upgrade istio-base, at work$/, 'SIGKILL'],
  ['while helm installs istiod', /upgrade istiod, at work$/, 'SIGKILL'],
  ['while helm installs istiod, by a cancel', /upgrade istiod, at work$/, 'SIGINT'],
  ['before STRICT is written', /kube.apply .*peerauthentications\/default$/, 'SIGKILL'],
]

test('runs that are killed leave nothing at work, and the next run makes the cluster whole', async () => {
  const report: string[] = []
  const whole = await killedRun(bed, 0, 'SIGKILL', toolCache)
  expect([whole.code, whole.broken]).toEqual([0, []])
  const wanted = await settledState(bed)
  await reset(bed)
  for (const [name, pattern, crash] of crashes) {
    // By name: a run that mends first has other numbers.
    const killed = await killedRun(bed, pattern, crash, toolCache)
    report.push(`${name}: ${killed.code === 0 ? 'passed' : 'ended'}, ${killed.broken.join(', ') || 'clean'}`)
  }
  expect(report).toEqual(crashes.map(([name]) => `${name}: ended, clean`))
  const next = await killedRun(bed, 0, 'SIGKILL', toolCache)
  expect([next.code, next.broken]).toEqual([0, []])
  expect(await settledState(bed)).toEqual(wanted)
}, 300_000)

test('what was taken over is given back, what was made is gone, and what others made stays', async () => {
  kubectl(['apply', '-f', '-'], others)
  const before = spec('legacy')
  await enforce(on.inputs({'take-over': 'true', namespaces: 'shop'}), on.kube, rulingMeshes, on.io)
  expect(spec('legacy').mtls.mode).toBe('STRICT')
  const {report} = await act({mode: 'uninstall'})
  expect(report.verdict).toEqual({status: 'pass', reason: 'Nothing of this action is left in the cluster', coverage: 100})
  expect(spec('legacy')).toEqual(before)
  expect(JSON.parse(kubectl(['-n', 'shop', 'get', 'peerauthentication', 'legacy', '-o', 'json'])).metadata).toMatchObject({
    labels: {'app.kubernetes.io/managed-by': 'shop-team'},
  })
  const left = kubectl([
    'get',
    'all,configmaps,secrets,leases,mutatingwebhookconfigurations,validatingwebhookconfigurations',
    '-A',
    '-o',
    'name',
  ])
  expect(left.split('\n').filter((name) => /istio/.test(name))).toEqual([])
  expect(kubectl(['get', 'namespace', 'istio-system', '--ignore-not-found', '-o', 'name'])).toBe('')
  expect(kubectl(['get', 'crds', '-o', 'name'])).toContain('peerauthentications')
}, 120_000)

test('a second uninstall changes nothing and passes; CRDs go where asked, save those that others use', async () => {
  expect((await act({mode: 'uninstall'})).report).toMatchObject({
    changed: false,
    verdict: {status: 'pass', reason: 'Nothing of this action is left in the cluster, and nothing was changed'},
  })
  const {report} = await act({mode: 'uninstall', 'purge-crds': 'true'})
  expect(report.verdict.status).toBe('pass')
  expect(report.notes.join()).toContain('CRD peerauthentications.security.istio.io stays, for others use it: shop/legacy.')
  expect(kubectl(['get', 'crds', '-o', 'name'])).toBe('customresourcedefinition.apiextensions.k8s.io/peerauthentications.security.istio.io')
}, 60_000)

function spec(name: string) {
  return JSON.parse(kubectl(['-n', 'shop', 'get', 'peerauthentication', name, '-o', 'json'])).spec
}

const others = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: shop, labels: {app.kubernetes.io/managed-by: shop-team}}
spec: {mtls: {mode: PERMISSIVE}}
`

interface Event {
  type: string
  object: {metadata: {name: string}; spec: {holderIdentity: string}}
}

/** One object a line. */
function eventsIn(text: string): Event[] {
  const lines = text.split('\n')
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Event)
}
