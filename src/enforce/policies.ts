import {policyPath} from '../derive/policy-kinds.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import {refuse} from '../model/problem.ts'
import type {Outcome} from '../model/report.ts'
import {planLogging} from './access-logging.ts'
import {applyProblem, explainApply} from './apply-failure.ts'
import {findPolicies, type ReadMeshes} from './found.ts'
import {managedBy, unready} from './plan.ts'
import {contradictions, type PlacedProblem} from './policy-contradictions.ts'
import {isSame} from './policy-difference.ts'
import {madeByOthers} from './policy-place.ts'
import {demands, inSafeOrder} from './policy-order.ts'
import {targetsOf} from './targets.ts'

type Wish = Pick<Inputs, 'accessLogging' | 'mtlsMode' | 'namespaces' | 'excludeNamespaces' | 'allowEmpty' | 'revision' | 'takeOver'>

/** One policy that a run would write: the object as it is sent, and as the API server holds it now (null: not at all). */
export interface PolicyChange {
  object: KubeObject
  found: KubeObject | null
}

/** All that applying would change, in the order it is done; `same` policies are in force already. */
export interface PoliciesPlan {
  changes: PolicyChange[]
  same: number
  problems: PlacedProblem[]
  notes: string[]
}

/**
 * Applies the user's policies and turns access logging on: decided first, tried as a server-side dry run all of it, then written in a safe
 * order by server-side apply, never forced. What is in force already is not sent at all.
 */
export async function applyPolicies(
  wish: Wish,
  policies: readonly KubeObject[],
  kube: Kube,
  readMeshes: ReadMeshes,
  io: Pick<Io, 'log' | 'clock' | 'changes' | 'cancelled'>,
): Promise<Outcome> {
  const began = io.clock.ticks()
  const plan = await planPolicies(wish, policies, kube, readMeshes)
  for (const {says, file, line} of plan.problems)
    if (file !== undefined) io.log.annotate('error', says, {title: 'istio-mtls: policies', file, line})
  refuse(plan.problems, 'No policy was changed.')
  const planned = io.clock.ticks()
  for (const {object, found} of plan.changes) {
    io.cancelled.throwIfAborted()
    io.changes.begin()
    await kube.apply(policyPath(object), sent(object, found), {fieldManager}).catch((thrown) => explainApply(thrown, placeText(object)))
    io.log.line(`${nameText(object)}: applied`)
  }
  return {
    changed: plan.changes.length > 0,
    says: saysOf(plan),
    steps: [
      {name: 'dry run', ms: Math.round(planned - began), says: `${plan.changes.length} to write, ${plan.same} in force already`},
      {name: 'apply', ms: Math.round(io.clock.ticks() - planned), says: `${plan.changes.length} written`},
    ],
    notes: plan.notes,
  }
}

/** What applying would do; sends dry runs alone, so the API server's and istiod's own validation have spoken. */
export async function planPolicies(wish: Wish, policies: readonly KubeObject[], kube: Kube, readMeshes: ReadMeshes): Promise<PoliciesPlan> {
  const found = await findPolicies(kube, readMeshes)
  const roots = found.meshes.map(({rootNamespace}) => rootNamespace)
  // As in enforce: STRICT without a ready istiod cuts off whoever has no certificate yet.
  const isStrict = policies.some((policy) => policy.kind === 'PeerAuthentication' && demands(policy))
  const forbidden = [...contradictions(wish, policies, found), ...(isStrict ? unready(targetsOf(wish, found).meshes) : [])]
  const logging = wish.accessLogging ? await planLogging(wish, found, policies, kube) : {telemetries: [], notes: []}
  const ordered = inSafeOrder([...logging.telemetries, ...policies], roots)
  const tried = await Promise.all(ordered.map((object) => tryOut(object, kube)))
  const changes = tried.flatMap((each) => ('change' in each && each.change !== null ? [each.change] : []))
  return {
    changes,
    same: tried.filter((each) => 'change' in each && each.change === null).length,
    problems: [...forbidden, ...tried.flatMap((each) => ('problem' in each ? [each.problem] : []))],
    notes: logging.notes,
  }
}

/** Not the manager of enforce's own policy: one manager that applies an object twice would each time drop what the other said. */
export const fieldManager = 'istio-mtls-action-policies'

type Tried = {change: PolicyChange | null} | {problem: PlacedProblem}

async function tryOut(object: KubeObject, kube: Kube): Promise<Tried> {
  const path = policyPath(object)
  try {
    const found = await kube.find(path)
    const after = await kube.apply(path, sent(object, found), {fieldManager, dryRun: true})
    return {change: found !== null && isSame(found, after) ? null : {object, found}}
  } catch (thrown) {
    return {problem: {...applyProblem(thrown, placeText(object)), file: object.file, line: object.line}}
  }
}

/** What of a manifest is applied: its own words, marked as this action's unless the user marks it otherwise. `found`: what is there already. */
function sent({apiVersion, kind, metadata, spec}: KubeObject, found: KubeObject | null): object {
  const {name, namespace, labels} = metadata
  const marked = {...managedBy, ...labels}
  const annotations = {...metadata.annotations, ...(isOfOthers(found, marked) ? {[madeByOthers]: 'true'} : {})}
  return {
    apiVersion,
    kind,
    metadata: {name, namespace, labels: marked, ...(Object.keys(annotations).length === 0 ? {} : {annotations})},
    ...(spec === undefined ? {} : {spec}),
  }
}

/** Known at the first time alone: later the object carries our mark, and who made it may be its last writer no more. */
function isOfOthers(found: KubeObject | null, marked: Record<string, string>): boolean {
  if (found === null) return false
  const {labels = {}, annotations = {}} = found.metadata
  return annotations[madeByOthers] !== undefined || Object.keys(managedBy).some((key) => labels[key] !== marked[key])
}

function nameText({kind, metadata: {namespace, name}}: KubeObject): string {
  return `${kind} ${namespace}/${name}`
}

function placeText({kind, metadata: {namespace, name}, file, line}: KubeObject): string {
  return `${kind} \`${namespace}/${name}\`${file === undefined ? '' : ` (\`${file}\`, line ${line})`}`
}

function saysOf({changes, same}: PoliciesPlan): string {
  if (changes.length === 0) return same === 0 ? 'nothing to apply' : `nothing to do: ${same} in force already`
  const names = changes.map(({object}) => nameText(object))
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''} applied`
}
