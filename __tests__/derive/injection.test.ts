import {type InjectedPod, injection, isAmbientWanted, namespaceEnrolment, selectingWebhooks} from '../../src/derive/injection.ts'
import {defaultWebhooks} from '../../src/observe/manifests-webhooks.ts'
import type {Labels} from '../../src/derive/label-selector.ts'

const webhooks = [...defaultWebhooks('default', 'istio-system'), ...defaultWebhooks('canary', 'istio-system')]
const pod = (labels: Labels = {}, annotations: Labels = {}, hostNetwork = false): InjectedPod => ({labels, annotations, hostNetwork})
const space = (labels: Labels = {}, name = 'shop') => ({name, labels})
const enabled = {'istio-injection': 'enabled'}
const inject = (value: string) => ({'sidecar.istio.io/inject': value})

test.each<[string, Labels, InjectedPod, string]>([
  ['28: an enabled namespace', enabled, pod(), 'default'],
  ['28: any other value injects nothing', {'istio-injection': 'true'}, pod(), ''],
  ['28: an unlabelled namespace', {}, pod(), ''],
  ['28: a revision’s namespace', {'istio.io/rev': 'canary'}, pod(), 'canary'],
  ['28: an unknown revision', {'istio.io/rev': 'gone'}, pod(), ''],
  ['28: `istio-injection` shuts out the revision', {...enabled, 'istio.io/rev': 'canary'}, pod(), 'default'],
  ['28: even when it is disabled', {'istio-injection': 'disabled', 'istio.io/rev': 'canary'}, pod(), ''],
  ['28: a pod may opt in where nothing is said', {}, pod(inject('true')), 'default'],
  ['28: and choose its revision', {}, pod({'istio.io/rev': 'canary'}), 'canary'],
  ['28: a pod cannot opt in against its namespace', {'istio-injection': 'disabled'}, pod(inject('true')), ''],
  ['28: a pod opts out by label', enabled, pod(inject('false')), ''],
  ['28: selectors do not see the annotation', {}, pod({}, inject('true')), ''],
  ['29: the annotation opts out', enabled, pod({}, inject('false')), ''],
  ['29: the label wins over the annotation', enabled, pod(inject('true'), inject('false')), 'default'],
  ['29: an odd value is no value', enabled, pod({}, inject('no')), 'default'],
  ['29: never on the node’s network', enabled, pod({}, {}, true), ''],
])('rule %s', (_rule, labels, subject, revision) => {
  const answer = injection(subject, space(labels), webhooks)
  expect([answer.injected, answer.revision]).toEqual([revision !== '', revision])
})

test.each(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])('rule 29: never into %s', (name) => {
  expect(injection(pod(), space(enabled, name), webhooks).injected).toBe(false)
})

test('rule 28: a namespace’s own name is a label to selectors', () => {
  const named = webhooks.map((webhook) => ({...webhook, namespaceSelector: {matchLabels: {'kubernetes.io/metadata.name': 'shop'}}}))
  expect(injection(pod(), space(), named).injected).toBe(true)
})

test('without webhooks nothing is injected, and the reason says so', () => {
  expect(injection(pod(), space(enabled), [])).toMatchObject({
    injected: false,
    webhook: null,
    reason: expect.stringContaining('no injection webhook'),
  })
  expect(selectingWebhooks({}, space(enabled), [...webhooks, ...webhooks])).toHaveLength(2)
})

test.each<[Labels, string, string]>([
  [enabled, 'sidecar', 'default'],
  [{'istio.io/rev': 'canary'}, 'sidecar', 'canary'],
  [{'istio.io/dataplane-mode': 'ambient'}, 'ambient', ''],
  [{}, 'none', ''],
])('a namespace labelled %j enrols its pods by %s', (labels, by, revision) => {
  expect(namespaceEnrolment(space(labels), webhooks)).toMatchObject({by, revision})
})

const ambient = (value: string) => ({'istio.io/dataplane-mode': value})

test.each<[string, Labels, InjectedPod, boolean]>([
  ['its namespace', ambient('ambient'), pod(), true],
  ['its own label', {}, pod(ambient('ambient')), true],
  ['none of both', {}, pod(), false],
  ['its namespace, but not itself', ambient('ambient'), pod(ambient('none')), false],
  ['its namespace, with an odd value of its own', ambient('ambient'), pod(ambient('maybe')), true],
  ['its namespace, on its node’s network', ambient('ambient'), pod({}, {}, true), false],
  ['its namespace, with a sidecar, be the status empty', ambient('ambient'), pod({}, {'sidecar.istio.io/status': ''}), false],
])('rule 31: ambient is wanted by %s', (_rule, labels, subject, expected) => {
  expect(isAmbientWanted(subject, space(labels))).toBe(expected)
})
