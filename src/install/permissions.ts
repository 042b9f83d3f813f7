import type {Kube} from '../io/io.ts'
import type {Problem} from '../model/problem.ts'
import {istioNamespace} from './found.ts'
import type {InstallPlan} from './plan.ts'

/** One thing a plan will do: verbs on a resource, in one namespace or (`namespace` '') in the whole cluster, `name` where one object is enough. */
export interface Permission {
  group: string
  resource: string
  verbs: string[]
  namespace: string
  name?: string
}

/** Exactly what helm and we will do for this plan: the kinds of the charts' templates, helm's own records, and what we read. */
export function permissionsFor(plan: InstallPlan, namespaceExists: boolean): Permission[] {
  if (plan.do === 'leave') return []
  const charts = new Set(plan.releases.map(({chart}) => chart))
  const installs = plan.releases.some(({helmRevision, repair}) => helmRevision === 0 || repair !== '')
  // Waiting, helm 4 watches every kind that it applied, and lists the ReplicaSets behind a Deployment.
  const write = ['get', 'list', 'watch', 'create', 'patch']
  const here = (group: string, ...resources: string[]) =>
    resources.map((resource) => ({group, resource, verbs: write, namespace: istioNamespace}))
  const everywhere = (group: string, ...resources: string[]) =>
    resources.map((resource) => ({group, resource, verbs: write, namespace: ''}))
  return [
    ...(namespaceExists ? [] : [{group: '', resource: 'namespaces', verbs: ['create'], namespace: ''}]),
    // helm 4 applies the namespace even where it exists; a repair is noted on it.
    ...(installs ? [{group: '', resource: 'namespaces', verbs: ['patch'], namespace: istioNamespace}] : []),
    {group: '', resource: 'secrets', verbs: ['get', 'list', 'create', 'update', 'delete'], namespace: istioNamespace},
    {group: '', resource: 'pods', verbs: ['list'], namespace: istioNamespace},
    ...here('', 'serviceaccounts'),
    ...everywhere('admissionregistration.k8s.io', 'validatingwebhookconfigurations'),
    ...(charts.has('base') ? everywhere('apiextensions.k8s.io', 'customresourcedefinitions') : []),
    ...here('', 'configmaps', 'services'),
    ...here('apps', 'deployments'),
    {group: 'apps', resource: 'replicasets', verbs: ['list'], namespace: istioNamespace},
    ...here('autoscaling', 'horizontalpodautoscalers'),
    ...here('policy', 'poddisruptionbudgets'),
    ...here('rbac.authorization.k8s.io', 'roles', 'rolebindings'),
    ...everywhere('rbac.authorization.k8s.io', 'clusterroles', 'clusterrolebindings'),
    ...everywhere('admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
    {group: 'security.istio.io', resource: 'peerauthentications', verbs: ['create'], namespace: istioNamespace},
    ...agentPermissions(plan, write),
    lockPermission(istioNamespace),
  ]
}

/** The kinds of the charts `cni` and `ztunnel`, in the namespace they go to. */
function agentPermissions(plan: InstallPlan & {do: 'apply'}, verbs: string[]): Permission[] {
  const namespaces = [...new Set(plan.releases.filter(({chart}) => chart === 'cni' || chart === 'ztunnel').map(({namespace}) => namespace))]
  return namespaces.flatMap((namespace) => [
    {group: 'apps', resource: 'daemonsets', verbs, namespace},
    ...(namespace === istioNamespace
      ? []
      : [
          {group: '', resource: 'secrets', verbs: ['get', 'list', 'create', 'update', 'delete'], namespace},
          {group: '', resource: 'serviceaccounts', verbs, namespace},
          {group: '', resource: 'configmaps', verbs, namespace},
        ]),
  ])
}

/** What keeping other runs away takes (lock.ts). */
export function lockPermission(namespace: string): Permission {
  return {group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'create', 'patch', 'delete'], namespace}
}

/** Asks the API server (SelfSubjectAccessReview) for each permission of the role; one problem naming all that is missing, or none. */
export async function missingPermissions(
  permissions: Permission[],
  kube: Kube,
  role: 'enforce' | 'enroll' | 'uninstall' = 'enforce',
): Promise<Problem[]> {
  if (permissions.length === 0 || (await isAllowed({group: '*', resource: '*', namespace: ''}, '*', kube))) return []
  const asked = permissions.flatMap((permission) => permission.verbs.map((verb) => ({permission, verb})))
  const answers = await Promise.all(asked.map(({permission, verb}) => isAllowed(permission, verb, kube)))
  const denied = asked.filter((_, index) => !answers[index])
  if (denied.length === 0) return []
  const rules = permissions.flatMap((permission) => {
    const verbs = denied.filter((each) => each.permission === permission).map(({verb}) => verb)
    return verbs.length === 0 ? [] : [ruleText(permission, verbs)]
  })
  return [
    {
      says: `The account of this kubeconfig lacks permissions that ${taskOf[role]} needs: ${rules.join('; ')}.`,
      cure: `Grant the role \`${role}\` of docs/permissions.md, or the rules named here.`,
      entry: 'permission',
    },
  ]
}

const taskOf = {enforce: 'this run', enroll: '`enroll`', uninstall: 'the uninstall'}

const reviewsPath = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

async function isAllowed({group, resource, namespace, name}: Omit<Permission, 'verbs'>, verb: string, kube: Kube): Promise<boolean> {
  const review = await kube.create<{status?: {allowed?: boolean}}>(reviewsPath, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {resourceAttributes: {group, resource, verb, namespace, ...(name === undefined ? {} : {name})}},
  })
  return review.status?.allowed === true
}

function ruleText({group, resource, namespace, name}: Permission, verbs: string[]): string {
  const where = namespace === '' ? 'in the cluster' : `in \`${namespace}\``
  const what = `${group === '' ? '' : `${group}/`}${resource}${name === undefined ? '' : `/${name}`}`
  return `\`${verbs.join(',')}\` on \`${what}\` ${where}`
}
