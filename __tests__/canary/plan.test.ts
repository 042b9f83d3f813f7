import {type CanaryFound, type CanaryWish, planCanary} from '../../src/canary/plan.ts'
import {usersOf} from '../../src/canary/retire.ts'
import type {FoundIstiod} from '../../src/install/found.ts'
import type {LabelSelector, Webhook} from '../../src/model/mesh.ts'
import type {Namespace, Pod} from '../../src/model/workload.ts'

const istiod = (revision: string, version: string, createdAt = '2026-11-22T10:00:00Z'): FoundIstiod => ({
  ...{namespace: 'istio-system', revision, version, createdAt},
  name: revision === 'default' ? 'istiod' : `istiod-${revision}`,
  owner: {by: 'helm', release: revision === 'default' ? 'istiod' : `istiod-${revision}`, namespace: 'istio-system'},
})
const injector = (revision: string, namespaceSelector: LabelSelector, tag = ''): Webhook => ({
  ...{
    configuration: `for-${tag || revision}`,
    type: 'mutating',
    name: 'rev.namespace.sidecar-injector.istio.io',
    revision,
    tag,
    namespaceSelector,
  },
  ...{objectSelector: {}, failurePolicy: 'Fail', target: '', service: null, caBundle: 'x'},
})
const notInjection = {key: 'istio-injection', operator: 'DoesNotExist'}
const webhooks = [
  injector('default', {matchLabels: {'istio-injection': 'enabled'}}),
  injector('canary', {matchExpressions: [{key: 'istio.io/rev', operator: 'In', values: ['canary']}, notInjection]}),
  injector('default', {matchExpressions: [{key: 'istio.io/rev', operator: 'In', values: ['prod']}, notInjection]}, 'prod'),
]
const namespace = (name: string, labels: Record<string, string>, phase = 'Active'): Namespace => ({
  name,
  uid: '',
  phase,
  labels,
  annotations: {},
})
const pod = (space: string, workload: string, revision: string, more: Partial<Pod> = {}): Pod =>
  ({
    ...{namespace: space, name: `${workload}-1`, labels: {app: workload}, hostNetwork: false, phase: 'Running', terminating: false},
    annotations: revision === '' ? {} : {'sidecar.istio.io/status': JSON.stringify({revision})},
    workload: {kind: 'Deployment', name: workload},
    ...more,
  }) as unknown as Pod

