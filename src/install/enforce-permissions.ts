import {parse} from 'yaml'
import {policyPath} from '../derive/policy-kinds.ts'
import type {KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import {isMeshWide} from '../model/snapshot.ts'
import {istioNamespace} from './found.ts'
import type {Permission} from './permissions.ts'

/** What decides which policies a run will write; `ownPolicies`: the user's own, as read from `policies`. */
export type EnforceWish = Pick<Inputs, 'namespaces' | 'accessLogging' | 'values' | 'install'> & {ownPolicies?: readonly KubeObject[]}

/**
 * What the stages after the install will write, asked before it: an account that may install and not enforce would leave half a run. Where
 * Istio is left alone the root namespace is not asked about, for its policy may well be in force already.
 */
export function enforcePermissions(wish: EnforceWish): Permission[] {
  const write = (group: string, resource: string, namespace: string): Permission => ({
    group,
    resource,
    verbs: ['create', 'patch'],
    namespace,
  })
  const places = placesOf(wish)
  const own = (wish.ownPolicies ?? []).map((policy) => {
    const [, , group = '', , , namespace = '', resource = ''] = policyPath(policy).split('/')
    return write(group, resource, namespace)
  })
  const all = [
    ...places.map((namespace) => write('security.istio.io', 'peerauthentications', namespace)),
    ...(wish.accessLogging ? places.map((namespace) => write('telemetry.istio.io', 'telemetries', namespace)) : []),
    ...own,
  ]
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

/** As enforcing chooses them (enforce/targets.ts): the root namespace for the whole mesh, else each of the scope; '' for the whole cluster. */
function placesOf({namespaces, values, install}: EnforceWish): string[] {
  if (isMeshWide({namespaces, exclude: []})) return install === 'never' || hasOtherRoot(values) ? [] : [istioNamespace]
  return namespaces.some((glob) => glob.includes('*')) ? [''] : namespaces
}

function hasOtherRoot(values: string): boolean {
  const {meshConfig} = ((values === '' ? null : parse(values)) ?? {}) as {meshConfig?: {rootNamespace?: unknown} | null}
  return meshConfig?.rootNamespace !== undefined
}
