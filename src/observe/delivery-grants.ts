import type {Io, Kube} from '../io/io.ts'
import {KubeFailure, messageOf} from '../model/failure.ts'
import {bounded} from './bounded.ts'

/** Says of a namespace why its pods' ports cannot be forwarded, or '' when they can. */
export type Grants = (namespace: string) => string

/**
 * Asks the API server by SelfSubjectAccessReview, once for the whole cluster and else by namespace, whether this account may forward ports: over
 * WebSocket that takes `get`, and since Kubernetes 1.35 `create` as well (pkg/registry/core/pod/rest: ensureAuthorizedForVerb). Throws where the API server fails to
 * answer: that is no refusal, and would skip what was to be checked.
 */
export async function forwardingGrants(
  namespaces: readonly string[],
  concurrency: number,
  kube: Kube,
  io: Pick<Io, 'cancelled'>,
): Promise<Grants> {
  const wanted = [...new Set(namespaces)]
  if (wanted.length === 0) return () => ''
  if (wanted.length > 1 && (await withheld('', kube)) === '') return () => ''
  const answers = await bounded(wanted, concurrency, async (namespace) =>
    io.cancelled.aborted ? 'the run was cancelled' : withheld(namespace, kube),
  )
  const byName = new Map(wanted.map((namespace, at) => [namespace, answers[at] ?? '']))
  return (namespace) => byName.get(namespace) ?? 'it was not asked for'
}

async function withheld(namespace: string, kube: Kube): Promise<string> {
  try {
    for (const verb of ['create', 'get']) {
      const attributes = {verb, resource: 'pods', subresource: 'portforward', ...(namespace === '' ? {} : {namespace})}
      const {status} = await kube.create<Review>(reviews, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {resourceAttributes: attributes},
      })
      if (status?.allowed !== true) return `\`${verb}\` on \`pods/portforward\` is not granted`
    }
    return ''
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure && refusals.has(thrown.status))) throw thrown
    return `the API server did not say what is granted: ${messageOf(thrown)}`
  }
}

/** It may not be asked, or cannot tell. */
const refusals: ReadonlySet<number> = new Set([401, 403, 404, 405])

const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

interface Review {
  status?: {allowed?: boolean}
}
