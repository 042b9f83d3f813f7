import {join} from 'node:path'
import {type Api, apiOf, type KubeObject} from './api.ts'
import type {Bed} from './bed.ts'
import {pause} from './shell.ts'

/** Brings a running bed back to an empty cluster, without Istio and its CRDs, and resolves when all of it is gone (at most 90 s). */
export async function reset(bed: Bed): Promise<void> {
  const api = apiOf(bed.apiServer, join(bed.runDir, 'pki'))
  const deadline = Date.now() + 90_000
  // Webhooks first: one whose server goes away would refuse what follows.
  await sweep(api, admission)
  await bareSystemNamespaces(api)
  for (let clean = 0; clean < 2; ) {
    const left = (await Promise.all([sweep(api, clusterWide), sweep(api, inSystemNamespaces), emptyNamespaces(api)])).flat()
    // Twice, for a control plane in its last second may put something back.
    clean = left.length === 0 ? clean + 1 : 0
    if (Date.now() > deadline) throw new Error(`After 90 s the bed still has \`${left.slice(0, 10).join('`, `')}\``)
    await pause(clean > 0 ? 500 : 200)
  }
}

const admission = [
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'validatingadmissionpolicybindings',
  'validatingadmissionpolicies',
].map((kind) => `/apis/admissionregistration.k8s.io/v1/${kind}`)

const clusterWide = [
  ...admission,
  '/api/v1/namespaces',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/scheduling.k8s.io/v1/priorityclasses',
  '/api/v1/persistentvolumes',
]

const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

const inSystemNamespaces = systemNamespaces.flatMap((namespace) => [
  ...['deployments', 'daemonsets', 'statefulsets', 'replicasets'].map((kind) => `/apis/apps/v1/namespaces/${namespace}/${kind}`),
  ...['pods', 'services', 'secrets', 'configmaps', 'serviceaccounts'].map((kind) => `/api/v1/namespaces/${namespace}/${kind}`),
  ...['jobs', 'cronjobs'].map((kind) => `/apis/batch/v1/namespaces/${namespace}/${kind}`),
  ...['roles', 'rolebindings'].map((kind) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${kind}`),
  `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
  `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
  `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
])

/** Deletes what does not belong to an empty cluster at these collections; returns the paths of what is still there. */
async function sweep(api: Api, collections: string[]): Promise<string[]> {
  const found = await Promise.all(
    collections.map(async (path) => {
      const {items} = await api.json<{items: KubeObject[]}>(path)
      const foreign = items.filter((item) => !belongs(item, path))
      await Promise.all(
        foreign
          .filter((item) => !item.metadata.deletionTimestamp || path.endsWith('/pods'))
          .map(({metadata}) => remove(api, `${path}/${metadata.name}`)),
      )
      return foreign.map(({metadata}) => `${path}/${metadata.name}`)
    }),
  )
  return found.flat()
}

function belongs({metadata}: KubeObject, path: string): boolean {
  const {name, labels = {}} = metadata
  if (labels['istio-mtls-testbed'] || labels['k8s-app'] === 'kube-dns' || labels['kubernetes.io/bootstrapping']) return true
  if (path.endsWith('/serviceaccounts') && path.includes('kube-system')) return !name.startsWith('istio')
  const native = [
    'kubernetes',
    'kube-root-ca.crt',
    'extension-apiserver-authentication',
    'kube-apiserver-legacy-service-account-token-tracking',
    'cluster-admin',
    'default',
  ]
  return native.includes(name) || name.startsWith('system') || (path.endsWith('/namespaces') && systemNamespaces.includes(name))
}

/** A namespace ends when its pods have, and they may have asked for half a minute of grace. */
async function emptyNamespaces(api: Api): Promise<string[]> {
  const {items} = await api.json<{items: KubeObject[]}>('/api/v1/pods')
  const foreign = items.filter(({metadata}) => !systemNamespaces.includes(metadata.namespace as string))
  const paths = foreign.map(({metadata}) => `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`)
  await Promise.all(paths.map((path) => remove(api, path)))
  return paths
}

/** At once: nobody waits for an orderly end. */
async function remove(api: Api, path: string): Promise<void> {
  const {status, text} = await api.request('DELETE', path, {gracePeriodSeconds: 0, propagationPolicy: 'Background'})
  if (status >= 300 && status !== 404 && status !== 409)
    throw new Error(`The API server answers ${status} to the end of \`${path}\`: ${text.slice(0, 300)}`)
}

/** Takes labels such as `istio-injection` off the namespaces that stay. */
async function bareSystemNamespaces(api: Api): Promise<void> {
  for (const name of systemNamespaces) {
    const {metadata} = await api.json(`/api/v1/namespaces/${name}`)
    const foreign = Object.keys(metadata.labels ?? {}).filter((label) => label !== 'kubernetes.io/metadata.name')
    if (foreign.length === 0) continue
    const labels = Object.fromEntries(foreign.map((label) => [label, null]))
    await api.request('PATCH', `/api/v1/namespaces/${name}`, {metadata: {labels}}, 'application/merge-patch+json')
  }
}
