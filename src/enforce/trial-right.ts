import type {Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'

/** Throws a `Failure` where the account may not delete the policies that would be new: a trial that cannot be taken back is none. */
export async function demandRightToTakeBack(created: readonly {namespace: string}[], kube: Kube): Promise<void> {
  const namespaces = [...new Set(created.map(({namespace}) => namespace))]
  const answers = await Promise.all(namespaces.map((namespace) => mayDelete(namespace, kube)))
  const denied = namespaces.filter((_, at) => answers[at] === false)
  if (denied.length === 0) return
  const shown = `${denied
    .slice(0, 5)
    .map((name) => `\`${name}\``)
    .join(', ')}${denied.length > 5 ? ` and ${denied.length - 5} more` : ''}`
  throw new Failure(
    `STRICT would be on trial, and this account may not take it back: it lacks \`delete\` on \`security.istio.io/peerauthentications\` in ${shown}.`,
    {
      cure: 'Grant the role `enforce` of docs/permissions.md, or set `rollout: immediate`, which never takes back. STRICT was not written.',
      entry: 'permission',
    },
  )
}

async function mayDelete(namespace: string, kube: Kube): Promise<boolean | undefined> {
  const {status} = await kube.create<{status?: {allowed?: boolean}}>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {resourceAttributes: {group: 'security.istio.io', resource: 'peerauthentications', verb: 'delete', namespace}},
  })
  return status?.allowed
}
