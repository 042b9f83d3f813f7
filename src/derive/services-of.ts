import type {Pod, Service} from '../model/workload.ts'
import {oncePerAlike} from './alike-pods.ts'
import {kept} from './kept.ts'
import {type LabelIndex, labelIndex} from './label-index.ts'

/** Finds the Services that select a pod. */
export type ServicesOf = (pod: Pick<Pod, 'namespace' | 'labels'>) => Service[]

/** Files Services by namespace and selector; those without a selector, and ExternalName ones, select no pod. */
export const servicesOf = kept((services: readonly Service[]): ServicesOf => {
  const selecting = services.filter(({type, selector}) => type !== 'ExternalName' && selector !== null && Object.keys(selector).length > 0)
  const byNamespace = new Map<string, LabelIndex<Service>>()
  for (const [namespace, own] of Map.groupBy(selecting, (service) => service.namespace)) {
    byNamespace.set(
      namespace,
      labelIndex(own, ({selector}) => selector ?? {}),
    )
  }
  return ({namespace, labels}) => byNamespace.get(namespace)?.matching(labels) ?? []
})

/** The pods that each Service selects, in their order; Services that select none are left out. */
export function podsBehind(services: readonly Service[], pods: readonly Pod[]): Map<Service, Pod[]> {
  const selecting = oncePerAlike(servicesOf(services))
  const behind = new Map<Service, Pod[]>()
  for (const pod of pods)
    for (const service of selecting(pod)) {
      const own = behind.get(service)
      if (own === undefined) behind.set(service, [pod])
      else own.push(pod)
    }
  return behind
}
