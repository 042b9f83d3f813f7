import {type Budget, budgetObstacle, takesAway} from '../../src/enforce/budgets.ts'
import {enrol} from '../../src/enforce/enrol.ts'
import {type EnrolFound, type EnrolWish, planEnrol, previousLabels} from '../../src/enforce/enrol-plan.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Webhook} from '../../src/model/mesh.ts'
import type {Namespace, Pod} from '../../src/model/workload.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const wish: EnrolWish = {profile: 'sidecar', revision: '', takeOver: false, namespaces: ['*'], excludeNamespaces: ['kube-*']}

function webhook(revision: string, selector: Webhook['namespaceSelector'], tag = ''): Webhook {
  return {
    configuration: `injector-${revision}-${tag}`,
    type: 'mutating',
    name: 'namespace.sidecar-injector.istio.io',
    revision,
    tag,
    namespaceSelector: selector,
    objectSelector: {matchExpressions: [{key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false']}]},
    failurePolicy: 'Fail',
    target: 'istio-system/istiod:443/inject',
    service: {namespace: 'istio-system', name: 'istiod'},
    caBundle: '',
  }
}
const byInjection = webhook('default', {matchLabels: {'istio-injection': 'enabled'}})
const notInjection = {key: 'istio-injection', operator: 'DoesNotExist'}
const byRevision = (label: string, revision = label) =>
  webhook(revision, {matchLabels: {'istio.io/rev': label}, matchExpressions: [notInjection]}, label === revision ? '' : label)

function namespace(name: string, labels: Record<string, string> = {}, phase = 'Active'): Namespace {
  return {name, uid: '', phase, labels, annotations: {}}
}

function pod(place: string, workload: string, changes: Partial<Pod> = {}): Pod {
  const [kind = '', name = ''] = workload.split('/')
  return {
    namespace: place,
    name: `${name}-1`,
    uid: '',
    createdAt: '',
    generation: 1,
    labels: {app: name},
    annotations: {},
    hostNetwork: false,
    serviceAccount: 'default',
    node: '',
    securityContext: {runAsUser: null, runAsGroup: null},
    containers: [],
    initContainers: [],
    workload: {kind, name},
    phase: 'Running',
    reason: '',
    ready: true,
    terminating: false,
    ips: [],
    simulated: false,
    ...changes,
  }
}

const proxied = (revision = 'default'): Partial<Pod> => ({
  annotations: {'sidecar.istio.io/status': JSON.stringify({revision})},
  containers: [
    {
      name: 'istio-proxy',
      image: '',
      ports: [],
      args: ['proxy', 'sidecar'],
      env: {},
      probes: [],
      restartPolicy: '',
      runAsUser: null,
      runAsGroup: null,
      ready: true,
      waiting: '',
    },
  ],
})

function found(changes: Partial<EnrolFound>): EnrolFound {
  return {
    namespaces: [namespace('shop')],
    pods: [],
    webhooks: [byInjection, byRevision('canary'), byRevision('stable', 'canary')],
    own: ['istio-system'],
    ours: [],
    ...changes,
  }
}

const labelsOf = (changes: Partial<EnrolFound>, more: Partial<EnrolWish> = {}) =>
  planEnrol({...wish, ...more}, found(changes)).labellings.map(({namespace: name, labels}) => [name, labels])

// Rules 28 and 31: `istio-injection`, once there, shuts `istio.io/rev` out; a tag is the revision it points at.
test.each<[string, Record<string, string>, Partial<EnrolWish>, object | null]>([
  ['nothing yet', {}, {}, {'istio-injection': 'enabled'}],
  ['enabled', {'istio-injection': 'enabled'}, {}, null],
  ['any revision will do', {'istio.io/rev': 'canary'}, {}, null],
  ['disabled by others', {'istio-injection': 'disabled'}, {}, null],
  ['disabled by others, taken over', {'istio-injection': 'disabled'}, {takeOver: true}, {'istio-injection': 'enabled'}],
  ['a revision', {}, {revision: 'canary'}, {'istio.io/rev': 'canary'}],
  ['a revision already', {'istio.io/rev': 'canary'}, {revision: 'canary'}, null],
  ['a tag of it', {'istio.io/rev': 'stable'}, {revision: 'canary'}, null],
  ['another injector, named and left', {'istio-injection': 'enabled'}, {revision: 'canary'}, null],
  [
    'another injector, taken over',
    {'istio-injection': 'enabled'},
    {revision: 'canary', takeOver: true},
    {'istio-injection': null, 'istio.io/rev': 'canary'},
  ],
  ['ambient', {}, {profile: 'ambient'}, {'istio.io/dataplane-mode': 'ambient'}],
  ['ambient already', {'istio.io/dataplane-mode': 'ambient'}, {profile: 'ambient'}, null],
  [
    'ambient where sidecars are opted out of',
    {'istio-injection': 'disabled'},
    {profile: 'ambient'},
    {'istio.io/dataplane-mode': 'ambient'},
  ],
  ['sidecars, named and left', {'istio-injection': 'enabled'}, {profile: 'ambient'}, null],
  ['ambient of others, named and left', {'istio.io/dataplane-mode': 'ambient'}, {}, null],
])('labels: %s', (_, labels, more, expected) => {
  expect(labelsOf({namespaces: [namespace('shop', labels)]}, more)).toEqual(expected === null ? [] : [['shop', expected]])
})

test('a label of others is named, one of ours may be changed without take-over, and former values are kept', () => {
  const namespaces = [namespace('shop', {'istio-injection': 'enabled'})]
  const plan = planEnrol({...wish, revision: 'canary'}, found({namespaces}))
  expect(plan.notes.join()).toMatch(/`shop` was not enrolled: others labelled it `istio-injection=enabled`/)
  expect(plan.restarts).toEqual([])
  const [ours] = planEnrol({...wish, revision: 'canary'}, found({namespaces, ours: ['shop']})).labellings
  expect(ours).toMatchObject({former: {'istio-injection': 'enabled', 'istio.io/rev': null}})
})

test.each<[string, Partial<EnrolFound>, Partial<EnrolWish>]>([
  ['excluded', {namespaces: [namespace('kube-public')]}, {}],
  ['never injected, though not excluded', {namespaces: [namespace('kube-system')]}, {excludeNamespaces: []}],
  ['not in the scope', {namespaces: [namespace('shop')]}, {namespaces: ['bank']}],
  ["the control plane's own", {namespaces: [namespace('istio-system')]}, {}],
  ['being deleted', {namespaces: [namespace('shop', {}, 'Terminating')]}, {}],
])('is never labelled: %s', (_, changes, more) => {
  expect(labelsOf(changes, more)).toEqual([])
})

test('a label that no webhook heeds is refused before any change', () => {
  const [problem] = planEnrol({...wish, revision: 'ghost'}, found({})).problems
  expect(problem).toMatchObject({entry: 'enrol-unserved', says: expect.stringContaining('istio.io/rev: ghost')})
})

test.each<[string, Pod, Partial<EnrolWish>, string[], RegExp | null]>([
  ['a Deployment without a proxy', pod('shop', 'Deployment/web'), {}, ['web'], null],
  ['one with a proxy', pod('shop', 'Deployment/web', proxied()), {}, [], null],
  ['a StatefulSet', pod('shop', 'StatefulSet/db'), {}, ['db'], null],
  ['a DaemonSet', pod('shop', 'DaemonSet/log'), {}, ['log'], null],
  ['a Job', pod('shop', 'Job/audit'), {}, [], /Job `shop\/audit`: a job is not interrupted/],
  ['a CronJob', pod('shop', 'CronJob/nightly'), {}, [], /its next run gets a proxy/],
  ['a bare pod', pod('shop', 'Pod/web-1'), {}, [], /nothing would make it again/],
  ['of an operator', pod('shop', 'Rollout/web'), {}, [], /Deployments, StatefulSets and DaemonSets alone/],
  ['on the network of its node', pod('shop', 'DaemonSet/log', {hostNetwork: true}), {}, [], /node's network/],
  ['opted out', pod('shop', 'Deployment/web', {labels: {'sidecar.istio.io/inject': 'false'}}), {}, [], /no injection webhook/],
  ['ended', pod('shop', 'Deployment/web', {phase: 'Failed'}), {}, [], null],
  ['on its way out', pod('shop', 'Deployment/web', {terminating: true}), {}, [], null],
  ['elsewhere', pod('bank', 'Deployment/web'), {}, [], null],
  ['with a proxy of another revision, any will do', pod('shop', 'Deployment/web', proxied('old')), {}, [], null],
  ['with a proxy of another revision than asked for', pod('shop', 'Deployment/web', proxied('old')), {revision: 'canary'}, ['web'], null],
  ['in ambient nothing is restarted', pod('shop', 'Deployment/web'), {profile: 'ambient'}, [], null],
])('restarts or not: %s', (_, one, more, restarts, left) => {
  const plan = planEnrol({...wish, ...more}, found({pods: [one, {...one, name: 'twin'}]}))
  expect(plan.restarts.map(({name}) => name)).toEqual(restarts)
  if (left === null) expect(plan.left).toEqual([])
  else expect(plan.left.join()).toMatch(left)
})

const rollout = (kind: string, spec: object, status: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: {name: 'web', namespace: 'shop', generation: 1},
  spec: {...spec, template: {metadata: {labels: {app: 'web'}}}},
  status,
})

// Kubernetes' own arithmetic: maxUnavailable rounds down for Deployments and up for DaemonSets, surges round up.
test.each<[string, KubeObject, number]>([
  ['one pod, by default a new one comes first', rollout('Deployment', {replicas: 1}), 0],
  ['eight pods by default', rollout('Deployment', {replicas: 8}), 2],
  ['Recreate', rollout('Deployment', {replicas: 3, strategy: {type: 'Recreate'}}), 3],
  ['neither more nor fewer', rollout('Deployment', {replicas: 3, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: '10%'}}}), 1],
  ['a number', rollout('Deployment', {replicas: 5, strategy: {rollingUpdate: {maxUnavailable: 2}}}), 2],
  ['a StatefulSet', rollout('StatefulSet', {replicas: 3}), 1],
  ['an empty one', rollout('StatefulSet', {replicas: 0}), 0],
  ['a DaemonSet', rollout('DaemonSet', {}, {desiredNumberScheduled: 5}), 1],
  [
    'a DaemonSet that surges',
    rollout('DaemonSet', {updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}, {desiredNumberScheduled: 5}),
    0,
  ],
])('how many pods a rollout does without: %s', (_, object, away) => {
  expect(takesAway(object)).toBe(away)
})

const budget = (currentHealthy: number, desiredHealthy: number, selector: Budget['selector'] = {matchLabels: {app: 'web'}}): Budget => ({
  name: 'b',
  selector,
  currentHealthy,
  desiredHealthy,
})

test.each<[string, KubeObject, Budget, RegExp | null]>([
  ['violated already', rollout('Deployment', {replicas: 1}), budget(1, 2), /violated already \(1 pods healthy, 2 demanded\)/],
  ['no room, and none is needed', rollout('Deployment', {replicas: 1}), budget(1, 1), null],
  ['no room for the one it takes', rollout('StatefulSet', {replicas: 1}), budget(1, 1), /takes 1 at a time away/],
  ['room enough', rollout('StatefulSet', {replicas: 3}), budget(3, 2), null],
  ["another workload's", rollout('StatefulSet', {replicas: 1}), budget(0, 1, {matchLabels: {app: 'db'}}), null],
  ['of the whole namespace', rollout('StatefulSet', {replicas: 1}), budget(0, 1, {}), /violated/],
  ['that selects nothing', rollout('StatefulSet', {replicas: 1}), budget(0, 1, null), null],
])('budgets: %s', (_, object, one, says) => {
  if (says === null) expect(budgetObstacle(object, [one])).toBeNull()
  else expect(budgetObstacle(object, [one])).toMatch(says)
})

const web = '/apis/apps/v1/namespaces/shop/deployments/web'
const done = {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1}

function cluster(kube: Script['kube'] = {}) {
  return fakeIo({
    kube: {
      'GET /api/v1/namespaces/shop': {metadata: {name: 'shop'}},
      [`GET ${web}`]: rollout('Deployment', {replicas: 1}, done),
      'GET /apis/policy/v1/namespaces/shop/poddisruptionbudgets': [],
      ...kube,
    },
  })
}
const writes = (io: ReturnType<typeof cluster>) => io.requests.filter(({method}) => method !== 'GET').map(({path}) => path)
const act = (io: ReturnType<typeof cluster>, worlds: EnrolFound[]) =>
  enrol({...wish, timeoutMs: 5000}, io.kube, async () => worlds.shift() ?? found({}), io)

const before = () => found({pods: [pod('shop', 'Deployment/web')]})
const after = () =>
  found({namespaces: [namespace('shop', {'istio-injection': 'enabled'})], pods: [pod('shop', 'Deployment/web', proxied())]})

test('labels first, then restarts, and sees that the proxies came', async () => {
  const io = cluster()
  expect(await act(io, [before(), after()])).toMatchObject({changed: true, says: 'labelled shop; restarted Deployment shop/web'})
  expect(writes(io)).toEqual(['/api/v1/namespaces/shop', web])
  expect(io.requests.find(({method}) => method === 'PATCH')?.body).toEqual({
    metadata: {labels: {'istio-injection': 'enabled'}, annotations: {[previousLabels]: '{"istio-injection":null}'}},
  })
})

test('a namespace that was deleted meanwhile is not labelled, and fails nothing', async () => {
  const io = cluster({'GET /api/v1/namespaces/shop': refusal(404, 'gone'), [`GET ${web}`]: refusal(404, 'gone')})
  expect(await act(io, [before()])).toMatchObject({changed: false, says: '1 workloads stay without a proxy, see the notes'})
  expect(writes(io)).toEqual([])
})

test('where all is enrolled nothing is sent', async () => {
  const io = cluster()
  expect(await act(io, [after()])).toMatchObject({changed: false})
  expect(writes(io)).toEqual([])
})

test('a rollout that gets stuck fails the stage, and the next one is not begun', async () => {
  const io = cluster({[`GET ${web}`]: rollout('Deployment', {replicas: 1}, {...done, availableReplicas: 0})})
  const two = found({pods: [pod('shop', 'Deployment/web'), pod('shop', 'Deployment/zoo')]})
  await expect(act(io, [two])).rejects.toMatchObject({entry: 'rollout-stuck'})
  expect(writes(io)).toEqual(['/api/v1/namespaces/shop', web])
})

test('restarted and still without a proxy is a failure, not a success', async () => {
  await expect(act(cluster(), [before(), before()])).rejects.toMatchObject({
    entry: 'enrol-unserved',
    message: expect.stringContaining('`shop/web`'),
  })
})

test('a budget in the way leaves the workload as it is, and says so', async () => {
  const pdb = {metadata: {name: 'b'}, spec: {selector: {}}, status: {currentHealthy: 0, desiredHealthy: 1}}
  const io = cluster({'GET /apis/policy/v1/namespaces/shop/poddisruptionbudgets': [pdb]})
  const outcome = await act(io, [before()])
  expect(outcome.notes.join()).toMatch(/Deployment `shop\/web`: its PodDisruptionBudget `b` is violated already/)
  expect(writes(io)).toEqual(['/api/v1/namespaces/shop'])
})
