import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Part} from '../model/part.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {readWebhooks} from './control-plane.ts'
import {namespaceFrom} from './project-namespace.ts'
import {readerOf} from './reads.ts'
import {rulingMeshes} from './ruling-meshes.ts'
import {readWorkloads} from './workload-reads.ts'

/** What decides who is to be enrolled in the mesh: `own` are the namespaces of control planes, `ours` those with the annotation `mark`. */
export interface Enrolling {
  namespaces: Namespace[]
  pods: Pod[]
  webhooks: Webhook[]
  own: string[]
  ours: string[]
}

/** Reads it with the snapshot's own readers, but all of it or nothing: throws a `Failure` that names what was not read. */
export async function readEnrolling(kube: Kube, mark: string, io: Io): Promise<Enrolling> {
  const reader = readerOf(kube, io, Number.POSITIVE_INFINITY)
  const [{pods}, webhooks, namespaces, {meshes}] = await Promise.all([
    readWorkloads(reader),
    readWebhooks(reader),
    kube.list('/api/v1/namespaces', (object) => ({...namespaceFrom(object), isOurs: object.metadata.annotations?.[mark] !== undefined})),
    rulingMeshes(kube),
  ])
  return {
    namespaces,
    pods: whole(pods),
    webhooks: whole(webhooks),
    own: [...new Set(meshes.flatMap(({namespace, rootNamespace}) => [namespace, rootNamespace]))],
    ours: namespaces.filter(({isOurs}) => isOurs).map(({name}) => name),
  }
}

function whole<T>(part: Part<T>): T {
  if (part.read) return part.value
  const isRefused = part.reason.includes('(403)')
  throw new Failure(`Who is to be enrolled cannot be told: ${part.reason}.`, {
    cure: `${isRefused ? 'Grant the role `read` of docs/permissions.md to the account of this kubeconfig.' : 'Run again once the API server answers.'} No namespace was labelled.`,
    entry: isRefused ? 'permission' : 'api-server-failing',
  })
}
