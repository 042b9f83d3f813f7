import {spawnSync} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Bed} from '../../testbed/bed.ts'
import {stepFor} from '../../testbed/step.ts'
import type {Crash} from '../helpers/crashing-io.ts'
import {forget, runStep} from '../helpers/runner.ts'

/** A run that was ended at a point, its `post`, and what both left on the runner. */
export interface Killed {
  code: number | null
  log: string
  /** Points in the order they were reached, `NUMBER NAME`. */
  points: string[]
  /** What the cancel contract forbids (interface.md, "Safety rules"); [] when it holds. */
  broken: string[]
}

/** Runs enforce on the bed, crashes at the point (by number or by name; 0: never), lets `post` clean, and looks at what is left. */
export async function killedRun(
  bed: Bed,
  at: number | RegExp,
  crash: Crash,
  toolCache: string,
  more: Record<string, string> = {},
): Promise<Killed> {
  const {inputs, env} = stepFor(bed)
  const journal = join(tmpdir(), `crash-${process.pid}-${randomUUID()}`)
  writeFileSync(journal, '')
  const step = await runStep(
    {
      inputs: {...inputs, 'github-token': '', probes: 'off', require: 'configured', rollout: 'immediate', timeout: '90s', ...more},
      apiUrl: 'https://127.0.0.1:1',
      env: {
        ...env,
        CRASH_AT: String(at),
        CRASH_LIKE: at instanceof RegExp ? at.source : '',
        CRASH: crash,
        CRASH_JOURNAL: journal,
        CRASH_DURING_MS: process.env['KILL_DURING_MS'] ?? '700',
      },
      entry: {main: '__tests__/install/killed-run.ts', post: 'src/post.ts'},
    },
    {toolCache},
  )
  const broken = await brokenContracts(bed, step.temp, crash)
  forget(step)
  return {code: step.code, log: step.log, points: readFileSync(journal, 'utf8').split('\n').filter(Boolean), broken}
}

async function brokenContracts(bed: Bed, temp: string, crash: Crash): Promise<string[]> {
  const left = (command: string, ...args: string[]) => spawnSync(command, args, {encoding: 'utf8'}).stdout.trim()
  const kube = (...args: string[]) => left(`${bed.bin}/kubectl`, '--kubeconfig', bed.kubeconfig, ...args)
  const strict = kube('get', 'peerauthentications', '-A', '-o', 'jsonpath={.items[*].spec.mtls.mode}')
  // A run that reaches nothing any more ends by itself and cannot give it back: the next run takes it over after 30 s.
  const lease = kube('-n', 'istio-system', 'get', 'lease', 'istio-mtls-action', '--ignore-not-found', '-o', 'name')
  const ready = kube('-n', 'istio-system', 'get', 'deployment', 'istiod', '-o', 'jsonpath={.status.readyReplicas}')
  return [
    left('pgrep', '-f', `${temp}/_temp`) === '' ? '' : 'a process of this run is alive',
    left('grep', '-rIlE', 'client-key-data|BEGIN (EC|RSA|PRIVATE)', join(temp, '_temp')) === '' ? '' : 'a kubeconfig is on disk',
    crash === 'throw' || lease === '' ? '' : 'the Lease is held',
    strict.includes('STRICT') && ready !== '1' ? 'STRICT without a ready istiod' : '',
    kube('get', 'pods', '-A', '-l', 'app.kubernetes.io/managed-by=istio-mtls-action', '-o', 'name') === '' ? '' : 'a pod of ours is left',
  ].filter((each) => each !== '')
}

/** The same once istiod has set its validating webhooks from Ignore to Fail, some seconds after it is ready (Istio's webhooks/validation/controller). */
export async function settledState(bed: Bed): Promise<Record<string, string>> {
  const isLenient = (state: Record<string, string>) =>
    Object.entries(state).some(([name, text]) => name.startsWith('Validating') && text.includes('"failurePolicy":"Ignore"'))
  let state = stateOf(bed)
  for (let tries = 0; isLenient(state) && tries < 60; tries++) {
    await new Promise((done) => setTimeout(done, 1000))
    state = stateOf(bed)
  }
  return state
}