const wish: CanaryWish = {revision: 'canary', tags: [], enroll: true, namespaces: ['*'], excludeNamespaces: ['kube-*']}
const found = (more: Partial<CanaryFound>): CanaryFound => ({
  ...{namespaces: [], pods: [], webhooks, own: ['istio-system'], ours: []},
  istiods: [istiod('default', '1.30.4'), istiod('canary', '1.31.1')],
  ...more,
})
/** `namespace: label change, label afterwards, workloads`. */
const moves = (changes: Partial<CanaryWish>, more: Partial<CanaryFound>) =>
  planCanary({...wish, ...changes}, found(more)).moves.map(({namespace, labels, afterwards, rollouts}) => {
    const text = (change: Record<string, string | null> | null) =>
      Object.entries(change ?? {}).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`))
    return `${namespace}: ${[text(labels), text(afterwards), rollouts.map(({name}) => name)].map((list) => list.join(' ')).join(' | ')}`
  })

const shop = namespace('shop', {'istio-injection': 'enabled'})
const followers = namespace('tagged', {'istio.io/rev': 'prod'})

test.each<[string, Partial<CanaryWish>, Partial<CanaryFound>, string[]]>([
  [
    'a namespace of the old revision, with what runs in it',
    {},
    {namespaces: [shop], pods: [pod('shop', 'web', 'default')]},
    ['shop: istio-injection- istio.io/rev=canary |  | web'],
  ],
  ['an empty one is only labelled', {}, {namespaces: [shop]}, ['shop: istio-injection- istio.io/rev=canary |  | ']],
  [
    'one that names a revision follows the first tag from then on',
    {tags: ['prod', 'next']},
    {namespaces: [shop]},
    ['shop: istio-injection- istio.io/rev=canary | istio-injection- istio.io/rev=prod | '],
  ],
  [
    'a follower of the tag is moved by name while the tag waits, and follows it again afterwards',
    {tags: ['prod']},
    {namespaces: [followers], pods: [pod('tagged', 'db', 'default')]},
    ['tagged: istio-injection- istio.io/rev=canary | istio-injection- istio.io/rev=prod | db'],
  ],
  ['a follower of a tag that nobody asked to move stays', {}, {namespaces: [followers]}, []],
  [
    'what a run that was cut short left with old proxies',
    {},
    {namespaces: [namespace('shop', {'istio.io/rev': 'canary'})], pods: [pod('shop', 'web', 'default'), pod('shop', 'api', 'canary')]},
    ['shop:  |  | web'],
  ],
  ['without enroll nothing moves', {enroll: false}, {namespaces: [shop], pods: [pod('shop', 'web', 'default')]}, []],
  ['outside of the scope nothing moves', {namespaces: ['other-*']}, {namespaces: [shop]}, []],
  ['an excluded one stays', {excludeNamespaces: ['shop']}, {namespaces: [shop]}, []],
  ['one that is being deleted stays', {}, {namespaces: [namespace('shop', {'istio-injection': 'enabled'}, 'Terminating')]}, []],
  ["the control plane's own stays", {}, {namespaces: [namespace('istio-system', {'istio-injection': 'enabled'})]}, []],
  [
    'a newer revision is never moved away from',
    {},
    {namespaces: [shop], istiods: [istiod('default', '1.32.0'), istiod('canary', '1.31.1')]},
    [],
  ],
  [
    'of equal versions the older one is left',
    {},
    {namespaces: [shop], istiods: [istiod('default', '1.31.1', '2026-11-22T09:00:00Z'), istiod('canary', '1.31.1')]},
    ['shop: istio-injection- istio.io/rev=canary |  | '],
  ],
  ['a revision of others is none of ours', {}, {namespaces: [shop], istiods: [istiod('canary', '1.31.1')]}, []],
  [
    'back to the revision without a name',
    {revision: ''},
    {namespaces: [namespace('shop', {'istio.io/rev': 'canary'})], istiods: [istiod('default', '1.32.0'), istiod('canary', '1.31.1')]},
    ['shop: istio-injection=enabled istio.io/rev- |  | '],
  ],
  [
    'ended and ending pods do not count',
    {},
    {
      namespaces: [namespace('shop', {'istio.io/rev': 'canary'})],
      pods: [pod('shop', 'web', 'default', {terminating: true}), pod('shop', 'job', 'default', {phase: 'Succeeded'})],
    },
    [],
  ],
])('%s', (_, changes, more, expected) => {
  expect(moves(changes, more)).toEqual(expected)
})

test.each<[string, Pod, RegExp]>([
  [
    'a bare pod',
    pod('shop', 'lonely', 'default', {workload: {kind: 'Pod', name: 'lonely'}}),
    /Pod `shop\/lonely` keeps its proxy of revision `default` until it is made anew/,
  ],
  [
    'a workload that opted out of injection since',
    pod('shop', 'web', 'default', {labels: {'sidecar.istio.io/inject': 'false'}}),
    /Deployment `shop\/web` chooses its revision by labels of its own pods/,
  ],
])('says what it cannot move: %s', (_, one, says) => {
  const plan = planCanary(wish, found({namespaces: [shop], pods: [one]}))
  expect(plan.moves.map(({rollouts}) => rollouts)).toEqual([[]])
  expect(plan.notes.join('\n')).toMatch(says)
})

test('the former labels are kept whole, absent ones too', () => {
  expect(planCanary(wish, found({namespaces: [shop]})).moves[0]?.former).toEqual({'istio-injection': 'enabled', 'istio.io/rev': null})
})

const old = istiod('default', '1.30.4')
test.each<[string, Partial<CanaryFound>, string[], string[]]>([
  ['nobody', {webhooks: webhooks.slice(0, 2), pods: [pod('shop', 'web', 'canary'), pod('shop', 'till', '')]}, [], []],
  ['a proxy, wherever it is', {webhooks: [], pods: [pod('elsewhere', 'web', 'default')]}, [], ['pod elsewhere/web-1']],
  ['a proxy that has ended', {webhooks: [], pods: [pod('shop', 'job', 'default', {phase: 'Failed'})]}, [], []],
  [
    'a gateway that istiod deployed, which has no injection status',
    {webhooks: [], pods: [pod('edge', 'gate', '', {annotations: {'istio.io/rev': 'default'}})]},
    [],
    ['pod edge/gate-1'],
  ],
  ['a ztunnel without a revision', {webhooks: [], pods: [pod('istio-system', 'ztunnel', '')]}, [], ['pod istio-system/ztunnel-1']],
  ['a namespace without pods whose next pod it would inject', {webhooks: webhooks.slice(0, 2), namespaces: [shop]}, [], ['namespace shop']],
  ['a tag', {}, [], ['tag prod']],
  ['a machine outside the cluster', {webhooks: []}, ['istiod-7d9c6b5f4-x2x9z'], ['a machine connected to istiod-7d9c6b5f4-x2x9z']],
  ['a machine of another revision', {webhooks: []}, ['istiod-canary-7d9c6b5f4-x2x9z'], []],
])('a revision is used by: %s', (_, more, connections, users) => {
  expect(usersOf(old, found(more), connections)).toEqual(users)
})
