import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import {proberLabels} from './prober-pod.ts'

/** Where probers stand while a run needs them. */
export interface ProberNamespace {
  /** True when a run of this action made it: then the last one to leave removes it. */
  made: boolean
  /** OpenShift gives the namespace user ids of its own. */
  choosesUserIds: boolean
}

/**
 * Finds the probers' namespace or makes it. A made one demands the Pod Security standard `restricted`, unless a meshed prober must fit in, whose capture
 * needs NET_ADMIN; it carries no label of Istio's, so that a pod's own label decides about injection (rule 28).
 */
export async function proberNamespace(
  name: string,
  meshed: boolean,
  kube: Kube,
  io: Pick<Io, 'clock' | 'cancelled'>,
): Promise<ProberNamespace> {
  const path = `/api/v1/namespaces/${name}`
  let found = await kube.find(path)
  const until = io.clock.ticks() + endingMs
  while (found?.metadata.deletionTimestamp !== undefined && io.clock.ticks() < until) {
    // What an earlier run made is still going: nothing can be made in it.
    await io.clock.sleep(1000, io.cancelled)
    found = await kube.find(path)
  }
  if (found !== null) return namespaceFrom(found)
  const enforce = meshed ? 'privileged' : 'restricted'
  const labels = {...proberLabels, 'pod-security.kubernetes.io/enforce': enforce}
  try {
    return namespaceFrom(
      await kube.create<KubeObject>('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels}}),
    )
  } catch (thrown) {
    if (thrown instanceof KubeFailure && thrown.status === 409) return namespaceFrom(await kube.get(path))
    throw new Failure(`The prober's namespace \`${name}\` does not exist and could not be made: ${messageOf(thrown)}`, {
      cure: 'Apply `rbac/prober.yaml`, which holds the namespace and the role, or set `prober-namespace` to one that exists.',
      entry: 'prober-refused',
      cause: thrown,
    })
  }
}

/** Our labels on a namespace say that no administrator made it; rbac/prober.yaml has none. */
function namespaceFrom({metadata: {labels = {}, annotations = {}}}: KubeObject): ProberNamespace {
  return {
    made: Object.entries(proberLabels).every(([key, value]) => labels[key] === value),
    choosesUserIds: annotations['openshift.io/sa.scc.uid-range'] !== undefined,
  }
}

const endingMs = 60_000
