import type {KubeObject} from '../io/io.ts'
import {metaFrom} from './project-meta.ts'
import {fieldsOf, listOf, textOf, textsOf} from './untrusted.ts'

/** Ready pods behind each Service, by `namespace/name`; a pod counts once however many families and ports its slices list. */
export function readyEndpoints(slices: KubeObject[]): Record<string, number> {
  const ready = new Map<string, Set<string>>()
  for (const slice of slices) {
    const {namespace, labels} = metaFrom(slice)
    const service = labels['kubernetes.io/service-name']
    if (service === undefined) continue
    const key = `${namespace}/${service}`
    const pods = ready.get(key) ?? new Set()
    ready.set(key, pods)
    for (const endpoint of listOf(slice['endpoints'])) {
      // An absent condition means ready (discovery.k8s.io/v1: EndpointConditions).
      if (fieldsOf(endpoint['conditions'])['ready'] !== false)
        pods.add(textOf(fieldsOf(endpoint['targetRef'])['name']) || textsOf(endpoint['addresses']).join())
    }
  }
  return Object.fromEntries([...ready].map(([key, pods]) => [key, pods.size]))
}
