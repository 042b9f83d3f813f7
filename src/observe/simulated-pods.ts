import {defaultMesh} from '../derive/mesh-for.ts'
import {simulatedPod} from '../derive/simulated-pod.ts'
import {read} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod, Template} from '../model/workload.ts'
import {defaultWebhooks} from './manifests-webhooks.ts'

/**
 * The snapshot with the pod that Istio would create for each template without a live one (issue of manifests: nothing runs yet); where no
 * injection webhook is among the manifests, those of a default install are taken. A namespace that nobody wrote has no labels.
 */
export function withSimulatedPods(snapshot: Snapshot): Snapshot {
  const {pods, templates, namespaces, controlPlane} = snapshot
  if (!pods.read || !templates.read || !namespaces.read || !controlPlane.read) return snapshot
  const meshes = snapshot.mesh.read && snapshot.mesh.value.length > 0 ? snapshot.mesh.value : [defaultMesh]
  const written = controlPlane.value.webhooks
  const hasInjector = written.some(({type}) => type === 'mutating')
  const webhooks = hasInjector ? written : [...written, ...meshes.flatMap(({revision, namespace}) => defaultWebhooks(revision, namespace))]
  const byName = new Map(namespaces.value.map((namespace) => [namespace.name, namespace]))
  const live = new Set(pods.value.map(({namespace, workload}) => workloadKey(namespace, workload.kind, workload.name)))
  const simulated = templates.value
    .filter((template) => !live.has(workloadKey(template.namespace, template.kind, template.name)))
    .map((template) => simulate(template))
  return {...snapshot, controlPlane: read({...controlPlane.value, webhooks}), pods: read([...pods.value, ...simulated])}

  function simulate(template: Template): Pod {
    const namespace = byName.get(template.namespace) ?? {name: template.namespace, labels: {}}
    return simulatedPod(template, namespace, webhooks, {interceptionMode: meshes[0]?.defaultConfigInterceptionMode ?? 'REDIRECT'})
  }
}

function workloadKey(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`
}
