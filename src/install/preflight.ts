import type {Kube} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import {type Found, findInstall} from './found.ts'
import {missingPermissions, permissionsFor} from './permissions.ts'
import {type InstallPlan, planInstall} from './plan.ts'
import {valuesProblems} from './values.ts'

type Asked = Pick<Inputs, 'install' | 'takeOver' | 'istioVersion' | 'revision' | 'timeoutMs' | 'values'> & {isAlone?: boolean}

/** Everything that forbids the install, found before any change and thrown as one `Failure`; else what was found and the plan. */
export async function preflight(inputs: Asked, kube: Kube, now: number): Promise<{found: Found; plan: InstallPlan}> {
  const found = await readable(kube)
  const plan = planInstall(inputs, found, now)
  const problems = plan.do === 'leave' ? [] : plan.problems
  const missing = await missingPermissions(permissionsFor(plan, found.namespace.exists), kube)
  const wrongValues = plan.do === 'leave' ? [] : valuesProblems(inputs)
  refuse([...wrongValues, ...problems, ...missing], 'Nothing was changed.')
  return {found, plan}
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
