import {isInScope} from '../src/model/snapshot.ts'

test.each([
  [['*'], [], 'shop', true],
  [['*'], [], 'istio-system', false],
  [['istio-system'], [], 'istio-system', true],
  [['*'], ['kube-*'], 'kube-system', false],
  [['team-*'], [], 'shop', false],
  [['a*b*c'], [], 'axbxc', true],
  [['a*b*c'], [], 'abxx', false],
  [['ab*ba'], [], 'aba', false],
  [['shop'], ['shop'], 'shop', false],
])('scope %j without %j holds %s: %s', (namespaces, exclude, namespace, expected) => {
  expect(isInScope({namespaces, exclude}, namespace, 'istio-system')).toBe(expected)
})
