import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {isSubset} from './label-selector.ts'
import {isOfRevision} from './policies-visible.ts'

/** Are calls to a workload logged by its proxy, and which Telemetry said the last word (null: none did, the mesh configuration decides). */
export interface Logging {
  on: boolean
  by: IstioObject | null
}

/**
 * Root, namespace and workload add up, the later level wins; of several Telemetries without a selector in one namespace only the oldest
 * counts (model/telemetry.go:applicableTelemetries, mergeLogs). What names no provider, and has none above, rests on `accessLogFile`.
 */
export function accessLogging(pod: Pick<Pod, 'namespace' | 'labels'>, mesh: Mesh, telemetries: readonly IstioObject[]): Logging {
  const own = telemetries.filter((each) => each.namespace === pod.namespace && isOfRevision(each, mesh.revision))
  const levels = [
    wideTelemetry(mesh.rootNamespace, mesh, telemetries),
    pod.namespace === mesh.rootNamespace ? null : wideTelemetry(pod.namespace, mesh, telemetries),
    ...own.filter((each) => !isWide(each) && !hasTarget(each) && isSubset(labelsOf(each), pod.labels)).sort(olderFirst),
  ]
  const speaking = levels.filter((each) => each !== null).filter((each) => entriesOf(each).length > 0)
  if (speaking.length === 0) return {on: mesh.accessLogFile !== '', by: null}
  const providers = merged(speaking)
  return {
    on: [...providers].some(([name, isOn]) => isOn && (name !== '' || mesh.accessLogFile !== '')),
    by: speaking.at(-1) ?? null,
  }
}

/** The Telemetry without a selector that a control plane heeds in a namespace: the oldest; null where there is none. */
export function wideTelemetry(
  namespace: string,
  {revision}: Pick<Mesh, 'revision'>,
  telemetries: readonly IstioObject[],
): IstioObject | null {
  const wide = telemetries.filter((each) => each.namespace === namespace && isWide(each) && isOfRevision(each, revision))
  return wide.sort(olderFirst)[0] ?? null
}

interface Entry {
  disabled?: boolean
  providers?: {name?: string}[]
  match?: {mode?: string}
}

/** Whether each provider logs; '' stands for whatever the mesh configuration names. */
function merged(levels: readonly IstioObject[]): Map<string, boolean> {
  const providers = new Map<string, boolean>()
  let above: string[] = []
  for (const level of levels) {
    const entries = entriesOf(level)
    const named = new Set(entries.flatMap(namesOf))
    for (const name of providers.keys()) if (named.size > 0 && !named.has(name)) providers.delete(name)
    for (const entry of entries) {
      const names = namesOf(entry).length > 0 ? namesOf(entry) : above.length > 0 ? above : ['']
      above = names
      for (const name of names) providers.set(name, entry.disabled !== true)
    }
  }
  return providers
}

/** What speaks of inbound calls: an entry for the client side alone says nothing of who called. */
function entriesOf({spec}: IstioObject): Entry[] {
  return ((spec['accessLogging'] ?? []) as Entry[]).filter(({match}) => match?.mode !== 'CLIENT')
}

function namesOf({providers = []}: Entry): string[] {
  return providers.map(({name}) => name ?? '').filter((name) => name !== '')
}

function isWide(telemetry: IstioObject): boolean {
  return Object.keys(labelsOf(telemetry)).length === 0 && !hasTarget(telemetry)
}

function hasTarget({spec}: IstioObject): boolean {
  return spec['targetRef'] !== undefined || spec['targetRefs'] !== undefined
}

function labelsOf({spec}: IstioObject): Record<string, string> {
  return (spec['selector'] as {matchLabels?: Record<string, string>} | undefined)?.matchLabels ?? {}
}

/** model/config.go:sortConfigByCreationTime. */
function olderFirst(a: IstioObject, b: IstioObject): number {
  const [left, right] = [`${a.createdAt}\n${a.name}\n${a.namespace}`, `${b.createdAt}\n${b.name}\n${b.namespace}`]
  return left < right ? -1 : left > right ? 1 : 0
}
