import type {KubeObject} from '../io/io.ts'
import type {Istiod} from '../model/mesh.ts'
import {type Part, read} from '../model/part.ts'
import type {Pod, Template} from '../model/workload.ts'
import {controllerOf, noOwners, type Owner, ownerEntry, workloadOf} from './owners.ts'
import {istiodFrom} from './project-istiod.ts'
import {podFrom} from './project-pod.ts'
import {templateFrom} from './project-template.ts'
import type {ListRead, Reader} from './reads.ts'
import {sharing} from './shared.ts'

/** What runs and what would be run: pods under their topmost controllers, pod templates, and the istiods among the Deployments. */
export interface Workloads {
  pods: Part<Pod[]>
  templates: Part<Template[]>
  istiods: Part<Istiod[]>
}

/** Reads pods and controllers in parallel; ReplicaSets and Jobs fold when both sides are there, by name otherwise (owners.ts). */
export async function readWorkloads(reader: Reader): Promise<Workloads> {
  const [pods, ...controllers] = await Promise.all([
    reader.list(podRead, ownedPods()),
    ...templateReads.map(([kind, what]) => reader.list(what, controllerFrom(kind))),
  ])
  const found = controllers.flatMap((part) => (part.read ? part.value : []))
  const owners = new Map(found.flatMap(({owner}) => (owner === null ? [] : [owner])))
  const missing = controllers.find((part) => !part.read)
  const deployments = controllers[0]
  return {
    pods: pods.read ? read(pods.value.map(({pod, controller}) => ({...pod, workload: workloadOf(controller, pod, owners)}))) : pods,
    templates: missing ?? read(found.flatMap(({template}) => template ?? [])),
    istiods: deployments?.read === false ? deployments : read(found.flatMap(({istiod}) => istiod ?? [])),
  }
}

/** Every pod. */
export const podRead: ListRead = {resource: 'pods', group: '', versions: ['v1'], kind: 'Pod'}

/** Deployments come first: `readWorkloads` finds the istiods in them. */
const templateReads: [string, ListRead][] = [
  ['Deployment', {resource: 'deployments', group: 'apps', versions: ['v1'], kind: 'Deployment'}],
  ['StatefulSet', {resource: 'statefulsets', group: 'apps', versions: ['v1'], kind: 'StatefulSet'}],
  ['DaemonSet', {resource: 'daemonsets', group: 'apps', versions: ['v1'], kind: 'DaemonSet'}],
  ['CronJob', {resource: 'cronjobs', group: 'batch', versions: ['v1'], kind: 'CronJob'}],
  ['Job', {resource: 'jobs', group: 'batch', versions: ['v1'], kind: 'Job'}],
  ['ReplicaSet', {resource: 'replicasets', group: 'apps', versions: ['v1'], kind: 'ReplicaSet'}],
]

/** What owns the pods is only known when all is read. */
function ownedPods(): (item: KubeObject) => {pod: Pod; controller: Owner | null} {
  const share = sharing()
  return (item) => ({pod: podFrom(item, noOwners, share), controller: controllerOf(item)})
}

/** Everything a controller is needed for, taken while its page is at hand. */
function controllerFrom(kind: string) {
  return (item: KubeObject): {template: Template | null; istiod: Istiod | null; owner: [string, Owner | null] | null} => ({
    template: templateFrom(item, kind),
    istiod: kind === 'Deployment' ? istiodFrom(item) : null,
    owner: kind === 'ReplicaSet' || kind === 'Job' ? ownerEntry(kind, item) : null,
  })
}
