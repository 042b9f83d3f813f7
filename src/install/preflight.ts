import type {Kube} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {type Problem, refuse} from '../model/problem.ts'
import {agentCharts, agentNamespace} from './agents.ts'
import {crdProblems, foreignCrds} from './crd-owners.ts'
import {controlPlanesElsewhere, elsewhereProblems} from './elsewhere.ts'
import {type EnforceWish, enforcePermissions} from './enforce-permissions.ts'
import {enrollPermissions} from './enroll-permissions.ts'
import {type Found, istioNamespace} from './found.ts'
import {findInstall} from './find-install.ts'
import {missingPermissions, permissionsFor} from './permissions.ts'
import {type InstallPlan, istiodRelease, planInstall} from './plan.ts'
import {findPullSecrets, missingPullSecrets, type PullSecretPlace, type PullSecretWish} from './pull-secrets.ts'
import {retiredHost} from './retired-hosts.ts'
import {serverFacts, serverNow} from './server-clock.ts'
import {clockSkew, revisionSkew, versionSkew} from './skew.ts'
import {judgeStale, staleWebhooks} from './stale-webhooks.ts'
import {tagFrom, tagProblems, tagsPath} from './tag-problems.ts'
import {valuesProblems} from './values.ts'
import {findWebhooks} from './webhooks-found.ts'

type Asked = PullSecretWish &
  Pick<
    Inputs,
    | 'install'
    | 'takeOver'
    | 'istioVersion'
    | 'helmVersion'
    | 'revision'
    | 'tags'
    | 'hub'
    | 'timeoutMs'
    | 'values'
    | 'ztunnelValues'
    | 'enroll'
  > &
  EnforceWish & {isAlone?: boolean}

/** What an install begins with: the cluster as it is, what to do, and what to warn of. */
export interface Preflight {
  found: Found
  plan: InstallPlan
  warnings: string[]
}

/** Everything that forbids the install, found before any change and thrown as one `Failure`; else what was found, the plan, and warnings. */
export async function preflight(inputs: Asked, kube: Kube, now: number): Promise<Preflight> {
  const agentsIn = inputs.install !== 'never' && agentCharts(inputs).length > 0 ? agentNamespace(inputs.platform) : ''
  const [found, server] = await Promise.all([readable(() => findInstall(kube, agentsIn)), serverFacts(kube)])
  const plan = planInstall(inputs, found, serverNow(server, now))
  if (plan.do === 'leave') {
    refuse([...tagProblems(inputs, found, []), ...(await enrollTroubles(inputs, kube))], 'Nothing was changed.')
    return {found, plan, warnings: []}
  }
  const base = plan.releases.find(({chart}) => chart === 'base')
  const isNewBase = base !== undefined && found.crds !== null && base.mark?.version !== inputs.istioVersion
  const [missing, toEnroll, webhooks, tags, secrets, crds] = await readable(() =>
    Promise.all([
      missingPermissions([...permissionsFor(plan, found.namespace.exists), ...enforcePermissions(inputs)], kube),
      missingPermissions(enrollPermissions(inputs), kube, 'enroll'),
      webhookTroubles(inputs, found, kube),
      inputs.tags.length === 0 ? [] : kube.list(tagsPath, tagFrom),
      inputs.imagePullSecrets.length === 0 ? noTroubles : pullSecretTroubles(inputs, kube),
      isNewBase ? foreignCrds(base, kube) : [],
    ]),
  )
  const problems = [
    ...valuesProblems(inputs),
    ...plan.problems,
    ...tagProblems(inputs, found, tags),
    ...crdProblems(plan.problems.length === 0 ? crds : [], inputs.takeOver),
    ...webhooks.problems,
    ...secrets.problems,
    ...missing,
    ...toEnroll,
  ]
  refuse(problems, 'Nothing was changed.')
  const retired = retiredHost(inputs.hub)
  const warnings = [
    ...versionSkew(inputs, server.version),
    ...revisionSkew(inputs.istioVersion, found.istiods),
    ...clockSkew(server.date, now),
    ...(retired === null ? [] : [retired]),
    ...webhooks.warnings,
    ...secrets.warnings,
  ]
  return {found, plan, warnings}
}

/** Enrolling is the one change before a policy is tried: who may do that and write no policy would stop half-way. */
async function enrollTroubles(inputs: Asked, kube: Kube): Promise<Problem[]> {
  if (!inputs.enroll) return []
  const [toEnroll, toEnforce] = await Promise.all([
    missingPermissions(enrollPermissions(inputs), kube, 'enroll'),
    missingPermissions(enforcePermissions(inputs), kube),
  ])
  return [...toEnroll, ...toEnforce]
}

const noTroubles = {problems: [], warnings: []}

async function webhookTroubles(inputs: Asked, found: Found, kube: Kube) {
  const [webhooks, namespace] = await Promise.all([findWebhooks(kube), kube.find(`/api/v1/namespaces/${istioNamespace}`)])
  const stale = await staleWebhooks(webhooks, kube)
  const coming = [`${istioNamespace}/${istiodRelease(inputs)}`]
  const {problems, warnings} = judgeStale(stale, coming, namespace?.metadata.labels ?? {'kubernetes.io/metadata.name': istioNamespace})
  // Whose Deployment somebody deleted leaves its webhook and Service: a release of ours brings it back.
  const ours = found.releases.filter(({mark}) => mark !== null).map(({namespace: at, name}) => `${at}/${name}`)
  const others = webhooks.filter(({service}) => !ours.includes(service))
  return {problems: [...elsewhereProblems(controlPlanesElsewhere(others, stale, found.istiods), inputs), ...problems], warnings}
}

async function pullSecretTroubles(inputs: Asked, kube: Kube) {
  const [present, places] = await Promise.all([
    findPullSecrets(inputs.imagePullSecrets, kube),
    kube.list('/api/v1/namespaces', ({metadata: {name, labels = {}}}): PullSecretPlace => {
      return {namespace: name, injected: labels['istio-injection'] === 'enabled' || labels['istio.io/rev'] !== undefined}
    }),
  ])
  return missingPullSecrets(inputs, places, present)
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure) || thrown.status !== 403) throw thrown
    throw new Failure(`What is installed already cannot be read: ${thrown.message}`, {
      cure: 'Grant the role `enforce` of docs/permissions.md to the account of this kubeconfig; nothing was changed.',
      entry: 'permission',
      cause: thrown,
    })
  }
}
