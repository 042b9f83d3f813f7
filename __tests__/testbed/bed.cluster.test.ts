import {readFileSync, readlinkSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals'
import {type Bed, down, reset, status, up} from '../../testbed/bed.ts'
import {build} from '../../testbed/build/build.ts'
import {sourceDir} from '../../testbed/paths.ts'
import {initOf} from '../../testbed/sandbox.ts'
import {helm, kubectl} from './cluster.ts'
import {processesIn, tracesOf} from './traces.ts'

// A start under load is slow; a hung one ends.
jest.setTimeout(5 * 60_000)

// Beds 3 and 4, so that a bed at work (0 unless told otherwise) is not disturbed.
const [first, second] = [3, 4]
const before: Record<number, ReturnType<typeof tracesOf>> = {}

beforeAll(async () => {
  await build()
  for (const bed of [first, second]) {
    await down({bed})
    before[bed] = tracesOf(bed)
  }
}, 30 * 60_000)
afterAll(async () => {
  await Promise.all([first, second].map((bed) => down({bed})))
})

describe('a bed', () => {
  let bed: Bed
  let other: Bed
  beforeAll(async () => {
    const beds = await Promise.all([up({bed: first}), up({bed: second})])
    ;[bed, other] = beds as [Bed, Bed]
  })

  test('has one node, which is ready', () => {
    const {items} = JSON.parse(kubectl(bed, 'get', 'nodes', '--output', 'json'))
    expect(items).toHaveLength(1)
    expect(items[0].status.conditions).toContainEqual(expect.objectContaining({type: 'Ready', status: 'True'}))
    expect(items[0].status.nodeInfo.kubeletVersion).toBe('v1.37.2')
  })

  test('resolves names in a pod, and the pod reaches the API server by its service', () => {
    const command = ['client', '--timeout', '5s', '-k', 'https://kubernetes.default.svc/healthz']
    kubectl(bed, 'run', 'dns', `--image=${bed.images.echo}`, '--restart=Never', '--command', '--', ...command)
    kubectl(bed, 'wait', 'pod/dns', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=30s')
    expect(kubectl(bed, 'logs', 'dns')).toContain('[0 body] ok')
  })

  test('fails a pod whose image it does not have at once, rather than asking the internet', () => {
    kubectl(bed, 'run', 'unknown', '--image=registry.example.com/no/such:1', '--restart=Never')
    kubectl(bed, 'wait', 'pod/unknown', '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull', '--timeout=20s')
  })

  test('runs beside another one, each with its own addresses and objects', () => {
    kubectl(bed, 'create', 'namespace', 'only-here')
    expect(kubectl(bed, 'get', 'namespaces')).toContain('only-here')
    expect(kubectl(other, 'get', 'namespaces')).not.toContain('only-here')
    expect(other.nodeIp).not.toBe(bed.nodeIp)
  })

  test('is not started a second time', async () => {
    const init = initOf(first)
    const [again, once] = await Promise.all([up({bed: first}), up({bed: first})])
    expect([again, once]).toEqual([bed, bed])
    expect(initOf(first)).toEqual(init)
  })

  test('shows in the status as healthy', async () => {
    expect(await status()).toEqual(
      expect.arrayContaining([first, second].map((number) => expect.objectContaining({number, state: 'healthy', silent: []}))),
    )
  })

  test('writes who did what to its audit log, as soon as it is answered', () => {
    kubectl(bed, 'create', 'configmap', 'audited')
    const events = readFileSync(join(bed.logDir, 'audit.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const names = events
      .filter(({verb, objectRef}) => verb === 'create' && objectRef?.resource === 'configmaps')
      .map(({objectRef}) => objectRef.name)
    expect(names).toContain('audited')
  })
})

describe('a reset', () => {
  test('leaves an empty cluster: no namespace, no CRD, no webhook, no role of before', async () => {
    const bed = await up({bed: first})
    const state = () =>
      kubectl(bed, 'get', 'namespaces,crd,mutatingwebhookconfigurations,clusterroles,clusterrolebindings', '--output', 'name') +
      kubectl(bed, 'get', 'deployments,services,configmaps,secrets,roles', '--all-namespaces', '--output', 'name')
    await reset(bed)
    const empty = state()
    helm(
      bed,
      'install',
      'istio-base',
      'base',
      '--repo',
      bed.charts.http,
      '--version',
      '1.31.0',
      '--namespace',
      'istio-system',
      '--create-namespace',
    )
    kubectl(bed, 'apply', '--filename', join(sourceDir, 'scenarios/shop/shop.yaml'))
    kubectl(bed, 'label', 'namespace', 'default', 'istio-injection=enabled')
    kubectl(bed, 'wait', '--namespace', 'shop', 'deployment', '--all', '--for=condition=Available', '--timeout=60s')
    await reset(bed)
    expect(state()).toBe(empty)
    expect(kubectl(bed, 'get', 'namespace', 'default', '--show-labels')).not.toContain('istio-injection')
  })
})

describe('the end of a bed', () => {
  test('leaves nothing of it', async () => {
    const inside = readlinkSync(`/proc/${initOf(first)?.pid}/ns/mnt`)
    // The control: what must be gone afterwards is seen before.
    expect(processesIn(inside)).toContainEqual(expect.stringContaining('/kubelet '))
    expect(processesIn(inside)).toContainEqual(expect.stringContaining('/containerd-shim-runc-v2 '))
    const during = tracesOf(first)
    expect(during['processes']).toContainEqual(expect.stringContaining('/coredns '))
    for (const [kind, traces] of Object.entries(during)) expect([kind, traces]).not.toEqual([kind, before[first]?.[kind]])
    await down({bed: first})
    expect(tracesOf(first)).toEqual(before[first])
    expect(processesIn(inside)).toEqual([])
    expect((await status()).map(({number}) => number)).not.toContain(first)
  })

  test('does not disturb the other', async () => {
    expect((await status()).find(({number}) => number === second)?.state).toBe('healthy')
    await down({bed: second})
    expect(tracesOf(second)).toEqual(before[second])
  })

  test('of a bed that does not run is fine', async () => {
    await down({bed: first})
  })
})
