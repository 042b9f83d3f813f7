import {read} from '../model/part.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {simulatedPod} from './simulated-pod.ts'

/** Labels that namespaces would get (null: lose), and workloads that would be restarted. */
export interface Enrolment {
  labellings: readonly {namespace: string; labels: Record<string, string | null>}[]
  restarts: readonly {kind: string; namespace: string; name: string}[]
}

/** The snapshot as it will be once these namespaces are labelled and these workloads restarted: their pods as Istio would make them. */
export function withEnrolment(snapshot: Snapshot, {labellings, restarts}: Enrolment): Snapshot {
  const {namespaces, pods, templates, controlPlane} = snapshot
  if (!namespaces.read || !pods.read || !templates.read || !controlPlane.read) return snapshot
  const changes = new Map(labellings.map(({namespace, labels}) => [namespace, labels]))
  const labelled = namespaces.value.map((namespace) => {
    const labels = Object.entries({...namespace.labels, ...changes.get(namespace.name)})
    return {...namespace, labels: Object.fromEntries(labels.filter((each): each is [string, string] => each[1] !== null))}
  })
  const byName = new Map(labelled.map((namespace) => [namespace.name, namespace]))
  const restarted = new Set(restarts.map(keyOf))
  const {webhooks} = controlPlane.value
  const renewed = templates.value
    .filter((template) => restarted.has(keyOf(template)))
    .map((template) => simulatedPod(template, byName.get(template.namespace) ?? {name: template.namespace, labels: {}}, webhooks))
  const staying = pods.value.filter(({namespace, workload}) => !restarted.has(keyOf({namespace, ...workload})))
  return {...snapshot, namespaces: read(labelled), pods: read([...staying, ...renewed])}
}

function keyOf({kind, namespace, name}: {kind: string; namespace: string; name: string}): string {
  return `${kind} ${namespace}/${name}`
}
