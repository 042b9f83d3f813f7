import {gitOpsOf, keeperOf, type KeptMetadata} from '../../src/derive/keeper.ts'

test.each<[string, KeptMetadata, string | null]>([
  ['nobody', {}, null],
  ['kubectl', {managedFields: [{manager: 'kubectl-client-side-apply'}, {manager: 'kubectl-edit'}]}, null],
  ['helm by hand', {annotations: {'meta.helm.sh/release-name': 'mesh'}, managedFields: [{manager: 'helm'}]}, null],
  ['Argo CD by its tracking id', {annotations: {'argocd.argoproj.io/tracking-id': 'mesh:x/Y:a/b'}}, 'Argo CD application mesh'],
  ['Argo CD by its label', {labels: {'argocd.argoproj.io/instance': 'mesh'}}, 'Argo CD application mesh'],
  ['Argo CD by its manager alone', {managedFields: [{manager: 'argocd-controller'}]}, 'Argo CD'],
  ['Flux by its label', {labels: {'kustomize.toolkit.fluxcd.io/name': 'apps'}}, 'Flux release apps'],
  ['Flux by its manager alone', {managedFields: [{manager: 'kustomize-controller'}]}, 'Flux'],
  ['an operator', {ownerReferences: [{kind: 'Mesh', name: 'prod', controller: true}]}, 'Mesh prod'],
])('who would write an object back: %s', (_, metadata, keeper) => {
  expect(keeperOf(metadata)).toBe(keeper)
  if (metadata.ownerReferences === undefined) expect(gitOpsOf(metadata)).toBe(keeper)
})
