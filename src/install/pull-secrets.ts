import type {Kube} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {globMatches} from '../model/snapshot.ts'
import {agentCharts, agentNamespace} from './agents.ts'
import {istioNamespace} from './found.ts'

export type PullSecretWish = Pick<
  Inputs,
  'imagePullSecrets' | 'namespaces' | 'excludeNamespaces' | 'enroll' | 'profile' | 'platform' | 'cniValues'
>

/** Where pull secrets must be: a namespace of the cluster, and whether its pods get a proxy. */
export interface PullSecretPlace {
  namespace: string
  injected: boolean
}

/**
 * The pull secrets that are missing: in the namespaces of the control plane they stop the run, for istiod could not start. In namespaces with
 * injection they are a warning, for pods that run keep running; with `enroll`, which restarts them, they stop the run, too.
 */
export function missingPullSecrets(
  wish: PullSecretWish,
  places: PullSecretPlace[],
  present: Record<string, string[]>,
): {problems: Problem[]; warnings: string[]} {
  const own = [...new Set([istioNamespace, ...(agentCharts(wish).length > 0 ? [agentNamespace(wish.platform)] : [])])]
  const inScope = ({namespace}: PullSecretPlace) =>
    wish.namespaces.some((glob) => globMatches(glob, namespace)) && !wish.excludeNamespaces.some((glob) => globMatches(glob, namespace))
  const users = places.filter((place) => place.injected && inScope(place) && !own.includes(place.namespace)).map(({namespace}) => namespace)
  const lacking = (namespaces: string[]) =>
    wish.imagePullSecrets.flatMap((secret) => {
      const without = namespaces.filter((namespace) => !present[secret]?.includes(namespace))
      return without.length === 0 ? [] : [`Secret \`${secret}\` is missing in ${without.map((each) => `\`${each}\``).join(', ')}`]
    })
  const stops = lacking(wish.enroll ? [...own, ...users] : own)
  const warns = wish.enroll ? [] : lacking(users)
  return {
    problems: stops.map((says) => ({
      says: `${says}, which \`image-pull-secrets\` names.`,
      cure: `Create it there first: \`kubectl -n NAMESPACE create secret docker-registry NAME --docker-server=… --docker-username=… --docker-password=…\`.`,
      entry: 'pull-secret-missing',
    })),
    warnings: warns.map((says) => `${says}: pods restarted there cannot pull the proxy's image.`),
  }
}

/** Reads in which namespaces each secret is; of the Secrets nothing but the namespace is kept. */
export async function findPullSecrets(names: string[], kube: Kube): Promise<Record<string, string[]>> {
  const found = await Promise.all(
    names.map(async (name) => [name, await kube.list(pullSecretPath(name), ({metadata}) => metadata.namespace ?? null)] as const),
  )
  return Object.fromEntries(found)
}

/** All Secrets of that name. */
export function pullSecretPath(name: string): string {
  return `/api/v1/secrets?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`
}
