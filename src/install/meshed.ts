import type {Kube, KubeObject} from '../io/io.ts'
import {istioNamespace} from './found.ts'

/** A workload that still runs with Istio's data plane. */
export interface Meshed {
  namespace: string
  kind: string
  name: string
  /** Revision that injected it, '' when it does not say. */
  revision: string
  dataPlane: 'sidecar' | 'ambient'
}

/** Workloads outside istio-system whose pods carry a sidecar, or whose traffic ztunnel carries; each once. */
export async function findMeshed(kube: Kube): Promise<Meshed[]> {
  const pods = await kube.list('/api/v1/pods', meshedFrom, {kind: 'Pod'})
  const byName = new Map(pods.map((each) => [`${each.namespace}/${each.kind}/${each.name}/${each.dataPlane}`, each]))
  return [...byName.values()].sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
}

/** `shop/Deployment web`, as notes name it. */
export function nameOf({namespace, kind, name}: Meshed): string {
  return `${namespace}/${kind} ${name}`
}

/** What starts these workloads anew, without their sidecars: one command a namespace and kind; '' for what nothing restarts. */
export function restartCommands(meshed: Meshed[]): string[] {
  const groups = new Map<string, string[]>()
  for (const {namespace, kind, name} of meshed) {
    if (!restartable.includes(kind)) continue
    const key = `kubectl -n ${namespace} rollout restart ${kind.toLowerCase()}`
    groups.set(key, [...(groups.get(key) ?? []), name])
  }
  return [...groups].map(([command, names]) => `${command} ${names.join(' ')}`)
}

const restartable = ['Deployment', 'StatefulSet', 'DaemonSet']

function meshedFrom(pod: KubeObject): Meshed | null {
  const {namespace = '', name, labels = {}, annotations = {}, ownerReferences = [], deletionTimestamp} = pod.metadata
  const {phase} = (pod['status'] ?? {}) as {phase?: string}
  if (namespace === istioNamespace || deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed') return null
  const status = annotations['sidecar.istio.io/status']
  const isAmbient = annotations['ambient.istio.io/redirection'] === 'enabled'
  if (status === undefined && !isAmbient) return null
  const owner = ownerReferences.find(({controller}) => controller)
  const hash = labels['pod-template-hash']
  const isOfDeployment = owner?.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
  return {
    namespace,
    kind: isOfDeployment ? 'Deployment' : (owner?.kind ?? 'Pod'),
    name: isOfDeployment ? owner.name.slice(0, -hash.length - 1) : (owner?.name ?? name),
    revision: status === undefined ? '' : revisionIn(status),
    dataPlane: status === undefined ? 'ambient' : 'sidecar',
  }
}

/** The injector's own record (pkg/kube/inject: SidecarInjectionStatus). */
function revisionIn(status: string): string {
  try {
    const {revision} = JSON.parse(status) as {revision?: unknown}
    return typeof revision === 'string' ? revision : ''
  } catch {
    return ''
  }
}
