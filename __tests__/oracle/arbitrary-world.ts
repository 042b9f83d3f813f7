import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'
import {configMap, namespace, peerAuthentication, pod} from './objects.ts'

/** Ports asked of every pod; 0 stands for the undeclared ones. Policies name the others, and 7070 nobody does. */
export const ports = [0, 80, 7070, 8080, 9090]

/**
 * Small clusters in which policies meet: few names, labels, seconds and ports, so that levels collide and ties happen.
 * What the API server would refuse today but may hold from earlier is among them (rule 7).
 */
export function worlds({dataPlane, revisions}: {dataPlane: 'sidecar' | 'ambient'; revisions: string[]}): fc.Arbitrary<KubeObject[]> {
  return fc
    .record({
      namespaces: fc.tuple(...namespaceNames.map((name) => namespaceLabels.map((labels) => namespace(name, labels)))),
      meshes: fc.tuple(...revisions.map((revision) => meshConfig.map((mesh) => configMap(revision, mesh)))),
      policies: fc.uniqueArray(policy, {maxLength: 8, selector: ({metadata}) => `${metadata.namespace}/${metadata.name}`}),
      pods: fc.array(podSketch(revisions), {minLength: 1, maxLength: 3}),
    })
    .map(({namespaces, meshes, policies, pods}) => [
      ...namespaces,
      ...meshes,
      ...policies,
      ...pods.map(({where, labels, tlsLabel, revision, declared}, index) =>
        pod(
          where,
          `pod-${index}`,
          {...labels, ...(tlsLabel && {'security.istio.io/tlsMode': tlsLabel})},
          {dataPlane, revision, ip: `10.244.0.${index + 2}`, ports: declared},
        ),
      ),
    ])
}

/** The same object, but every namespace is read: which ones are is asked elsewhere, many more times. */
export function discovered(object: KubeObject): KubeObject {
  if (object.kind !== 'ConfigMap') return object
  const {mesh} = object['data'] as {mesh: string}
  return {...object, data: {mesh: JSON.stringify({...JSON.parse(mesh), discoverySelectors: []})}}
}

const namespaceNames = ['istio-system', 'mesh-root', 'shop', 'bank']
const workloadNamespace = fc.oneof(
  {weight: 6, arbitrary: fc.constantFrom('shop', 'bank')},
  {weight: 1, arbitrary: fc.constantFrom(...namespaceNames)},
)

const namespaceLabels = fc.record({team: fc.constantFrom('a', 'b'), discovery: fc.constantFrom('on', 'off')}, {requiredKeys: []})

const discoverySelector = fc.oneof(
  fc.constantFrom({}, {matchLabels: {team: 'a'}}, {matchLabels: {discovery: 'on'}}, {matchLabels: {team: 'a', discovery: 'on'}}),
  fc
    .record({
      key: fc.constantFrom('team', 'discovery', 'kubernetes.io/metadata.name'),
      values: fc.uniqueArray(fc.constantFrom('a', 'b', 'on', 'off', 'shop', 'istio-system'), {minLength: 1, maxLength: 3}),
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    })
    .map(({key, operator, values}) => ({matchExpressions: [{key, operator, ...(operator.endsWith('In') && {values})}]})),
)

const meshConfig = fc.record(
  {
    rootNamespace: fc.oneof(
      {weight: 3, arbitrary: fc.constant('istio-system')},
      {weight: 2, arbitrary: fc.constantFrom('mesh-root', 'shop')},
    ),
    discoverySelectors: fc.oneof(
      {weight: 3, arbitrary: fc.constant([])},
      {weight: 2, arbitrary: fc.array(discoverySelector, {maxLength: 2})},
    ),
  },
  {requiredKeys: []},
)

const workloadLabels = fc.record({app: fc.constantFrom('cart', 'pay'), version: fc.constantFrom('v1', 'v2')}, {requiredKeys: []})

const mtls = fc.constantFrom(
  undefined,
  {},
  {mode: 'UNSET'},
  {mode: 'DISABLE'},
  {mode: 'PERMISSIVE'},
  {mode: 'PERMISSIVE'},
  {mode: 'STRICT'},
  {mode: 'STRICT'},
)

const portLevelMtls = fc.dictionary(
  fc.constantFrom('80', '8080', '9090'),
  mtls.map((mode) => mode ?? {}),
  {maxKeys: 3, noNullPrototype: true},
)

const policy = fc
  .record({
    where: fc.oneof(
      {weight: 3, arbitrary: fc.constantFrom('shop', 'bank')},
      {weight: 2, arbitrary: fc.constantFrom('istio-system', 'mesh-root')},
    ),
    // Bytewise: `-` before `.` before digits before letters.
    name: fc.constantFrom('default', 'a', 'b', 'a-b', 'a.b', 'a1', 'zz'),
    second: fc.integer({min: 1, max: 3}),
    revision: fc.oneof(
      {weight: 5, arbitrary: fc.constant(undefined)},
      {weight: 3, arbitrary: fc.constantFrom('default', 'canary', 'prod', '')},
    ),
    selector: fc.oneof(
      {weight: 3, arbitrary: fc.constant(undefined)},
      {weight: 2, arbitrary: fc.constantFrom({}, {matchLabels: {}})},
      {weight: 4, arbitrary: workloadLabels.map((matchLabels) => ({matchLabels}))},
    ),
    mtls,
    portLevelMtls: fc.option(portLevelMtls, {nil: undefined}),
  })
  .map((sketch) => peerAuthentication({...sketch, second: sketch.second + afterParents(sketch.selector)}))

/**
 * Workload policies come after those they are translated under: the oracle starts afresh, and would know nothing of the other order
 * (rule 43). Across levels age counts for nothing else.
 */
function afterParents(selector: {matchLabels?: object} | undefined): number {
  return Object.keys(selector?.matchLabels ?? {}).length > 0 ? 3 : 0
}

function podSketch(revisions: string[]) {
  return fc.record({
    where: workloadNamespace,
    labels: workloadLabels,
    revision: fc.constantFrom(...revisions),
    tlsLabel: fc.constantFrom('istio', 'istio', 'istio', 'istio', 'disabled', undefined),
    declared: fc.constantFrom<Record<string, number>>({web: 8080}, {web: 8080, admin: 9090}, {web: 80, admin: 8080}, {}),
  })
}
