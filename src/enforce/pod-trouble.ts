import type {Kube, KubeObject} from '../io/io.ts'

/** What keeps the pods of a selector from being ready, in Kubernetes' own words, three at most; [] when nothing speaks of trouble. */
export async function podTroubles(namespace: string, selector: unknown, kube: Kube): Promise<string[]> {
  const {matchLabels = {}} = (selector ?? {}) as {matchLabels?: Record<string, string>}
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  // Without labels the query would name every pod of the namespace.
  if (labels.length === 0) return []
  const query = new URLSearchParams({labelSelector: labels.join(',')})
  return (await kube.list(`/api/v1/namespaces/${namespace}/pods?${query}`, podTrouble)).slice(0, 3)
}

interface PodStatus {
  conditions?: {type: string; status: string; reason?: string; message?: string}[]
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
}

interface ContainerStatus {
  name: string
  ready?: boolean
  started?: boolean
  state?: {running?: object; waiting?: {reason?: string; message?: string}}
}

function podTrouble({metadata, status}: KubeObject): string | null {
  if (metadata.deletionTimestamp !== undefined) return null
  const {conditions = [], initContainerStatuses = [], containerStatuses = []} = (status ?? {}) as PodStatus
  if (conditions.some(({type, status: is}) => type === 'Ready' && is === 'True')) return null
  const unscheduled = conditions.find(({type, status: is}) => type === 'PodScheduled' && is === 'False')
  if (unscheduled !== undefined) return `pod \`${metadata.name}\`: ${said(unscheduled)}`
  const all = [...initContainerStatuses, ...containerStatuses]
  const stuck = all.find(({state}) => state?.waiting?.reason !== undefined && !passing.has(state.waiting.reason))
  if (stuck !== undefined) return `pod \`${metadata.name}\`, container \`${stuck.name}\`: ${said(stuck.state?.waiting ?? {})}`
  const unready = containerStatuses.filter(({ready, state}) => ready === false && state?.running !== undefined)
  return unready.length === 0 ? null : `pod \`${metadata.name}\`: ${unready.map(({name}) => `\`${name}\``).join(', ')} not ready`
}

const passing = new Set(['ContainerCreating', 'PodInitializing'])

function said({reason, message}: {reason?: string; message?: string}): string {
  return [reason, message].filter(Boolean).join(': ').replace(/\s+/g, ' ').slice(0, 300)
}
