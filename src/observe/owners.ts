import type {KubeObject} from '../io/io.ts'
import {fieldsOf, listOf, textOf} from './untrusted.ts'

/** A controller, by kind and name in the namespace of what it controls. */
export interface Owner {
  kind: string
  name: string
}

/** What owns the ReplicaSets and Jobs that were read, by `namespace/kind/name`; null: it has no controller of its own. */
export type Owners = ReadonlyMap<string, Owner | null>

/** For callers that read neither ReplicaSets nor Jobs. */
export const noOwners: Owners = new Map()

/** The owner that controls an object (`controller: true`), or null. */
export function controllerOf(object: KubeObject): Owner | null {
  const reference = listOf(fieldsOf(object.metadata)['ownerReferences']).find((each) => each['controller'] === true)
  return reference === undefined ? null : {kind: textOf(reference['kind']), name: textOf(reference['name'])}
}

/** The entry of one ReplicaSet or Job in `Owners`. */
export function ownerEntry(kind: string, object: KubeObject): [string, Owner | null] {
  const metadata = fieldsOf(object.metadata)
  return [key(textOf(metadata['namespace']) || 'default', kind, textOf(metadata['name'])), controllerOf(object)]
}

/** A pod's topmost controller: ReplicaSets fold into their Deployment and Jobs into their CronJob; a bare pod is kind Pod. */
export function workloadOf(
  controller: Owner | null,
  pod: {namespace: string; name: string; labels: Record<string, string>},
  owners: Owners,
): Owner {
  if (controller === null) return {kind: 'Pod', name: pod.name}
  const above = owners.get(key(pod.namespace, controller.kind, controller.name))
  if (above !== undefined) return above ?? controller
  return ownerByName(controller, pod.labels)
}

/**
 * Without the ReplicaSet or Job at hand (not read, or gone meanwhile) names tell, by the rule of Istio itself
 * (pkg/kube/util.go: GetDeployMetaFromPod): a ReplicaSet is named after its pods' template hash, a CronJob's Job after its minute.
 */
function ownerByName(controller: Owner, labels: Record<string, string>): Owner {
  for (const [label, kind] of hashLabels) {
    const suffix = `-${labels[label]}`
    if (controller.kind === 'ReplicaSet' && labels[label] && controller.name.endsWith(suffix)) {
      return {kind, name: controller.name.slice(0, -suffix.length)}
    }
  }
  const scheduled = controller.kind === 'Job' ? /^(.+)-\d{8,10}$/.exec(controller.name) : null
  return scheduled?.[1] === undefined ? controller : {kind: 'CronJob', name: scheduled[1]}
}

const hashLabels = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const

function key(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`
}
