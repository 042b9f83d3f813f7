import type {MtlsMode, PeerAuthentication} from '../model/policy.ts'
import {refText} from '../model/ref.ts'
import {effectiveMode, modeOfLevels} from './effective-mode.ts'
import {createdSecond, type PolicyLevels, policyRef} from './policy-index.ts'

/** What ztunnel lets in on a port: DISABLE does not exist (rule 40). `doubt`: why Istio's own answer is not certain (rules 42, 43); '' when it is. */
export interface AmbientMode {
  mode: 'STRICT' | 'PERMISSIVE'
  by: PeerAuthentication | null
  doubt: string
}

/**
 * The mode in force on a port of an ambient workload, by the DENY policies that istiod makes of PeerAuthentications (rules 41 to 44,
 * surprises included); null: all undeclared ports. Where in doubt, `mode` is the weaker one.
 */
export function ambientMode(levels: PolicyLevels, inRootNamespace: boolean, port: number | null): AmbientMode {
  const answers = choices(levels, inRootNamespace).map((choice) => ({choice, open: allowsPlain(choice, port)}))
  const answer = answers.find(({open}) => open) ?? answers[0]
  const mode = answer === undefined || answer.open ? 'PERMISSIVE' : 'STRICT'
  const by = answer === undefined ? null : decidedBy(answer.choice, mode, port)
  if (answers.some(({open}) => open !== answer?.open)) return {mode, by, doubt: tied}
  const outdated = mode === 'STRICT' ? answers.find(({choice}) => mayBeOutdated(choice, port)) : undefined
  if (outdated === undefined) return {mode, by, doubt: ''}
  return {mode: 'PERMISSIVE', by: outdated.choice.workload, doubt: outdatedText(outdated.choice)}
}

/** One way istiod may choose: the policy to attach is picked from other lists than the parents in its conversion. */
interface Choice {
  mesh: PeerAuthentication | null
  namespace: PeerAuthentication | null
  workload: PeerAuthentication | null
  meshParent: PeerAuthentication | null
  namespaceParent: PeerAuthentication | null
}

function choices(levels: PolicyLevels, inRootNamespace: boolean): Choice[] {
  // A root policy with `selector: {}` reaches the root namespace's own workloads only (amb/workloads.go:fetchPeerAuthentications).
  const mesh = oldest(inRootNamespace ? levels.mesh : levels.mesh.filter(isBare))
  const found: Choice[] = []
  for (const meshParent of oldest(levels.mesh.filter(isBare)))
    for (const namespaceParent of oldest(levels.namespace.filter(isBare)))
      for (const workload of oldest(levels.workload))
        for (const namespace of oldest(levels.namespace))
          for (const each of mesh) found.push({mesh: each, namespace, workload, meshParent, namespaceParent})
  return found
}

function isBare({selector}: PeerAuthentication): boolean {
  return selector === null
}

/** All that share the smallest creation time, or [null]. */
function oldest(policies: readonly PeerAuthentication[]): (PeerAuthentication | null)[] {
  const first = Math.min(...policies.map(createdSecond))
  const found = policies.filter((policy) => createdSecond(policy) === first)
  return found.length > 0 ? found : [null]
}

/** True when no policy that the workload names denies plain text on the port (amb/authorization.go:convertedSelectorPeerAuthentications). */
function allowsPlain(choice: Choice, port: number | null): boolean {
  const {mesh, namespace, workload} = choice
  const strict = modeOfLevels([mesh, namespace, workload]).mode === 'STRICT'
  if (workload === null || !namesConverted(workload, strict)) return !strict
  return !convertedDenies(workload, choice.namespaceParent?.mode, choice.meshParent?.mode, port)
}

/** True when the workload names its own converted policy; the static strict one is then left away (rule 42). */
function namesConverted({mode, ports}: PeerAuthentication, strict: boolean): boolean {
  const modes = Object.values(ports)
  if (mode === 'STRICT') return modes.includes('PERMISSIVE') || modes.includes('DISABLE')
  if (mode === 'UNSET' && strict) return modes.includes('PERMISSIVE')
  return modes.includes('STRICT')
}

/** True when the converted policy exists and denies plain text on the port (rule 43, amb/authorization.go:convertPeerAuthentication). */
function convertedDenies({mode, ports}: PeerAuthentication, parent: ParentMode, root: ParentMode, port: number | null): boolean {
  // As upstream brackets it: the third test ignores the workload's own mode, and a port under it is left open.
  const leftToParent =
    mode === 'STRICT' || (mode === 'UNSET' && parent === 'STRICT') || ((parent === undefined || parent === 'UNSET') && root === 'STRICT')
  const parentDenies = mode === 'STRICT' || (mode === 'UNSET' && (parent === undefined ? root : parent) === 'STRICT')
  const exempt = parentDenies ? portsWith(ports, 'PERMISSIVE', 'DISABLE') : []
  if (exempt.length > 0) return !exempt.includes(String(port))
  // Without an exempted port only single ports are denied; a STRICT policy whose ports are all STRICT makes no policy at all.
  return !leftToParent && ports[String(port)] === 'STRICT'
}

/**
 * True when the translation may come from other parents than today's, and would then let plain text in: istiod reads the parents without
 * being told of their changes, until the policy itself changes or istiod starts anew (amb/policies.go:PolicyCollections, rule 43).
 */
function mayBeOutdated({workload, mesh, namespace, meshParent, namespaceParent}: Choice, port: number | null): boolean {
  if (workload === null || !namesConverted(workload, modeOfLevels([mesh, namespace, workload]).mode === 'STRICT')) return false
  const onceIn = (parent: PeerAuthentication | null) => (isLater(parent, workload) ? anyMode : [parent?.mode])
  return onceIn(namespaceParent).some((parent) => onceIn(meshParent).some((root) => !convertedDenies(workload, parent, root, port)))
}

/** True when a parent was written in the policy's own second or later, or edited at any time. Without creation times nothing is known. */
function isLater(parent: PeerAuthentication | null, policy: PeerAuthentication): boolean {
  if (parent === null) return false
  const second = createdSecond(parent)
  return parent.generation > 1 || (Number.isFinite(second) && second >= createdSecond(policy))
}

function outdatedText({workload, meshParent, namespaceParent}: Choice): string {
  const parents = [namespaceParent, meshParent].filter((parent) => workload !== null && isLater(parent, workload))
  const named = parents.map((parent) => (parent === null ? '' : refText(policyRef(parent)))).join(' and ')
  const policy = workload === null ? '' : refText(policyRef(workload))
  return `istiod does not translate ${policy} for ztunnel again when ${named} changes, so its ports may still be open: write its \`mtls.mode\`, or create it anew`
}

/** A parent's mode; undefined where there is none. */
type ParentMode = MtlsMode | undefined

const anyMode: ParentMode[] = [undefined, 'UNSET', 'PERMISSIVE', 'STRICT']

const tied = "policies of the same second contradict each other, and Istio's order for ambient is then undefined"

function portsWith(ports: PeerAuthentication['ports'], ...modes: string[]): string[] {
  return Object.keys(ports).filter((port) => modes.includes(ports[port] ?? ''))
}

/** Who a sidecar would say, or where ztunnel does otherwise, the workload policy whose ports it translates. */
function decidedBy(choice: Choice, mode: AmbientMode['mode'], port: number | null): PeerAuthentication | null {
  const asSidecar = effectiveMode(choice, port)
  return (asSidecar.mode === 'STRICT') === (mode === 'STRICT') ? asSidecar.by : (choice.workload ?? asSidecar.by)
}
