import type {Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {type Problem, refuse} from '../model/problem.ts'
import {type Found, findInstall} from './found.ts'
import {missingPermissions, permissionsFor} from './permissions.ts'
import {type InstallPlan, planInstall} from './plan.ts'
import {valuesProblems} from './values.ts'

type Asked = Pick<Inputs, 'expectedCluster' | 'install' | 'takeOver' | 'istioVersion' | 'revision' | 'timeoutMs' | 'values'>

/** Everything that forbids the install, found before any change and thrown as one `Failure`; else what was found and the plan. */
export async function preflight(inputs: Asked, kube: Kube, now: number): Promise<{found: Found; plan: InstallPlan}> {
  await reachable(kube)
  const [wrongCluster, found] = await Promise.all([clusterProblems(inputs.expectedCluster, kube), readable(kube)])
  const plan = planInstall(inputs, found, now)
  const problems = plan.do === 'leave' ? [] : plan.problems
  const missing = await missingPermissions(permissionsFor(plan, found.namespace.exists), kube)
  const wrongValues = plan.do === 'leave' ? [] : valuesProblems(inputs)
  refuse([...wrongCluster, ...wrongValues, ...problems, ...missing], 'Nothing was changed.')
  return {found, plan}
}

/** `expected-cluster` guards against the wrong kubeconfig: the API server's URL, or the UID of namespace kube-system. */
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

async function readable(kube: Kube): Promise<Found> {
  try {
    return await findInstall(kube)
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure) || thrown.status !== 403) throw thrown
    throw new Failure(`What is installed already cannot be read: ${thrown.message}`, {
      cure: 'Grant the role `enforce` of docs/permissions.md to the account of this kubeconfig; nothing was changed.',
      entry: 'permission',
      cause: thrown,
    })
  }
}
