import {describe, expect, test} from '@jest/globals'
import type {Dial, Heard} from '../../src/io/io.ts'
import {endpoints} from '../../src/derive/endpoints.ts'
import {read} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {Pod, Service} from '../../src/model/workload.ts'
import {callMesh, callSeen, type PlannedCall, plannedCalls} from '../../src/observe/mesh-calls.ts'
import type {PlannedPort} from '../../src/observe/probe-plan.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const pod = (name: string, labels: Record<string, string> = {app: 'cart'}) =>
  ({
    namespace: 'shop',
    name,
    labels,
    containers: [{ports: [{name: 'http', port: 8080, protocol: 'TCP'}]}],
    initContainers: [],
  }) as unknown as Pod
const service = (more: Partial<Service> = {}) =>
  ({
    namespace: 'shop',
    name: 'cart',
    type: 'ClusterIP',
    clusterIP: '10.96.0.1',
    selector: {app: 'cart'},
    ports: [{name: 'http', port: 80, targetPort: 'http', protocol: 'TCP'}],
    ...more,
  }) as unknown as Service
const planned = (name: string, more: Partial<PlannedPort> = {}): PlannedPort => ({
  namespace: 'shop',
  pod: name,
  address: '10.0.0.9',
  port: 8080,
  strict: true,
  declared: true,
  ...more,
})

describe('which Services are called', () => {
  test('one call for all pods that may answer, with the container port of each', () => {
    expect(
      plannedCalls([planned('cart-1'), planned('cart-2')], [pod('cart-1'), pod('cart-2'), pod('web-1', {app: 'web'})], [service()]),
    ).toEqual([
      {
        namespace: 'shop',
        service: 'cart',
        address: '10.96.0.1',
        servicePort: 80,
        pods: [
          {name: 'cart-1', port: 8080},
          {name: 'cart-2', port: 8080},
        ],
      },
    ])
  })

  test.each<[string, PlannedPort[], Service]>([
    ['a headless one', [planned('cart-1')], service({clusterIP: 'None'})],
    ['one that leads to a port where STRICT was not computed', [planned('cart-1', {strict: false})], service()],
    ['one that leads to a port that is not probed', [planned('cart-1', {port: 9090})], service()],
    ['one of UDP', [planned('cart-1')], service({ports: [{name: 'dns', port: 53, targetPort: 8080, protocol: 'UDP'}] as Service['ports']})],
    ['one of another namespace', [planned('cart-1')], service({namespace: 'other'})],
  ])('not %s', (_title, ports, each) => {
    expect(plannedCalls(ports, [pod('cart-1')], [each])).toEqual([])
  })
})

