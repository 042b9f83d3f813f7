import type {Kube, KubeObject} from '../io/io.ts'
import {KubeFailure} from '../model/failure.ts'
import type {Thing} from './thing.ts'

/** A policy with our mark; `former` is what it was before it was taken over, null for one that we made. */
export interface OurPolicy extends Thing {
  resourceVersion: string
  spec: unknown
  former: {spec: unknown; managedBy: string | null} | null
  /** Somebody else made it and we only applied to it: it stays and loses our marks. */
  isOthers: boolean
  annotations: Record<string, string>
}

/** True when the policy goes altogether. */
export function isDeleted({former, isOthers}: OurPolicy): boolean {
  return former === null && !isOthers
}

/** Every object of Istio's kinds that carries our mark, in all namespaces; none of a kind whose CRD has just gone. */
export async function findOurPolicies(crds: {list: string}[], kube: Kube): Promise<OurPolicy[]> {
  const lists = await Promise.all(
    crds.map(({list}) => kube.list(`${list}?labelSelector=${ours}`, (item) => policyFrom(list, item)).catch(noneWhenGone)),
  )
  return lists.flat()
}

function noneWhenGone(thrown: unknown): [] {
  if (thrown instanceof KubeFailure && thrown.status === 404) return []
  throw thrown
}

/** The patch that gives a policy back exactly as it was, and takes our marks off; at the version that was read. */
export function restorePatch({resourceVersion, spec, former, annotations}: OurPolicy): object {
  const marks = Object.keys(annotations).filter((name) => name.startsWith('istio-mtls/'))
  return {
    metadata: {
      resourceVersion,
      labels: {[managedByLabel]: former?.managedBy ?? null},
      annotations: Object.fromEntries(marks.map((name) => [name, null])),
    },
    ...(former !== null && isAsWritten(spec, former.spec) ? {spec: mergePatch(spec, former.spec)} : {}),
  }
}

/** True when nobody changed the policy after it was taken over: only its mode differs from the former spec, and is one that a take-over writes (enforce.ts, takeOver). */
export function isAsWritten(spec: unknown, former: unknown): boolean {
  const {mtls} = (spec ?? {}) as {mtls?: {mode?: string} | null}
  if (mtls?.mode !== 'STRICT' && mtls?.mode !== 'PERMISSIVE') return false
  return JSON.stringify(sorted(withoutMode(spec))) === JSON.stringify(sorted(withoutMode(former)))
}

/** Label, and value, by which everything is known that this action applied (enforce/plan.ts). */
export const managedByLabel = 'app.kubernetes.io/managed-by'
const ours = `${encodeURIComponent(managedByLabel)}%3Distio-mtls-action`

/** Annotations that enforce keeps a former state in (enforce/policy-place.ts). */
const madeByOthers = 'istio-mtls/made-by-others'
const previousSpec = 'istio-mtls/previous-spec'
const previousManagedBy = 'istio-mtls/previous-managed-by'

function policyFrom(list: string, item: KubeObject): OurPolicy {
  const {name, namespace = '', uid = '', resourceVersion = '', annotations = {}} = item.metadata
  const slash = list.lastIndexOf('/')
  return {
    kind: item.kind,
    namespace,
    name,
    uid,
    path: `${list.slice(0, slash)}/namespaces/${namespace}/${list.slice(slash + 1)}/${name}`,
    resourceVersion,
    spec: item['spec'] ?? {},
    former: formerFrom(annotations),
    isOthers: annotations[madeByOthers] !== undefined || isMadeByOthers(item),
    annotations,
  }
}

/** The API server dates what each manager wrote last: whoever else wrote in the second of its making has made it. */
function isMadeByOthers({metadata: {managedFields = [], creationTimestamp = ''}}: KubeObject): boolean {
  const entries = managedFields as {manager?: string; time?: string; subresource?: string}[]
  return entries.some(
    ({manager = '', time, subresource}) =>
      time === creationTimestamp && subresource === undefined && !manager.startsWith('istio-mtls-action'),
  )
}

function formerFrom(annotations: Record<string, string>): OurPolicy['former'] {
  const text = annotations[previousSpec]
  if (text === undefined) return null
  const managedBy = annotations[previousManagedBy] ?? null
  try {
    return {spec: JSON.parse(text), managedBy}
  } catch {
    // Someone tore it: the spec then stays as it is, and only the marks go.
    return {spec: undefined, managedBy}
  }
}

function withoutMode(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec
  const {mtls, ...rest} = spec as {mtls?: {mode?: string}}
  const {mode: _, ...others} = mtls ?? {}
  return {...rest, ...(Object.keys(others).length === 0 ? {} : {mtls: others})}
}

/** The JSON merge patch (RFC 7386) from one value to another. */
function mergePatch(from: unknown, to: unknown): unknown {
  if (!isMap(from) || !isMap(to)) return to
  const gone = Object.keys(from).filter((key) => !(key in to))
  return {
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(Object.entries(to).map(([key, value]) => [key, key in from ? mergePatch(from[key], value) : value])),
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
