import type {Kube} from '../io/io.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Ref} from '../model/ref.ts'
import {claimants, meshOf, webhookReads} from './control-plane.ts'
import {istiodFrom} from './project-istiod.ts'
import {defaultMesh} from './project-mesh.ts'
import {webhooksFrom} from './project-webhook.ts'

/** The control planes that rule a cluster; `readyReplicas` null: no istiod runs here (a managed or remote one), so Istio's default place speaks. */
export interface RulingMeshes {
  meshes: (Mesh & {readyReplicas: number | null})[]
  impostors: Ref[]
}

/** The same istiods and mesh configurations as a snapshot holds (rule 5), read before a change; throws what the API server refuses. */
export async function rulingMeshes(kube: Kube): Promise<RulingMeshes> {
  const [found, ...webhooks] = await Promise.all([
    kube.list(istiodsPath, istiodFrom),
    ...webhookReads.map(([kind, {resource, group}]) => kube.list(`/apis/${group}/v1/${resource}`, (item) => webhooksFrom(item, kind))),
  ])
  const {istiods, impostors} = claimants(found, webhooks.flat(2))
  const elsewhere = {namespace: 'istio-system', revision: 'default', env: {}, readyReplicas: null}
  const ruling = istiods.length > 0 ? istiods : [elsewhere]
  const meshes = await Promise.all(
    ruling.map(async (istiod) => ({
      ...((await meshOf(istiod, kube)) ?? defaultMesh(istiod.revision, istiod.namespace)),
      readyReplicas: istiod.readyReplicas,
    })),
  )
  return {meshes, impostors}
}

export const istiodsPath = '/apis/apps/v1/deployments?labelSelector=app%3Distiod'
