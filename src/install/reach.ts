import type {Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import {type Problem, refuse} from '../model/problem.ts'

/**
 * Makes sure, in every mode and before anything else, that the API server answers and is the one that `expected-cluster` names
 * (its URL, or the UID of namespace kube-system; '' for any). Throws a `Failure` that says which it is not.
 */
export async function reach(kube: Kube, expectedCluster: string): Promise<void> {
  await reachable(kube)
  refuse(await clusterProblems(expectedCluster, kube), 'Nothing was changed.')
}

/** Guards against the wrong kubeconfig. */
async function clusterProblems(expected: string, kube: Kube): Promise<Problem[]> {
  if (expected === '') return []
  const isUrl = expected.includes('://')
  const is = isUrl ? kube.server : ((await kube.get('/api/v1/namespaces/kube-system')).metadata.uid ?? '')
  if (same(is, expected)) return []
  return [
    {
      says: `This is not the cluster that \`expected-cluster\` names: expected \`${expected}\`, found \`${is}\`.`,
      cure: 'Point `kubeconfig` and `context` at the intended cluster, or correct `expected-cluster`.',
      entry: 'wrong-cluster',
    },
  ]
}

function same(left: string, right: string): boolean {
  return plainUrl(left) === plainUrl(right)
}

function plainUrl(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/^(https:\/\/[^/:]+):443$/, '$1')
}

async function reachable(kube: Kube): Promise<void> {
  try {
    await kube.get<KubeObject>('/version')
  } catch (thrown) {
    if (thrown instanceof KubeFailure && (thrown.status === 401 || thrown.status === 403)) {
      throw new Failure(`The API server at \`${kube.server}\` refuses the credentials of this kubeconfig: ${thrown.message}`, {
        cure: 'Renew the token or certificate in `kubeconfig`; nothing was changed.',
        entry: 'credentials',
        cause: thrown,
      })
    }
    throw new Failure(`The API server at \`${kube.server}\` does not answer: ${messageOf(thrown)}`, {
      cure: 'Check the address in `kubeconfig`, and that this runner may reach it (firewall, proxy, VPN); nothing was changed.',
      entry: 'unreachable',
      cause: thrown,
    })
  }
}
