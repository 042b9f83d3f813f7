import type {KubeObject} from '../io/io.ts'
import type {Template} from '../model/workload.ts'
import {controllerOf} from './owners.ts'
import {annotationsFrom, metaFrom} from './project-meta.ts'
import {podShapeFrom} from './project-pod.ts'
import {fieldsOf, numberOf, textMapOf} from './untrusted.ts'

/**
 * A controller with its pod template; null where the owner holds the same template (a Deployment's ReplicaSet, a CronJob's Job).
 * `kind` because items of a list carry none. A Pod is its own template: what a manifest of a bare pod asks for.
 */
export function templateFrom(object: KubeObject, kind: string = object.kind): Template | null {
  const owner = controllerOf(object)
  if (owner !== null && foldedInto[kind]?.includes(owner.kind)) return null
  const spec = fieldsOf(object['spec'])
  const status = fieldsOf(object['status'])
  const template = templateOf(object, kind)
  const metadata = fieldsOf(template['metadata'])
  const daemons = kind === 'DaemonSet'
  return {
    ...metaFrom(object),
    kind,
    replicas: numberOf(daemons ? status['desiredNumberScheduled'] : spec['replicas'], 1),
    readyReplicas: numberOf(daemons ? status['numberReady'] : (status['readyReplicas'] ?? status['ready']), 0),
    selector: textMapOf(fieldsOf(spec['selector'])['matchLabels']),
    pod: {
      ...podShapeFrom(fieldsOf(template['spec'])),
      labels: textMapOf(metadata['labels']),
      annotations: annotationsFrom(metadata['annotations']),
    },
  }
}

const foldedInto: Record<string, string[]> = {
  ReplicaSet: ['Deployment'],
  Job: ['CronJob'],
  Pod: ['ReplicaSet', 'Job', 'StatefulSet', 'DaemonSet'],
}

function templateOf(object: KubeObject, kind: string): Record<string, unknown> {
  if (kind === 'Pod') return object
  const spec = fieldsOf(object['spec'])
  if (kind === 'CronJob') return fieldsOf(fieldsOf(fieldsOf(spec['jobTemplate'])['spec'])['template'])
  return fieldsOf(spec['template'])
}
