import {execFileSync, spawn} from 'node:child_process'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {install} from '../../src/install/install.ts'
import type {Asked, Snapshot} from '../../src/model/snapshot.ts'
import {observe} from '../../src/observe/observe.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'
import {type Outcome, predictor} from './predict.ts'
import {type Case, type Cell, cellsOf, type Kind} from './table.ts'
import {namespace, policies, ports, workloads} from './world.ts'
import {asked as anything} from '../helpers/fixture.ts'

// Istio's own reachability table on the live bed: what the product predicts from a snapshot, what Istio's test expects, and what real callers
// get must be one and the same, cell by cell. Not here for want of the thing itself: virtual machines, proxyless gRPC, several clusters.

let bed: Bed
let on: OnBed

/** Declares the tests of these cases, on a bed of their own. */
export function reachability(cases: Case[], number: number): void {
  beforeAll(() => start(number), 400_000)
  afterAll(async () => {
    on?.close()
    await down({bed: number})
  }, 120_000)
  test.each(cases)('$name: predicted, expected by Istio and observed are the same', check, 180_000)
}

async function start(number: number): Promise<void> {
  bed = await up({bed: number})
  await reset(bed)
  on = await onBed(bed)
  await install(on.inputs(), on.kube, on.kubeconfigPath, on.io)
  const [first, ...others] = workloads()
  apply([first as object])
  const pki = (file: string) => `--from-file=${file}=${join(bed.runDir, 'pki', `artifacts.${file}`)}`
  kubectl('-n', namespace, 'create', 'configmap', 'tls', pki('crt'), pki('key'))
  apply(others)
  kubectl('-n', namespace, 'rollout', 'status', 'statefulset', '--timeout=180s')
  kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=180s')
}

async function check(each: Case): Promise<void> {
  const objects = policies(each, 'istio-system')
  apply(objects)
  try {
    const cells = cellsOf(each)
    const predict = predictor(await snapshot())
    const wanted = withoutUnseen(cells, new Map(cells.map((cell) => [textOf(cell), predict(cell)])))
    expect(wanted).toEqual(withoutUnseen(cells, new Map(cells.map((cell) => [textOf(cell), expected(each, cell)]))))
    expect(await settled(cells, wanted)).toEqual(wanted)
  } finally {
    kubectlWith(objects, 'delete', '--wait=true', '-f', '-')
  }
}

/** What callers get once it no longer changes: policies take a moment to arrive and one agreement may be a passing state, so all cells must agree twice in a row. */
async function settled(cells: Cell[], wanted: Record<string, Partial<Outcome>>): Promise<Record<string, Partial<Outcome>>> {
  let agreed = 0
  for (const until = performance.now() + 90_000; ; ) {
    const seen = withoutUnseen(cells, await observed(cells))
    agreed = JSON.stringify(seen) === JSON.stringify(wanted) ? agreed + 1 : 0
    if (agreed === 2 || performance.now() > until) return seen
  }
}

function expected({expectMtls, expectSuccess}: Case, cell: Cell): Outcome {
  const success = expectSuccess(cell)
  return {success, mtls: success && expectMtls(cell)}
}

/** Only HTTP carries the header by which an answer shows mutual TLS, as in Istio's own check (`MTLSForHTTP`). */
function shown({port}: Cell, outcome: Outcome | undefined): Partial<Outcome> {
  return port === 'http' || port === 'http2' ? {success: outcome?.success, mtls: outcome?.mtls} : {success: outcome?.success}
}

function withoutUnseen(cells: Cell[], outcomes: Map<string, Outcome>): Record<string, Partial<Outcome>> {
  return Object.fromEntries(cells.map((cell) => [textOf(cell), shown(cell, outcomes.get(textOf(cell)))]))
}

function textOf({from, to, port, path}: Cell): string {
  return `${from} → ${to} ${port}${path}`
}

async function observed(cells: Cell[]): Promise<Map<string, Outcome>> {
  const callers = [...new Set(cells.map(({from}) => from))]
  const found = await Promise.all(
    callers.map((from) =>
      callFrom(
        from,
        cells.filter((cell) => cell.from === from),
      ),
    ),
  )
  return new Map(found.flat())
}

/** All calls of one caller in one exec; the echo client prints the headers that the server received. */
async function callFrom(from: Kind, cells: Cell[]): Promise<[string, Outcome][]> {
  // A sidecar answers 503 itself when it gets nowhere: only the echo's own 200 is an answer.
  const asks = cells.map(
    (cell, at) =>
      `client --timeout 4s ${callOf(cell)} >/tmp/out 2>&1; echo "${at} $(grep -c StatusCode=200 /tmp/out) $(grep -ci x-forwarded-client-cert /tmp/out)"`,
  )
  const text = await run('exec', '-n', namespace, `caller-${from}`, '-c', 'app', '--', '/bin/sh', '-c', asks.join('\n'))
  const lines = text.trim().split('\n')
  expect(lines.length).toBe(cells.length)
  return lines.map((line) => {
    const [at = 0, answers = 0, headers = 0] = line.split(' ').map(Number)
    return [textOf(cells[at] as Cell), {success: answers > 0, mtls: answers > 0 && headers > 0}]
  })
}

function callOf({to, port, path}: Cell): string {
  const {port: offered, target} = ports[port === 'ws' ? 'http' : port]
  const number = to === 'headless' || to === 'stateful' ? target : offered
  const scheme = port === 'http2' ? 'http' : port
  const flags = port === 'http2' ? '--http2 ' : port === 'https' ? '--insecure-skip-verify ' : ''
  return `${flags}${scheme}://${to}.${namespace}.svc.cluster.local:${number}${port === 'tcp' || port === 'grpc' ? '' : path || '/'}`
}

async function snapshot(): Promise<Snapshot> {
  const asked: Asked = {...anything, scope: {namespaces: [namespace], exclude: []}}
  const options = {
    clusterName: '',
    probes: {mode: 'off' as const, exclude: [], concurrency: 16},
    settleUntil: null,
    deadline: on.io.clock.ticks() + 60_000,
    askWebhook: null,
  }
  return observe(asked, options, on.kube, on.io)
}

function apply(objects: object[]): void {
  kubectlWith(objects, 'apply', '-f', '-')
}

function kubectlWith(objects: object[], ...args: string[]): void {
  if (objects.length === 0) return
  const list = JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects})
  execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {input: list, stdio: ['pipe', 'pipe', 'inherit']})
}

function kubectl(...args: string[]): string {
  return execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8'}).trim()
}

function run(...args: string[]): Promise<string> {
  return new Promise((done, broken) => {
    const child = spawn(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {stdio: ['ignore', 'pipe', 'inherit']})
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.on('error', broken)
    child.on('close', () => done(text))
  })
}
