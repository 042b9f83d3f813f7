import {modeOfLevels} from '../derive/effective-mode.ts'
import {isDiscovered, policiesVisible} from '../derive/policies-visible.ts'
import {isWorkloadLevel, policyIndex} from '../derive/policy-index.ts'
import type {Inputs} from '../model/inputs.ts'
import type {MtlsMode} from '../model/policy.ts'
import type {Problem} from '../model/problem.ts'
import {refText} from '../model/ref.ts'
import {coveredExclusions} from './excluded.ts'
import type {Found, FoundMesh, FoundPolicy} from './found.ts'
import {type Scoped, targetsOf} from './targets.ts'

export type Wish = Scoped & Pick<Inputs, 'mtlsMode' | 'takeOver'>

/** One change: `apply` our own policy `default` server-side, or `take-over` someone's and keep its former spec. */
export type Change =
  | {do: 'apply'; namespace: string; name: 'default'}
  | {do: 'take-over'; namespace: string; name: string; policy: FoundPolicy}

/** All that enforcing would change, all that forbids it, and which policies decide already as asked. */
export interface EnforcePlan {
  changes: Change[]
  settled: string[]
  problems: Problem[]
  notes: string[]
}

/** Marks a policy as this action's own. */
export const managedBy = {'app.kubernetes.io/managed-by': 'istio-mtls-action'}

/**
 * Decides before any change which object will decide afterwards: whatever its name, the oldest visible policy of a level wins (rules 2, 4, 9, 11),
 * so a new one of ours behind an older one would change nothing. Modes are only ever raised, never lowered.
 */
export function planEnforce(wish: Wish, found: Found): EnforcePlan {
  const {meshes, targets, problems, notes} = targetsOf(wish, found)
  const plan: EnforcePlan = {changes: [], settled: [], problems: [...problems, ...unready(meshes)], notes: [...notes, ...unheeded(found)]}
  for (const {namespace, readers} of targets) {
    const decisions = readers.map((mesh) => decide(namespace, mesh, wish, found))
    collect(plan, decisions, namespace)
    const changing = readers.filter((mesh, at) => mesh.rootNamespace === namespace && isChange(decisions[at]))
    plan.problems.push(...coveredExclusions(wish, changing, found))
  }
  return plan
}

type Decision = Change | {do: 'nothing'; because: string} | ({do: 'stop'} & Problem)

function isChange(decision: Decision | undefined): boolean {
  return decision?.do === 'apply' || decision?.do === 'take-over'
}

function unheeded({impostors}: Found): string[] {
  return impostors.map(
    (ref) => `${refText(ref)} claims to be a control plane, but no webhook configuration vouches for it: it was not heeded.`,
  )
}

function collect(plan: EnforcePlan, decisions: Decision[], namespace: string): void {
  const changes = new Map<string, Change>()
  for (const decision of decisions) {
    if (decision.do === 'stop') plan.problems.push({says: decision.says, cure: decision.cure, entry: decision.entry})
    else if (decision.do !== 'nothing') changes.set(`${decision.do} ${decision.name}`, decision)
  }
  plan.changes.push(...changes.values())
  const settled = decisions.find((decision) => decision.do === 'nothing')
  if (changes.size === 0 && settled?.do === 'nothing') plan.settled.push(`${namespace}: ${settled.because}`)
}

function decide(namespace: string, mesh: FoundMesh, wish: Wish, found: Found): Decision {
  const labels = found.namespaces.find(({name}) => name === namespace)?.labels ?? {}
  if (!isDiscovered(mesh, labels)) return undiscovered(namespace, mesh)
  const index = policyIndex(policiesVisible(found.policies, mesh, found.namespaces), mesh.rootNamespace)
  const isRoot = namespace === mesh.rootNamespace
  const level = (isRoot ? index.mesh : (index.namespaces.get(namespace)?.namespace ?? [])) as FoundPolicy[]
  const [decider] = level
  const {mode} = modeOfLevels(isRoot ? [decider ?? null] : [index.mesh[0] ?? null, decider ?? null])
  if (rank[mode] > rank[wish.mtlsMode]) return weakening(namespace, mode, decider)
  if (decider === undefined) {
    if (wish.mtlsMode === 'PERMISSIVE' && mode === 'PERMISSIVE')
      return {do: 'nothing', because: 'PERMISSIVE already, with no policy of its own'}
    const hidden = found.policies.find((each) => each.namespace === namespace && each.name === 'default')
    return hidden === undefined ? {do: 'apply', namespace, name: 'default'} : nameTaken(hidden, mesh)
  }
  if (mode === wish.mtlsMode) return {do: 'nothing', because: `${mode} already, by PeerAuthentication ${decider.name}`}
  if (decider.keeper) return kept(decider, decider.keeper, wish.mtlsMode)
  if (decider.name === 'default' && isOurs(decider)) return {do: 'apply', namespace, name: 'default'}
  return wish.takeOver ? {do: 'take-over', namespace, name: decider.name, policy: decider} : foreign(decider, wish.mtlsMode)
}

