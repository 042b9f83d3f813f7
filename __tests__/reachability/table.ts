/** A kind of workload in Istio's table that can run on the bed (no virtual machine, no proxyless gRPC). */
export type Kind = 'sidecar' | 'tproxy' | 'headless' | 'stateful' | 'naked'

/** A port of the echo workload, as a Service offers it. */
export type PortName = 'http' | 'ws' | 'http2' | 'https' | 'tcp' | 'grpc'

/** One call of the table; `path` '' where it does not matter. */
export interface Cell {
  from: Kind
  to: Kind | 'migration'
  port: PortName
  path: '' | '/vistio' | '/vlegacy'
}

/** A case of `TestReachability`: what is applied, who calls whom, and what Istio expects. */
export interface Case {
  name: string
  /** The mesh's PeerAuthentication, and the DestinationRule of host `*`; absent: none is applied. */
  mesh?: {peer?: Mode; rule?: Tls | 'PASSTHROUGH'}
  /** The same for each workload and its Service. */
  workloads?: {peer: Mode; rule?: Tls; portOverride?: Mode}
  /** The DestinationRule of the service `migration`, with its namespace STRICT; '' leaves the TLS settings out. */
  migration?: {rule: Tls | ''}
  /** Ports called; the three of Istio's core unless told. */
  ports?: PortName[]
  /** Kinds left out as servers. */
  notTo?: Kind[]
  expectMtls: Condition
  expectSuccess: Condition
}

type Mode = 'STRICT' | 'PERMISSIVE' | 'DISABLE'
type Tls = 'ISTIO_MUTUAL' | 'DISABLE'
type Condition = (cell: Cell) => boolean

const fromNaked: Condition = ({from}) => from === 'naked'
const toNaked: Condition = ({to}) => to === 'naked'
const notNaked: Condition = (cell) => !fromNaked(cell) && !toNaked(cell)
const notFromNaked: Condition = (cell) => !fromNaked(cell)
const notToNaked: Condition = (cell) => !toNaked(cell)
const toMigrationIstioSubset: Condition = ({path}) => path === '/vistio'
const toMigrationNonIstioSubset: Condition = ({path}) => path === '/vlegacy'
const always: Condition = () => true
const never: Condition = () => false

/** `TestReachability` of Istio (tests/integration/security/reachability_test.go), transcribed in its order; its conditions keep their names. */
export const cases: Case[] = [
  {
    name: 'global mtls strict',
    mesh: {peer: 'STRICT', rule: 'ISTIO_MUTUAL'},
    ports: ['http', 'ws', 'http2', 'https', 'tcp', 'grpc'],
    expectMtls: notNaked,
    expectSuccess: notNaked,
  },
  {name: 'global mtls permissive', mesh: {peer: 'PERMISSIVE', rule: 'ISTIO_MUTUAL'}, expectMtls: notNaked, expectSuccess: notToNaked},
  {name: 'global mtls disabled', mesh: {peer: 'DISABLE', rule: 'DISABLE'}, expectMtls: never, expectSuccess: always},
  {name: 'global plaintext to mtls permissive', mesh: {peer: 'PERMISSIVE', rule: 'DISABLE'}, expectMtls: never, expectSuccess: always},
  {name: 'global automtls strict', mesh: {peer: 'STRICT'}, expectMtls: notNaked, expectSuccess: notFromNaked},
  {name: 'global automtls disable', mesh: {peer: 'DISABLE'}, expectMtls: never, expectSuccess: always},
  {name: 'global automtls passthrough', mesh: {rule: 'PASSTHROUGH'}, expectMtls: notNaked, expectSuccess: always},
  {name: 'global no peer authn', mesh: {rule: 'ISTIO_MUTUAL'}, expectMtls: notNaked, expectSuccess: notToNaked},
  {name: 'mtls strict', workloads: {peer: 'STRICT', rule: 'ISTIO_MUTUAL'}, expectMtls: notNaked, expectSuccess: notNaked},
  {name: 'mtls permissive', workloads: {peer: 'PERMISSIVE', rule: 'ISTIO_MUTUAL'}, expectMtls: notNaked, expectSuccess: notToNaked},
  {name: 'mtls disabled', workloads: {peer: 'DISABLE', rule: 'DISABLE'}, expectMtls: never, expectSuccess: always},
  {
    name: 'mtls port override',
    workloads: {peer: 'STRICT', portOverride: 'DISABLE'},
    // Istio's own issue 39439.
    notTo: ['headless', 'stateful'],
    expectMtls: never,
    expectSuccess: always,
  },
  {name: 'migration no tls', migration: {rule: ''}, expectMtls: toMigrationIstioSubset, expectSuccess: always},
  {name: 'migration tls disabled', migration: {rule: 'DISABLE'}, expectMtls: never, expectSuccess: toMigrationNonIstioSubset},
  {
    name: 'migration tls mutual',
    migration: {rule: 'ISTIO_MUTUAL'},
    expectMtls: toMigrationIstioSubset,
    expectSuccess: toMigrationIstioSubset,
  },
]

/** All calls of a case: headless and stateful callers are left out as Istio does. */
export function cellsOf({ports = ['http', 'https', 'tcp'], notTo = [], migration}: Case): Cell[] {
  const callers: Kind[] = ['sidecar', 'tproxy', 'naked']
  if (migration !== undefined) {
    return callers
      .filter((from) => from !== 'naked')
      .flatMap((from) => (['/vistio', '/vlegacy'] as const).map((path) => ({from, to: 'migration' as const, port: 'http' as const, path})))
  }
  const servers = (['sidecar', 'tproxy', 'headless', 'stateful', 'naked'] as const).filter((to) => !notTo.includes(to))
  return callers.flatMap((from) =>
    servers
      // There is one naked workload in Istio's table, so a naked caller never meets a naked server.
      .filter((to) => to !== 'naked' || from !== 'naked')
      .flatMap((to) => ports.map((port) => ({from, to, port, path: '' as const}))),
  )
}
