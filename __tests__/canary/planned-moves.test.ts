import {planMoves} from '../../src/canary/planned-moves.ts'
import {planEnrol, type EnrolFound} from '../../src/enforce/enrol-plan.ts'
import type {FoundIstiod} from '../../src/install/found.ts'
import type {LabelSelector, Webhook} from '../../src/model/mesh.ts'
import type {Namespace, Pod} from '../../src/model/workload.ts'

const istiod = (revision: string, version: string): FoundIstiod => ({
  ...{namespace: 'istio-system', name: 'istiod', revision, version, createdAt: '2026-11-22T10:00:00Z'},
  owner: {by: 'helm', release: 'istiod', namespace: 'istio-system'},
})
const injector = (revision: string, namespaceSelector: LabelSelector, tag = ''): Webhook => ({
  ...{configuration: revision, type: 'mutating', name: 'rev.namespace.sidecar-injector.istio.io', revision, tag, namespaceSelector},
  ...{objectSelector: {}, failurePolicy: 'Fail', target: '', service: null, caBundle: 'x'},
})
const namespace = (name: string, labels: Record<string, string> = {}): Namespace => ({
  name,
  uid: '',
  phase: 'Active',
  labels,
  annotations: {},
})
const pod = (space: string, name: string, revision: string): Pod =>
  ({
    ...{namespace: space, name: `${name}-1`, labels: {app: name}, hostNetwork: false, phase: 'Running', terminating: false},
    annotations: revision === '' ? {} : {'sidecar.istio.io/status': JSON.stringify({revision})},
    containers: revision === '' ? [] : [{name: 'istio-proxy', args: ['proxy', 'sidecar'], env: {}, ports: [], probes: []}],
    initContainers: [],
    workload: {kind: 'Deployment', name},
  }) as unknown as Pod

const wish = {
  ...{profile: 'sidecar' as const, revision: 'canary', tags: [] as string[], enroll: true, takeOver: false, istioVersion: '1.31.1'},
  ...{namespaces: ['*'], excludeNamespaces: ['kube-*']},
}
const enrolling: EnrolFound = {
  namespaces: [namespace('shop', {'istio-injection': 'enabled'}), namespace('tagged', {'istio.io/rev': 'prod'}), namespace('new')],
  pods: [pod('shop', 'web', 'default'), pod('tagged', 'cart', 'default'), pod('new', 'bare', '')],
  webhooks: [
    injector('default', {matchLabels: {'istio-injection': 'enabled'}}),
    injector('default', {matchLabels: {'istio.io/rev': 'prod'}}, 'prod'),
  ],
  ...{own: ['istio-system'], ours: []},
}

test('a canary that is still to come moves namespaces and restarts their workloads: a plan says so before', () => {
  const {labels, restarts, notes, after} = planMoves({...wish, tags: ['prod']}, 'canary', [istiod('default', '1.30.4')], enrolling)
  expect(labels).toEqual([
    {namespace: 'shop', labels: {'istio-injection': null, 'istio.io/rev': 'prod'}},
    {namespace: 'tagged', labels: {'istio.io/rev': 'prod', 'istio-injection': null}},
  ])
  expect(restarts.map(({namespace: space, name}) => `${space}/${name}`)).toEqual(['shop/web', 'tagged/cart'])
  expect(notes).toEqual([
    'Tag `prod` would point at revision `canary`.',
    'Revision `default` (1.30.4) would be removed if nobody uses it any more then.',
  ])
  // What enrolling would then find: nothing left to contradict, and only the bare workload to restart.
  const enrolment = planEnrol(wish, after)
  expect(enrolment.problems).toEqual([])
  expect(enrolment.notes).toEqual([])
  expect(enrolment.restarts).toEqual([{kind: 'Deployment', namespace: 'new', name: 'bare'}])
  expect(enrolment.labellings.map((each) => each.namespace)).toEqual(['new'])
})

test('where no istiod is yet, enrolling is planned for the one to come, not refused for want of it', () => {
  const fresh: EnrolFound = {...enrolling, namespaces: [namespace('new')], pods: [pod('new', 'bare', '')], webhooks: []}
  const {labels, restarts, notes, after} = planMoves({...wish, revision: ''}, 'default', [], fresh)
  expect([labels, restarts, notes]).toEqual([[], [], []])
  const enrolment = planEnrol({...wish, revision: ''}, after)
  expect(enrolment.problems).toEqual([])
  expect(enrolment.restarts).toHaveLength(1)
  // Without an istiod to come it is refused all the same.
  expect(planEnrol({...wish, revision: ''}, fresh).problems).toMatchObject([{entry: 'enrol-unserved'}])
})

test('an upgrade in place moves nobody', () => {
  const {labels, restarts, notes} = planMoves({...wish, revision: ''}, 'default', [istiod('default', '1.30.4')], enrolling)
  expect([labels, restarts, notes]).toEqual([[], [], []])
})
