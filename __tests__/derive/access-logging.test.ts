import {accessLogging, wideTelemetry} from '../../src/derive/access-logging.ts'
import {defaultMesh} from '../../src/derive/mesh-for.ts'
import type {IstioObject} from '../../src/model/policy.ts'

const on = {accessLogging: [{providers: [{name: 'envoy'}]}]}
const off = {accessLogging: [{disabled: true}]}

function telemetry(namespace: string, name: string, spec: object, more: Partial<IstioObject> = {}): IstioObject {
  return {
    kind: 'Telemetry',
    namespace,
    name,
    uid: '',
    createdAt: '2026-01-01T00:00:00Z',
    generation: 1,
    labels: {},
    annotations: {},
    spec: spec as Record<string, unknown>,
    ...more,
  }
}

const older = {createdAt: '2025-01-01T00:00:00Z'}
const pod = {namespace: 'shop', labels: {app: 'web'}}

// Each row as model/telemetry.go decides it; `file` is meshConfig.accessLogFile.
test.each<[string, IstioObject[], {file?: string; on: boolean; by: string | null}]>([
  ['nothing says anything', [], {on: false, by: null}],
  ['the mesh configuration names a file', [], {file: '/dev/stdout', on: true, by: null}],
  ['the root turns it on', [telemetry('istio-system', 'mesh', on)], {on: true, by: 'mesh'}],
  ['another namespace does', [telemetry('bank', 'bank', on)], {on: false, by: null}],
  ['the namespace turns it on', [telemetry('shop', 'shop', on)], {on: true, by: 'shop'}],
  ['the namespace turns it off again', [telemetry('istio-system', 'mesh', on), telemetry('shop', 'quiet', off)], {on: false, by: 'quiet'}],
  ['off, where only a file was named', [telemetry('shop', 'quiet', off)], {file: '/dev/stdout', on: false, by: 'quiet'}],
  [
    'an older one that says nothing hides a newer one',
    [telemetry('shop', 'shop', on), telemetry('shop', 'traces', {tracing: []}, older)],
    {on: false, by: null},
  ],
  ['an empty selector is none', [telemetry('shop', 'shop', {selector: {}, ...on})], {on: true, by: 'shop'}],
  ['a workload of its own', [telemetry('shop', 'web', {selector: {matchLabels: {app: 'web'}}, ...on})], {on: true, by: 'web'}],
  ['another workload', [telemetry('shop', 'cart', {selector: {matchLabels: {app: 'cart'}}, ...on})], {on: false, by: null}],
  [
    'the workload turns it off',
    [telemetry('shop', 'shop', on), telemetry('shop', 'web', {selector: {matchLabels: {app: 'web'}}, ...off})],
    {on: false, by: 'web'},
  ],
  [
    'the client side alone',
    [telemetry('shop', 'shop', {accessLogging: [{match: {mode: 'CLIENT'}, providers: [{name: 'envoy'}]}]})],
    {on: false, by: null},
  ],
  [
    'the server side',
    [telemetry('shop', 'shop', {accessLogging: [{match: {mode: 'SERVER'}, providers: [{name: 'envoy'}]}]})],
    {on: true, by: 'shop'},
  ],
  ['on without any provider', [telemetry('shop', 'shop', {accessLogging: [{}]})], {on: false, by: 'shop'}],
  [
    'one provider off, another on',
    [telemetry('shop', 'shop', {accessLogging: [{providers: [{name: 'envoy'}], disabled: true}, {providers: [{name: 'otel'}]}]})],
    {on: true, by: 'shop'},
  ],
  [
    'a lower level with another provider replaces the upper',
    [telemetry('istio-system', 'mesh', on), telemetry('shop', 'shop', {accessLogging: [{providers: [{name: 'otel'}], disabled: true}]})],
    {on: false, by: 'shop'},
  ],
  ['another revision', [telemetry('shop', 'shop', on, {labels: {'istio.io/rev': 'canary'}})], {on: false, by: null}],
])('%s', (_, telemetries, {file = '', on: isOn, by}) => {
  const logging = accessLogging(pod, {...defaultMesh, accessLogFile: file}, telemetries)
  expect({on: logging.on, by: logging.by?.name ?? null}).toEqual({on: isOn, by})
})

test('of two Telemetries without a selector the oldest is heeded, and the smaller name of one second', () => {
  expect(wideTelemetry('shop', defaultMesh, [telemetry('shop', 'b', on), telemetry('shop', 'c', on, older)])?.name).toBe('c')
  expect(wideTelemetry('shop', defaultMesh, [telemetry('shop', 'b', on), telemetry('shop', 'a', on)])?.name).toBe('a')
  expect(wideTelemetry('bank', defaultMesh, [telemetry('shop', 'b', on)])).toBeNull()
})
