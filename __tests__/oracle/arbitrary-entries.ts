import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'

const location = fc.constantFrom(undefined, 'MESH_EXTERNAL', 'MESH_INTERNAL', 'MESH_INTERNAL', 'MESH_INTERNAL', 'MESH_INTERNAL')
const tlsMode = fc.constantFrom<Record<string, string>>(
  {},
  {},
  {'security.istio.io/tlsMode': 'istio'},
  {'security.istio.io/tlsMode': 'disabled'},
)

/** A WorkloadEntry's spec; its labels are none that a Service of these worlds selects. */
const workload = fc.record({
  version: fc.constantFrom('v1', 'v2'),
  tlsMode,
  serviceAccount: fc.constantFrom(undefined, 'vm'),
  ports: fc.constantFrom(undefined, {http: 8080}, {web: 9090}),
})

/** ServiceEntries of all locations and resolutions, with endpoints of their own, selected ones, or none; and the WorkloadEntries they select. */
export const serviceEntries: fc.Arbitrary<KubeObject[]> = fc
  .record({
    entries: fc.uniqueArray(
      fc.record({
        where: fc.constantFrom('shop', 'bank', 'istio-system'),
        host: fc.constantFrom('vm.example', 'db.example', 'cart.internal'),
        location,
        resolution: fc.constantFrom('STATIC', 'STATIC', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'NONE', 'NONE'),
        exportTo: fc.constantFrom(undefined, undefined, ['.'], ['*'], ['shop']),
        portName: fc.constantFrom('http', 'web'),
        targetPort: fc.constantFrom(undefined, 8080, 9090),
        endpoints: fc.array(workload, {maxLength: 2}),
        selector: fc.constantFrom(undefined, undefined, {kind: 'vm'}, {kind: 'vm', version: 'v1'}, {app: 'cart'}, {version: 'v1'}),
      }),
      {maxLength: 2, selector: ({host}) => host},
    ),
    workloads: fc.array(fc.tuple(fc.constantFrom('shop', 'bank'), workload, tlsMode), {maxLength: 2}),
  })
  .map(({entries, workloads}) => [
    ...entries.map(({where, host, portName, targetPort, endpoints, selector, ...rest}, entry) =>
      networking('ServiceEntry', where, `entry-${entry}`, {
        ...rest,
        hosts: [host],
        ports: [{number: 80, name: portName, protocol: 'HTTP', targetPort}],
        ...(selector === undefined
          ? {endpoints: endpoints.map((one, at) => workloadSpec(one, `172.16.${entry}.${at + 1}`))}
          : {workloadSelector: {labels: selector}}),
      }),
    ),
    ...workloads.map(([where, spec, own], at) =>
      networking('WorkloadEntry', where, `vm-${at}`, workloadSpec(spec, `172.17.0.${at + 1}`), own),
    ),
  ])

function workloadSpec({version, tlsMode, ...rest}: {version: string; tlsMode: Record<string, string>}, address: string): object {
  return {...rest, address, labels: {kind: 'vm', version, ...tlsMode}}
}

function networking(kind: string, namespace: string, name: string, spec: object, labels: Record<string, string> = {}): KubeObject {
  return JSON.parse(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind,
      metadata: {name, namespace, labels, creationTimestamp: '2026-11-22T18:00:00Z'},
      spec,
    }),
  ) as KubeObject
}