const rank: Record<Exclude<MtlsMode, 'UNSET'>, number> = {DISABLE: 0, PERMISSIVE: 1, STRICT: 2}

function isOurs({labels}: FoundPolicy): boolean {
  return Object.entries(managedBy).every(([key, value]) => labels[key] === value)
}

function foreign({namespace, name, mode, createdAt}: FoundPolicy, wanted: string): Decision {
  const command = `kubectl -n ${namespace} patch peerauthentication ${name} --type merge -p '{"spec":{"mtls":{"mode":"${wanted}"}}}'`
  return {
    do: 'stop',
    says: `PeerAuthentication \`${namespace}/${name}\` (${mode}, made by others, since ${createdAt}) decides in namespace \`${namespace}\`: the oldest policy wins, so one of ours would have no effect.`,
    cure: `Change it (\`${command}\`), delete it, or set \`take-over: true\`: its spec is then kept in the annotation \`istio-mtls/previous-spec\`.`,
    entry: 'older-policy',
  }
}

/** With `take-over`, too: what its keeper writes back a minute later was never enforced. */
function kept({namespace, name, mode}: FoundPolicy, keeper: string, wanted: string): Decision {
  return {
    do: 'stop',
    says: `PeerAuthentication \`${namespace}/${name}\` (${mode}) decides in namespace \`${namespace}\` and is kept by ${keeper}, which would write any change of this action back.`,
    cure: `Set \`mtls: {mode: ${wanted}}\` where ${keeper} takes it from, or take the policy out of there.`,
    entry: 'policy-kept',
  }
}

function weakening(namespace: string, mode: string, decider: FoundPolicy | undefined): Decision {
  const by = decider === undefined || decider.mode === 'UNSET' ? 'inherited from the mesh' : `by PeerAuthentication \`${decider.name}\``
  return {
    do: 'stop',
    says: `Namespace \`${namespace}\` is ${mode} already (${by}), and \`mtls-mode: PERMISSIVE\` would weaken it.`,
    cure: 'Leave `mtls-mode` at STRICT; this action never lowers a mode, so lower it by hand if that is meant.',
    entry: 'never-weaken',
  }
}

/** The name `default` is taken by an object that does not decide: one with a selector, or of another revision. */
function nameTaken(policy: FoundPolicy, {revision}: FoundMesh): Decision {
  const why = isWorkloadLevel(policy)
    ? 'has a selector'
    : `is not read by revision \`${revision}\` (its label istio.io/rev is \`${policy.labels['istio.io/rev']}\`)`
  return {
    do: 'stop',
    says: `PeerAuthentication \`${policy.namespace}/default\` ${why}, so the name for this action's own policy is taken.`,
    cure: 'Give that policy another name; what it says can stay.',
    entry: 'name-taken',
  }
}

function undiscovered(namespace: string, {revision, rootNamespace}: FoundMesh): Decision {
  const kind = namespace === rootNamespace ? 'The root namespace' : 'Namespace'
  return {
    do: 'stop',
    says: `${kind} \`${namespace}\` is outside meshConfig.discoverySelectors of revision \`${revision}\`: istiod reads no policy there.`,
    cure: `Give the namespace a label that the selectors match, or leave it out of \`namespaces\`.`,
    entry: 'not-discovered',
  }
}

/** STRICT without a ready istiod would refuse callers whose proxies can get no certificate. */
export function unready(meshes: FoundMesh[]): Problem[] {
  const known = meshes.filter(({readyReplicas}) => readyReplicas !== null)
  return known
    .filter(({readyReplicas}) => readyReplicas === 0)
    .map(({namespace, revision}) => ({
      says: `istiod of revision \`${revision}\` in \`${namespace}\` has no ready pod: a policy now could cut workloads off.`,
      cure: `Look at it (\`kubectl -n ${namespace} get pods -l app=istiod\`) and run again once it is ready.`,
      entry: 'istiod-not-ready',
    }))
}
