import {istioNamespace} from './found.ts'
import type {Thing} from './thing.ts'
import {isDeleted} from './our-policies.ts'
import {lockPermission, type Permission} from './permissions.ts'
import type {UninstallPlan} from './uninstall-plan.ts'

/** Exactly what an uninstall of this plan does: helm's part by the kinds of the charts, ours object by object. */
export function uninstallPermissions(plan: UninstallPlan): Permission[] {
  const own = [
    ...plan.webhooks.map((thing) => permissionOn(thing, 'delete')),
    ...plan.policies.map((policy) => permissionOn(policy, isDeleted(policy) ? 'delete' : 'patch')),
    ...plan.enrolled.map(({name}) => ({group: '', resource: 'namespaces', verbs: ['patch'], namespace: name, name})),
    ...plan.leftovers.map((thing) => permissionOn(thing, 'delete')),
    ...plan.crds.map((thing) => permissionOn(thing, 'delete')),
    ...(plan.note ? [{group: '', resource: 'namespaces', verbs: ['patch'], namespace: istioNamespace, name: istioNamespace}] : []),
    ...(plan.namespace ? [{group: '', resource: 'namespaces', verbs: ['delete'], namespace: istioNamespace, name: istioNamespace}] : []),
  ]
  return unique([...helms(plan), ...own, ...(own.length + plan.releases.length > 0 ? [lockPermission(istioNamespace)] : [])])
}

function helms({releases}: UninstallPlan): Permission[] {
  // Waiting, helm watches what it deleted until it is gone.
  const verbs = ['get', 'list', 'watch', 'delete']
  const rules = (namespace: string, group: string, ...resources: string[]) =>
    resources.map((resource) => ({group, resource, verbs, namespace}))
  const namespaces = [...new Set(releases.map(({namespace}) => namespace))]
  const hasAgents = releases.some(({name}) => name === 'ztunnel' || name === 'istio-cni')
  return [
    ...namespaces.flatMap((namespace) => [
      {group: '', resource: 'secrets', verbs: ['get', 'list', 'update', 'delete'], namespace},
      ...rules(namespace, '', 'serviceaccounts', 'configmaps', 'services'),
      ...rules(namespace, 'apps', 'deployments', ...(hasAgents ? ['daemonsets'] : [])),
      ...rules(namespace, 'autoscaling', 'horizontalpodautoscalers'),
      ...rules(namespace, 'policy', 'poddisruptionbudgets'),
      ...rules(namespace, 'rbac.authorization.k8s.io', 'roles', 'rolebindings'),
    ]),
    ...(namespaces.length === 0 ? [] : rules('', 'rbac.authorization.k8s.io', 'clusterroles', 'clusterrolebindings')),
  ]
}

/** The rule behind a path such as `/apis/apps/v1/namespaces/shop/deployments/web`. */
function permissionOn({path, namespace, name}: Thing, verb: string): Permission {
  const parts = path.split('/')
  return {group: parts[1] === 'api' ? '' : (parts[2] ?? ''), resource: parts.at(-2) ?? '', verbs: [verb], namespace, name}
}

/** The same ConfigMap in each of a thousand namespaces is one question about the cluster. */
function unique(permissions: Permission[]): Permission[] {
  const byRule = new Map<string, Permission[]>()
  for (const one of permissions) {
    const key = [one.group, one.resource, one.verbs.join(), one.name ?? ''].join('/')
    byRule.set(key, [...(byRule.get(key) ?? []), one])
  }
  return [...byRule.values()].flatMap((same) => {
    const namespaces = new Set(same.map(({namespace}) => namespace))
    const [first] = same as [Permission, ...Permission[]]
    return namespaces.size > 3 ? [{...first, namespace: ''}] : [...namespaces].map((namespace) => ({...first, namespace}))
  })
}
