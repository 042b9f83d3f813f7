import type {KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {isInScope, isMeshWide} from '../model/snapshot.ts'
import type {Found} from './found.ts'
import {type Scoped, targetsOf} from './targets.ts'

/** A problem with the line that it is about. */
export interface PlacedProblem extends Problem {
  file?: string
  line?: number
}

/** What forbids the user's policies before any is tried: namespaces that this run shall not touch, and what each run would undo again. */
export function contradictions(wish: Scoped & Pick<Inputs, 'mtlsMode'>, policies: readonly KubeObject[], found: Found): PlacedProblem[] {
  const {targets, problems} = targetsOf(wish, found)
  const places = new Set(targets.map(({namespace}) => namespace))
  return [
    ...problems,
    ...policies.flatMap((policy) => {
      const problem = outside(wish, policy, found) ?? (places.has(policy.metadata.namespace ?? '') ? weakening(wish, policy) : null)
      return problem === null ? [] : [{...problem, file: policy.file, line: policy.line}]
    }),
  ]
}

/** One team's scope must not change another's mesh (interface.md, `namespaces`); the root namespace belongs to the scope `*` alone. */
function outside(wish: Scoped, policy: KubeObject, found: Found): Problem | null {
  const namespace = policy.metadata.namespace ?? ''
  const isRoot = found.meshes.some(({rootNamespace}) => rootNamespace === namespace)
  const scope = {namespaces: wish.namespaces, exclude: wish.excludeNamespaces}
  if (isRoot ? isMeshWide({namespaces: wish.namespaces, exclude: []}) : isInScope(scope, namespace, '')) return null
  return {
    says: isRoot
      ? `${nameOf(policy)} rules the whole mesh from the root namespace, but \`namespaces\` is \`${wish.namespaces.join(', ')}\`.`
      : `${nameOf(policy)} is in a namespace that \`namespaces\` and \`exclude-namespaces\` leave out.`,
    cure: 'Apply it where its namespace is in the scope, or take it out of `policies`.',
    entry: 'policies-scope',
  }
}

/**
 * A PeerAuthentication in the very place where enforcing writes: each run would undo the other's work. An exception for a workload, or for a
 * namespace below a mesh-wide policy, is none: it is applied, and judged.
 */
function weakening({mtlsMode}: Pick<Inputs, 'mtlsMode'>, policy: KubeObject): Problem | null {
  if (policy.kind !== 'PeerAuthentication') return null
  const {selector, mtls} = (policy['spec'] ?? {}) as {selector?: {matchLabels?: object}; mtls?: {mode?: string}}
  const mode = mtls?.mode ?? 'UNSET'
  if (Object.keys(selector?.matchLabels ?? {}).length > 0 || !(rank[mode] ?? []).includes(mtlsMode)) return null
  return {
    says: `${nameOf(policy)} makes all of \`${policy.metadata.namespace}\` ${mode}, but \`mtls-mode\` is ${mtlsMode}.`,
    cure: 'Take it out of `policies`, give it a selector so that it is an exception for some workloads, or set `mtls-mode: PERMISSIVE`.',
    entry: 'policies-contradict',
  }
}

/** What each mode is weaker than. */
const rank: Record<string, string[]> = {DISABLE: ['PERMISSIVE', 'STRICT'], PERMISSIVE: ['STRICT']}

function nameOf({kind, metadata: {namespace, name}, file, line}: KubeObject): string {
  return `${kind} \`${namespace}/${name}\` (\`${file}\`, line ${line})`
}
