import {vouchedBy} from '../../src/derive/vouched.ts'
import type {Webhook} from '../../src/model/mesh.ts'

const webhook = (namespace: string | null, revision = 'default'): Webhook => ({
  configuration: 'istio-validator',
  type: 'validating',
  name: 'rev.validation.istio.io',
  revision,
  tag: '',
  namespaceSelector: {},
  objectSelector: {},
  failurePolicy: 'Fail',
  target: '',
  service: namespace === null ? null : {namespace, name: 'istiod'},
  caBundle: '',
})

test.each<[string, string, Webhook[], boolean]>([
  ['a label in any namespace proves nothing', 'shop', [], false],
  ['istio-system is the default place', 'istio-system', [], true],
  ['a webhook that leads there vouches, of whatever revision', 'mesh-b', [webhook('mesh-b', 'canary')], true],
  ['a webhook that leads elsewhere does not', 'shop', [webhook('istio-system')], false],
  ['istio-system where its revision is served elsewhere', 'istio-system', [webhook('mesh-b')], false],
  ['a webhook without a revision is of the default one', 'istio-system', [webhook('mesh-b', '')], false],
  ['istio-system beside another revision elsewhere', 'istio-system', [webhook('mesh-b', 'canary')], true],
  ['istio-system with webhooks of its own beside others', 'istio-system', [webhook('mesh-b'), webhook('istio-system')], true],
  ['a webhook by URL leads nowhere here', 'shop', [webhook(null)], false],
])('%s', (_, namespace, webhooks, expected) => {
  expect(vouchedBy(webhooks)({namespace, revision: 'default'})).toBe(expected)
})
