import type {KubeObject} from '../io/io.ts'
import type {Container, Pod, PodShape} from '../model/workload.ts'
import {controllerOf, noOwners, type Owners, workloadOf} from './owners.ts'
import {containerFrom} from './project-container.ts'
import {metaFrom} from './project-meta.ts'
import {type Share, unshared} from './shared.ts'
import {type Fields, fieldsOf, listOf, numberOf, textOf} from './untrusted.ts'

/** A live pod, projected; `phase` is '' when the object has no status (a manifest). `owners` fold ReplicaSets and Jobs, `share` is of the pods' list. */
export function podFrom(object: KubeObject, owners: Owners = noOwners, share: Share = unshared): Pod {
  const meta = metaFrom(object, share)
  const status = fieldsOf(object['status'])
  return {
    ...meta,
    ...podShapeFrom(fieldsOf(object['spec']), status, share),
    workload: workloadOf(controllerOf(object), meta, owners),
    phase: textOf(status['phase']),
    reason: reasonOf(status),
    ready: condition(status, 'Ready')['status'] === 'True',
    terminating: typeof fieldsOf(object.metadata)['deletionTimestamp'] === 'string',
    ips: addressesOf(status),
    simulated: false,
  }
}

/** What a pod spec says, live (with its status) or as a template. */
export function podShapeFrom(spec: Fields, status: Fields = {}, share: Share = unshared): PodShape {
  const security = fieldsOf(spec['securityContext'])
  return {
    hostNetwork: spec['hostNetwork'] === true,
    serviceAccount: textOf(spec['serviceAccountName']) || 'default',
    node: textOf(spec['nodeName']),
    securityContext: {runAsUser: numberOf(security['runAsUser'], null), runAsGroup: numberOf(security['runAsGroup'], null)},
    containers: containersFrom('containers', spec['containers'], status['containerStatuses'], share),
    initContainers: containersFrom('initContainers', spec['initContainers'], status['initContainerStatuses'], share),
  }
}

function containersFrom(place: string, containers: unknown, statuses: unknown, share: Share): Container[] {
  return share(place, [containers, statuses], () => {
    const byName = new Map(listOf(statuses).map((status) => [status['name'], status]))
    return listOf(containers).map((container) => containerFrom(container, byName.get(container['name'])))
  })
}

/** Every address once; the first is the one the API server dials. */
function addressesOf(status: Fields): string[] {
  const all = [status['podIP'], ...listOf(status['podIPs']).map((each) => each['ip'])]
  return [...new Set(all.map((each) => textOf(each)).filter(Boolean))]
}

function reasonOf(status: Fields): string {
  const scheduled = condition(status, 'PodScheduled')
  const [reason, message] =
    scheduled['status'] === 'False' ? [scheduled['reason'], scheduled['message']] : [status['reason'], status['message']]
  return [textOf(reason), textOf(message)].filter(Boolean).join(': ')
}

function condition(status: Fields, type: string): Fields {
  return listOf(status['conditions']).find((each) => each['type'] === type) ?? {}
}
