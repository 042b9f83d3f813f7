import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {isInScope, isMeshWide} from '../model/snapshot.ts'
import type {Found, FoundMesh} from './found.ts'

export type Scoped = Pick<Inputs, 'namespaces' | 'excludeNamespaces' | 'allowEmpty' | 'revision'>

/** A namespace that shall hold a policy, and the control planes that must then obey it. */
export interface Target {
  namespace: string
  readers: FoundMesh[]
}

/** All targets of a scope; `meshes` are the control planes that were asked for. */
export interface Targets {
  meshes: FoundMesh[]
  targets: Target[]
  problems: Problem[]
  notes: string[]
}

/**
 * Scope `*`: the root namespace of each control plane. Any other scope: each namespace in it, and never the root namespace,
 * for one team's scope must not change another's mesh (interface.md, `namespaces`).
 */
export function targetsOf(wish: Scoped, found: Found): Targets {
  const meshes = found.meshes.filter(({revision}) => wish.revision === '' || revision === wish.revision)
  const nothing = {meshes, targets: [], notes: []}
  if (meshes.length === 0) {
    const others = found.meshes.map(({revision}) => `\`${revision}\``).join(', ')
    return {
      ...nothing,
      problems: [
        problem(`No control plane of revision \`${wish.revision}\` runs here, only ${others}.`, 'Correct `revision`.', 'no-istio'),
      ],
    }
  }
  const roots = [...new Set(meshes.map(({rootNamespace}) => rootNamespace))]
  return isMeshWide({namespaces: wish.namespaces, exclude: []})
    ? rootTargets(meshes, roots, found)
    : scopedTargets(wish, meshes, roots, found)
}

/** True for a namespace whose policies a run of this scope may change: all of them where it is the whole mesh. */
export function isTargeted(namespace: string, wish: Scoped, found: Found): boolean {
  return (
    isMeshWide({namespaces: wish.namespaces, exclude: []}) ||
    targetsOf(wish, found).targets.some((target) => target.namespace === namespace)
  )
}

function rootTargets(meshes: FoundMesh[], roots: string[], {namespaces}: Found): Targets {
  const problems = roots.flatMap((root) => {
    const phase = namespaces.find(({name}) => name === root)?.phase
    if (phase === 'Active') return []
    return [
      problem(
        `The root namespace \`${root}\` ${phase === undefined ? 'does not exist' : 'is being deleted'}.`,
        'Create it, or correct meshConfig.rootNamespace.',
        'root-namespace',
      ),
    ]
  })
  const targets = roots.map((root) => ({namespace: root, readers: meshes.filter(({rootNamespace}) => rootNamespace === root)}))
  return {meshes, targets, problems, notes: []}
}

function scopedTargets(wish: Scoped, meshes: FoundMesh[], roots: string[], found: Found): Targets {
  const scope = {namespaces: wish.namespaces, exclude: wish.excludeNamespaces}
  const known = new Set(found.namespaces.map(({name}) => name))
  const absent = wish.namespaces.filter((glob) => !glob.includes('*') && !known.has(glob))
  const inScope = found.namespaces.filter(({name}) => !roots.includes(name) && isInScope(scope, name, ''))
  const leaving = inScope.filter(({phase}) => phase === 'Terminating').map(({name}) => name)
  const namespaces = inScope.filter(({phase}) => phase !== 'Terminating').map(({name}) => name)
  const problems = absent.map((name) =>
    problem(`\`namespaces\` names \`${name}\`, which does not exist.`, `Create it, or correct the name.`, 'empty-scope'),
  )
  if (namespaces.length === 0 && absent.length === 0 && !wish.allowEmpty) {
    problems.push(
      problem(
        `\`namespaces\` (${wish.namespaces.join(', ')}) matches no namespace.`,
        'Correct `namespaces` or `exclude-namespaces`.',
        'empty-scope',
      ),
    )
  }
  const notes = [
    ...leaving.map((name) => `Namespace ${name} is being deleted and got no policy.`),
    ...roots
      .filter((root) => wish.namespaces.includes(root))
      .map((root) => `Namespace ${root} is a root namespace: a policy there would rule the whole mesh, so none was written.`),
    ...(namespaces.length === 0 ? [`No namespace matches ${wish.namespaces.join(', ')}: no policy was written.`] : []),
  ]
  return {meshes, targets: namespaces.map((namespace) => ({namespace, readers: meshes})), problems, notes}
}

function problem(says: string, cure: string, entry: string): Problem {
  return {says, cure, entry}
}