/** All objects that an install touches, without what differs from one install to the next: `kind namespace/name` and the object's own text. */
export function stateOf(bed: Bed): Record<string, string> {
  const own = itemsOf(bed)
    .filter((item) => isMeshs(item) && !isHistory(item))
    .map((item): [string, string] => {
      const {kind, metadata} = item
      const name = kind === 'Secret' ? metadata.name.replace(/\.v\d+$/, '') : metadata.name
      return [`${kind} ${metadata.namespace ?? ''}/${name}`, JSON.stringify(settled(item))]
    })
  return Object.fromEntries(own.sort(([left], [right]) => (left < right ? -1 : 1)))
}

/**
 * All that a next run can tell a cluster by, as one text: the objects of `stateOf` with helm's whole history, and of what differs from one install to
 * the next whether it is there: a ready istiod, a webhook's authority, a Lease's holder. A runner keeps nothing from one run to the next.
 */
export function traceOf(bed: Bed): string {
  const own = itemsOf(bed)
    .filter(isMeshs)
    .map((item) => {
      const {kind, metadata, status, spec, webhooks} = item as Item & {status?: {readyReplicas?: number}; spec?: {holderIdentity?: string}}
      const ready = kind === 'Deployment' ? (status?.readyReplicas ?? 0) : ''
      const held = kind === 'Lease' ? (spec?.holderIdentity ?? '') !== '' : ''
      const trusted = webhooks === undefined ? '' : JSON.stringify(webhooks).includes('"caBundle"')
      return [kind, metadata.namespace ?? '', metadata.name, metadata.labels?.['status'] ?? '', ready, held, trusted, settled(item)]
    })
  return own
    .map((each) => JSON.stringify(each))
    .sort()
    .join('\n')
}

function itemsOf(bed: Bed): Item[] {
  const list = (kinds: string) => {
    const args = ['--kubeconfig', bed.kubeconfig, 'get', kinds, '-A', '-o', 'json']
    const {status, stdout, stderr} = spawnSync(`${bed.bin}/kubectl`, args, {encoding: 'utf8', maxBuffer: 64 << 20})
    if (status === 0) return (JSON.parse(stdout) as {items: Item[]}).items
    // An empty cluster has no such kind.
    if (kinds === policies && /could not find the requested resource|doesn't have a resource type/.test(stderr)) return []
    throw new Error(stderr)
  }
  return [...list(kinds), ...list(policies)]
}

const kinds = [
  'namespaces,deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings',
  'mutatingwebhookconfigurations,validatingwebhookconfigurations,customresourcedefinitions',
  'horizontalpodautoscalers,poddisruptionbudgets,leases',
].join(',')

const policies = 'peerauthentications'

interface Item {
  kind: string
  metadata: {name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string>}
  [field: string]: unknown
}

/** A repair leaves a revision more. */
function isHistory({kind, metadata: {name, labels = {}}}: Item): boolean {
  return kind === 'Secret' && name.startsWith('sh.helm.release') && ['superseded', 'failed'].includes(labels['status'] ?? '')
}

function isMeshs({metadata: {name, namespace = ''}}: Item): boolean {
  return namespace === 'istio-system' || /istio/.test(name) || name === 'istio-system'
}

function settled(item: Item): unknown {
  const {kind, metadata, status: _status, data, apiVersion: _version, ...rest} = item
  const drop = (texts: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(texts).filter(([key]) => !/modifiedAt|^version$|helm-revision|deployment.kubernetes.io\/revision|leader/.test(key)),
    )
  const isCertificate = /^istio-ca-/.test(metadata.name)
  return JSON.parse(
    JSON.stringify(
      {
        ...(kind === 'Lease' ? {} : rest),
        labels: drop(metadata.labels),
        annotations: drop(metadata.annotations),
        ...(kind === 'Secret' || isCertificate ? {} : {data}),
      },
      (key, value) => (['caBundle', 'clusterIP', 'clusterIPs', 'resourceVersion', 'uid'].includes(key) ? undefined : value),
    ),
  )
}
