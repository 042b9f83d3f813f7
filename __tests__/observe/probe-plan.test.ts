import {describe, expect, test} from '@jest/globals'
import {undeclaredPortToProbe} from '../../src/derive/undeclared-port.ts'
import type {Endpoint} from '../../src/model/endpoint.ts'
import type {Pod} from '../../src/model/workload.ts'
import {podFrom} from '../../src/observe/project-pod.ts'
import {plannedPorts} from '../../src/observe/probe-plan.ts'

describe('which ports are asked', () => {
  test.each<[string, Partial<Endpoint>, boolean | null]>([
    ['a captured STRICT port: both probes', {}, true],
    ['a PERMISSIVE port: one TLS greeting', {mode: 'PERMISSIVE', verdict: 'violated'}, false],
    ['a DISABLE port: one TLS greeting', {mode: 'DISABLE', verdict: 'violated'}, false],
    ['a port without data plane: one TLS greeting', {mode: 'NONE', verdict: 'violated', dataPlane: 'none'}, false],
    ["a waypoint's port", {dataPlane: 'waypoint', port: 15008}, true],
    ['a gateway', {mode: 'GATEWAY', verdict: 'exempt', because: 'gateway', dataPlane: 'gateway'}, null],
    ['a mesh port', {verdict: 'exempt', because: 'mesh-port', port: 15090}, null],
    ['UDP', {protocol: 'UDP', verdict: 'exempt', because: 'not-tcp'}, null],
    ['a waived port', {mode: 'PERMISSIVE', verdict: 'exempt', because: 'waiver'}, null],
    ['rules 46 and 67: ambient', {dataPlane: 'ambient'}, null],
    ['proxyless gRPC, where a plain request would reach the application', {dataPlane: 'proxyless'}, null],
    ['undeclared ports under PERMISSIVE', {port: null, mode: 'PERMISSIVE', verdict: 'violated'}, null],
    ['undeclared ports without data plane', {port: null, mode: 'NONE', verdict: 'violated', dataPlane: 'none'}, null],
  ])('%s', (_title, row, strict) => {
    const planned = plannedPorts([{...strictRow, ...row}], [pod()], [])
    expect(planned).toEqual(
      strict === null ? [] : [{namespace: 'shop', pod: 'cart-1', address: '10.0.0.1', port: row.port ?? 8080, strict, declared: true}],
    )
  })

  test('undeclared ports under STRICT are asked at a port that no row of the pod declares', () => {
    const first = undeclaredPortToProbe([])
    const planned = plannedPorts(
      [
        {...strictRow, port: first},
        {...strictRow, port: null},
      ],
      [pod()],
      [],
    )
    expect(planned).toMatchObject([
      {port: first, declared: true},
      {port: undeclaredPortToProbe([first]), declared: false, strict: true},
    ])
  })
})

describe('which pods are asked', () => {
  test.each<[string, Partial<Pod>, boolean]>([
    ['running', {}, true],
    ['running but not ready', {ready: false}, true],
    ['pending', {phase: 'Pending'}, false],
    ['finished', {phase: 'Succeeded'}, false],
    ['terminating', {terminating: true}, false],
    ['hostNetwork', {hostNetwork: true}, false],
    ['simulated', {simulated: true}, false],
    ['without an address', {ips: []}, false],
  ])('%s', (_title, more, asked) => {
    expect(plannedPorts([strictRow], [{...pod(), ...more}], [])).toHaveLength(asked ? 1 : 0)
  })

  test('every pod of a row, each by its first address, which is the one the API server dials', () => {
    const pods = [pod(), {...pod(), name: 'cart-2', ips: ['10.0.0.2', 'fd00::2']}, {...pod(), name: 'cart-1', namespace: 'other'}]
    const planned = plannedPorts([{...strictRow, pods: ['cart-1', 'cart-2', 'gone']}], pods, [])
    expect(planned.map(({pod: name, address}) => [name, address])).toEqual([
      ['cart-1', '10.0.0.1'],
      ['cart-2', '10.0.0.2'],
    ])
  })
})

test.each([
  ['shop/cart', []],
  ['shop/*', []],
  ['*/cart', []],
  ['shop/cart:8080', [9090]],
  ['shop/cart:*', []],
  ['shop/car', [8080, 9090]],
  ['cart', [8080, 9090]],
])('probe-exclude: `%s`', (pattern, left) => {
  const planned = plannedPorts([strictRow, {...strictRow, port: 9090}], [pod()], [pattern])
  expect(planned.map(({port}) => port)).toEqual(left)
})

const strictRow: Endpoint = {
  namespace: 'shop',
  workload: {kind: 'Deployment', name: 'cart'},
  pods: ['cart-1'],
  port: 8080,
  protocol: 'TCP',
  dataPlane: 'sidecar',
  mode: 'STRICT',
  decidedBy: null,
  verdict: 'unproven',
  because: null,
  reason: '',
  evidence: [],
}

function pod(): Pod {
  return podFrom({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: 'cart-1', namespace: 'shop'},
    status: {phase: 'Running', podIP: '10.0.0.1'},
  })
}
