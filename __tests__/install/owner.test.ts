import {ownerOf, ownerText} from '../../src/install/owner.ts'
import type {KubeObject} from '../../src/io/io.ts'

const byHelm = {'meta.helm.sh/release-name': 'istiod', 'meta.helm.sh/release-namespace': 'istio-system'}

test.each<[string, Partial<KubeObject['metadata']>, string]>([
  ['helm', {annotations: byHelm}, 'helm release `istio-system/istiod`'],
  ['istioctl, by its field manager', {managedFields: [{manager: 'istio-operator'}]}, 'istioctl'],
  ['istioctl, by the label of its owning resource', {labels: {'install.operator.istio.io/owning-resource': 'installed-state'}}, 'istioctl'],
  [
    'the chart writes that label as `unknown`',
    {labels: {'install.operator.istio.io/owning-resource': 'unknown'}},
    'someone who left no mark',
  ],
  [
    'Argo CD by tracking id, though helm rendered it',
    {annotations: {...byHelm, 'argocd.argoproj.io/tracking-id': 'mesh:apps/Deployment:x/y'}},
    'Argo CD application mesh',
  ],
  ['Argo CD by label', {labels: {'argocd.argoproj.io/instance': 'mesh'}}, 'Argo CD application mesh'],
  ['Flux, though it uses helm', {annotations: byHelm, labels: {'helm.toolkit.fluxcd.io/name': 'mesh'}}, 'Flux release mesh'],
  [
    'an operator',
    {
      annotations: byHelm,
      ownerReferences: [{apiVersion: 'sailoperator.io/v1', kind: 'IstioRevision', name: 'prod', uid: 'u', controller: true}],
    },
    'the Sail operator or OpenShift Service Mesh 3 (IstioRevision prod)',
  ],
  [
    'OpenShift Service Mesh 2',
    {ownerReferences: [{apiVersion: 'maistra.io/v2', kind: 'ServiceMeshControlPlane', name: 'basic', uid: 'u', controller: true}]},
    'OpenShift Service Mesh (ServiceMeshControlPlane basic)',
  ],
  [
    'an EKS add-on, by its field manager, though helm rendered it',
    {annotations: byHelm, managedFields: [{manager: 'eks'}]},
    'an EKS add-on',
  ],
  ["Google's, by its revision", {labels: {'istio.io/rev': 'asm-1264-2'}}, "Google's Cloud Service Mesh"],
  ['an add-on manager', {labels: {'addonmanager.kubernetes.io/mode': 'Reconcile'}}, "the cluster's add-on manager"],
  ['AKS, by its namespace', {namespace: 'aks-istio-system', annotations: byHelm}, 'the AKS service mesh add-on'],
])('recognises %s', (_, metadata, text) => {
  expect(
    ownerText(ownerOf({apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'istiod', namespace: 'istio-system', ...metadata}})),
  ).toBe(text)
})
