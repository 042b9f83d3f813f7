import type {Inputs} from '../model/inputs.ts'
import type {Permission} from './permissions.ts'

/** What `enroll: true` will do besides the role `enforce`: labels of namespaces and, where pods get a sidecar, restarts. By name where the scope has names. */
export function enrollPermissions({enroll, namespaces, profile}: Pick<Inputs, 'enroll' | 'namespaces' | 'profile'>): Permission[] {
  if (!enroll) return []
  const places = namespaces.some((glob) => glob.includes('*')) ? [''] : namespaces
  return places.flatMap((namespace) => {
    const ofOne = namespace === '' ? {} : {name: namespace}
    const patch = (group: string, resource: string, more = {}): Permission => ({group, resource, verbs: ['patch'], namespace, ...more})
    return [
      patch('', 'namespaces', ofOne),
      ...(profile === 'ambient' ? [] : ['deployments', 'statefulsets', 'daemonsets'].map((resource) => patch('apps', resource))),
      ...(profile === 'ambient' ? [] : [{group: 'policy', resource: 'poddisruptionbudgets', verbs: ['list'], namespace}]),
    ]
  })
}
