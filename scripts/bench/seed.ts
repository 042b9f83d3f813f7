import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse, parseAllDocuments} from 'yaml'
import type {ScaleBed} from '../../testbed/scale.ts'
import {newestIstio} from '../../testbed/versions.ts'
import {type Seed, type SeedObject, workloadCount, workloadSeeds} from './objects.ts'
import {policySeeds} from './policies.ts'
import {stampInto} from './stamp.ts'
import {writer} from './writer.ts'

/** How much a scale bed holds. */
export interface Size {
  pods: number
  policies: number
}

/** Fills a bed up from `now` to `wanted`, with two revisions of Istio's control plane as helm's charts write it. */
export async function grow(bed: ScaleBed, now: Size, wanted: Size, say: (line: string) => void): Promise<void> {
  const api = writer(bed)
  const plane = controlPlane(bed)
  if (now.pods === 0) {
    await api.createAll([{collection: '/api/v1/namespaces', object: {metadata: {name: 'istio-system'}}}])
    await api.createAll(plane.filter(({object}) => object['kind'] === 'CustomResourceDefinition'))
    await api.settle('/apis/security.istio.io/v1/peerauthentications')
    await api.createAll(readerSeeds())
  }
  // Their istiod answers nobody: with them in place no pod and no policy could be written.
  const webhooks = plane.filter(({collection}) => collection.includes('webhookconfigurations'))
  for (const {collection, object} of webhooks) await api.remove(`${collection}/${object.metadata.name}`)
  const began = Date.now()
  const stamps = stampInto(bed.etcd, api.create)
  const {workloads} = workloadCount(wanted.pods)
  const written =
    (await stamps.all(workloadSeeds({from: now.pods, to: wanted.pods}))) +
    (await stamps.all(policySeeds({from: now.policies, to: wanted.policies}, workloads)))
  await api.createAll(plane.filter((seed) => !webhooks.includes(seed)))
  await api.createAll(webhooks)
  api.close()
  say(`${wanted.pods} pods, ${wanted.policies} policies: ${written} objects written in ${((Date.now() - began) / 1000).toFixed(0)} s`)
}

/** Name of the user whose rights are those of rbac/read.yaml: `validate` without live reads. */
export const reader = 'reader'

function readerSeeds(): Seed[] {
  const role = parse(readFileSync('rbac/read.yaml', 'utf8')) as SeedObject
  const api = '/apis/rbac.authorization.k8s.io/v1'
  const binding = {
    metadata: {name: reader},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name},
    subjects: [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader}],
  }
  return [
    {collection: `${api}/clusterroles`, object: role},
    {collection: `${api}/clusterrolebindings`, object: binding},
  ]
}

/** Both revisions' objects, their istiods told ready. */
function controlPlane({build}: ScaleBed): Seed[] {
  const chart = (name: string) => join(build.artifacts, 'charts', `${name}-${newestIstio}.tgz`)
  const template = (release: string, name: string, ...more: string[]) => {
    const args = ['template', release, chart(name), '--namespace', 'istio-system', '--include-crds', ...more]
    const {stdout, stderr, status} = spawnSync(join(build.bin, 'helm'), args, {encoding: 'utf8', maxBuffer: 1 << 28})
    if (status !== 0) throw new Error(stderr)
    return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as SeedObject | null) ?? [])
  }
  const objects = [
    ...template('istio-base', 'base'),
    ...template('istiod', 'istiod'),
    ...template('istiod-canary', 'istiod', '--set', 'revision=canary'),
  ]
  return objects.flatMap((object) => {
    const {kind, apiVersion} = object as unknown as {kind: string; apiVersion: string}
    const collection = collectionOf(apiVersion, kind, object.metadata['namespace'] as string | undefined)
    const status = kind === 'Deployment' ? {status: {replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1}} : {}
    return collection === null ? [] : [{collection, object, ...status}]
  })
}

function collectionOf(apiVersion: string, kind: string, namespace?: string): string | null {
  const plural = plurals[kind]
  if (plural === undefined) return null
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const within = clusterWide.has(kind) ? '' : `/namespaces/${namespace ?? 'istio-system'}`
  return `${root}${within}/${plural}`
}

/** The kinds of the charts that anybody reads here. */
const plurals: Record<string, string> = {
  CustomResourceDefinition: 'customresourcedefinitions',
  ConfigMap: 'configmaps',
  Service: 'services',
  Deployment: 'deployments',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
}
const clusterWide = new Set(['CustomResourceDefinition', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])