describe('what a call met', () => {
  test.each<[string, string, string, boolean, string]>([
    ['the workload', 'HTTP/1.1 200 OK\r\nx-envoy-upstream-service-time: 3\r\nserver: envoy\r\n\r\n', 'enough', true, 'answered 200'],
    [
      "the workload's proxy",
      'HTTP/1.1 403 Forbidden\r\nserver: envoy\r\nx-envoy-upstream-service-time: 1\r\n\r\n',
      'enough',
      true,
      'answered 403',
    ],
    ['an application over TCP', 'HTTP/1.1 404 Not Found\r\n\r\n', 'enough', true, 'answered 404'],
    [
      "the caller's own sidecar",
      'HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\n\r\n',
      'enough',
      false,
      'its own sidecar answered 503',
    ],
    ['bytes', 'hello', 'enough', true, 'answered, in bytes that are no HTTP'],
    ['the end', '', 'closed', false, 'closed without an answer'],
    ['a reset', '', 'reset', false, 'closed without an answer'],
    ['silence', '', 'late', false, 'no answer in time'],
  ])('%s', (_title, bytes, end, answered, detail) => {
    expect(callSeen(bytes, end)).toEqual({answered, detail})
  })

  const call: PlannedCall = {
    namespace: 'shop',
    service: 'cart',
    address: '10.96.0.1',
    servicePort: 80,
    pods: [{name: 'cart-1', port: 8080}],
  }
  const called = async (dial: Dial) => {
    const sent: string[] = []
    const exchange = async (_stream: unknown, request: string): Promise<Heard> => {
      sent.push(request)
      return {bytes: 'HTTP/1.1 200 OK\r\nx-envoy-upstream-service-time: 3\r\n\r\n', end: 'enough'}
    }
    const [met] = await callMesh([call], dial, fakeIo({wire: {exchange}}), {concurrency: 4, deadline: 60_000})
    return {met, sent}
  }

  test('one request by the Service’s name, told with its time', async () => {
    const {met, sent} = await called(async () => ({stream: {} as never}))
    expect(sent).toEqual([
      'GET /.well-known/istio-mtls-probe HTTP/1.1\r\nHost: cart.shop.svc:80\r\nUser-Agent: istio-mtls-action\r\nConnection: close\r\n\r\n',
    ])
    expect(met).toEqual({
      namespace: 'shop',
      service: 'cart',
      servicePort: 80,
      pods: call.pods,
      answered: true,
      detail: 'answered 200',
      at: '2026-11-22T18:00:00.000Z',
    })
  })

  test.each<[string, Dial, string]>([
    ['nobody there', async () => ({unreached: 'connection refused'}), 'not connected: connection refused'],
    ['a prober that broke', async () => Promise.reject(new Error('the prober hung up')), 'the prober hung up'],
  ])('%s is no answer, and stops nothing', async (_title, dial, detail) => {
    expect((await called(dial)).met).toMatchObject({answered: false, detail})
  })
})

test('an answer inside the mesh proves no row: it stands beside what does', () => {
  const row = endpoints(snapshotWithCall()).find(({port}) => port === 8080)
  expect(row).toMatchObject({verdict: 'unproven'})
  expect(row?.evidence.map(({says}) => says)).toContainEqual('a client inside the mesh, through Service `cart` port 80: answered 200')
})

function snapshotWithCall(): Snapshot {
  const asked = {
    scope: {namespaces: ['*'], exclude: []},
    revision: '',
    istioVersion: '',
    mtlsMode: 'STRICT' as const,
    require: 'proven' as const,
    probes: true,
    requireAuthorization: false,
    accessLogging: false,
    minTls: '' as const,
  }
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'cart-1',
        namespace: 'shop',
        labels: {app: 'cart'},
        annotations: {'sidecar.istio.io/status': '{"revision":"default"}'},
      },
      status: {phase: 'Running', podIP: '10.0.0.9', conditions: [{type: 'Ready', status: 'True'}]},
      spec: {
        initContainers: [{name: 'istio-init', args: ['istio-iptables', '-m', 'REDIRECT', '-i', '*', '-b', '*', '-d', '15090,15021,15020']}],
        containers: [
          {name: 'app', ports: [{containerPort: 8080}]},
          {name: 'istio-proxy', args: ['proxy', 'sidecar']},
        ],
      },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: {name: 'default', namespace: 'istio-system', creationTimestamp: '2026-11-22T18:00:00Z'},
      spec: {mtls: {mode: 'STRICT'}},
    },
  ]
  const at = '2026-11-22T18:00:00Z'
  const snapshot = snapshotFrom(objects, asked, {takenAt: at, cluster: read({name: 'c', uid: 'u', kubernetes: 'v1', server: ''})})
  const controls = [
    {name: 'open', expects: 'answer' as const, passed: true, detail: ''},
    {name: 'closed', expects: 'silence' as const, passed: true, detail: ''},
  ]
  const call = {
    namespace: 'shop',
    service: 'cart',
    servicePort: 80,
    pods: [{name: 'cart-1', port: 8080}],
    answered: true,
    detail: 'answered 200',
    at,
  }
  return {...snapshot, probes: read({by: 'mesh' as const, controls, reachable: [], ports: [], mesh: [call]})}
}
