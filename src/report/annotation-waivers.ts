import type {Endpoint} from '../model/endpoint.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import {type Ref, refText} from '../model/ref.ts'
import type {Waiver} from '../model/report.ts'
import {isInScope, type Snapshot} from '../model/snapshot.ts'
import {type LedgerEntry, isDay, isPort} from './ledger.ts'

/** Waivers that stand on objects: `said` names the object and the line, by which the base commit is asked for the same. */
export interface AnnotationWaiver {
  by: Ref
  said: string
  /** Empty where the line is wrong. */
  entries: LedgerEntry[]
  /** What is wrong with the line, or ''. */
  mistake: string
}

/** The annotation; a line of it is one waiver: `M304 expires=2027-01-31 owner=shop reason=the rest of the line`. */
export const waiveAnnotation = 'istio-mtls/waive'

/**
 * The waivers that objects in scope carry. On a workload or its pods one waives the workload's own ports (`port=8080`, or all), on a
 * PeerAuthentication with a selector the ports that it decides, on any other object what is said of the object itself; on a policy of a
 * whole namespace or mesh it is too broad.
 */
export function annotationWaivers(snapshot: Snapshot, rows: Endpoint[]): AnnotationWaiver[] {
  const seen = new Set<string>()
  return carriers(snapshot).flatMap(({by, text, places}) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !seen.has(`${refText(by)}\n${line}`) && seen.add(`${refText(by)}\n${line}`))
      .map((line) => waiverFrom(line, by, places(rows))),
  )
}

/** A line that is no waiver, for the report: it excuses nothing and turns the run red. */
export function malformed({by, said, mistake}: AnnotationWaiver): Waiver {
  const {file = '', line = 0} = by
  const code = /^M\d{3}\b/.exec(said)?.[0] ?? ''
  const blank = {port: null, owner: '', expires: '', covers: [], file, line, by}
  return {code, namespace: by.namespace ?? '', workload: `${by.kind}/${by.name}`, reason: mistake, status: 'malformed', ...blank}
}

interface Place {
  namespace: string
  workload: string
  port?: number | null
}

interface Carrier {
  by: Ref
  text: string
  places: (rows: Endpoint[]) => Place[]
}

function carriers(snapshot: Snapshot): Carrier[] {
  const isAsked = (namespace: string) => isInScope(snapshot.asked.scope, namespace, '')
  const itemsOf = <T>(part: {read: true; value: T[]} | {read: false}): T[] => (part?.read ? part.value : [])
  const on = (
    kind: string,
    object: {namespace?: string; name: string; file?: string; line?: number},
    annotations: Record<string, string>,
    places?: Carrier['places'],
  ): Carrier[] => {
    const text = annotations[waiveAnnotation] ?? ''
    const namespace = object.namespace ?? object.name
    if (text === '' || !isAsked(namespace)) return []
    const {name, file, line} = object
    const by: Ref = {kind, ...(kind === 'Namespace' ? {} : {namespace}), name, ...(file === undefined ? {} : {file, line})}
    return [{by, text, places: places ?? (() => [{namespace, workload: `${kind}/${name}`}])}]
  }
  const others = [
    snapshot.destinationRules,
    snapshot.serviceEntries,
    snapshot.workloadEntries,
    snapshot.sidecars,
    snapshot.gateways,
    snapshot.envoyFilters,
    snapshot.authorizationPolicies,
    snapshot.requestAuthentications,
    snapshot.telemetries,
  ]
  return [
    ...itemsOf(snapshot.templates).flatMap((one) => [...on(one.kind, one, one.annotations), ...on(one.kind, one, one.pod.annotations)]),
    ...itemsOf(snapshot.pods).flatMap((pod) => on(pod.workload.kind, {...pod, name: pod.workload.name}, pod.annotations)),
    ...itemsOf(snapshot.policies).flatMap((one) => on('PeerAuthentication', one, one.annotations, (rows) => decidedBy(one, rows))),
    ...itemsOf(snapshot.namespaces).flatMap((one) => on('Namespace', one, one.annotations)),
    ...itemsOf(snapshot.services).flatMap((one) => on('Service', one, one.annotations)),
    ...others.flatMap(itemsOf).flatMap((one) => on(one.kind, one, one.annotations)),
  ]
}

function decidedBy({namespace, name, selector}: PeerAuthentication, rows: Endpoint[]): Place[] {
  if (selector === null) return [{namespace, workload: '*'}]
  // What it decides well needs no waiver: an exception for one port must not become one for all.
  const bad = rows.filter(({verdict}) => verdict === 'violated' || verdict === 'unproven')
  const own = bad.filter(({decidedBy: ref}) => ref?.kind === 'PeerAuthentication' && ref.namespace === namespace && ref.name === name)
  const places = own.map((row) => ({namespace: row.namespace, workload: `${row.workload.kind}/${row.workload.name}`, port: row.port}))
  return places.length > 0 ? places : [{namespace, workload: `PeerAuthentication/${name}`}]
}

function waiverFrom(said: string, by: Ref, places: Place[]): AnnotationWaiver {
  const {code, fields, mistakes} = fieldsOf(said)
  const missing = ['expires', 'owner', 'reason'].filter((name) => (fields.get(name) ?? '') === '')
  if (!/^M\d{3}$/.test(code)) mistakes.push(`it begins with \`${code}\` and not with a check's code such as \`M304\``)
  if (missing.length > 0) mistakes.push(`${missing.map((name) => `\`${name}\``).join(', ')} missing`)
  const [expires = '', port = '*'] = [fields.get('expires'), fields.get('port')]
  if (expires !== '' && !isDay(expires)) mistakes.push(`\`expires\` is \`${expires}\`, which is no day such as \`2027-01-31\``)
  if (port !== '*' && !isPort(port)) mistakes.push(`\`port\` is \`${port}\`, which is neither a number nor \`*\``)
  if (mistakes.length > 0) return {by, said, entries: [], mistake: `The annotation \`${waiveAnnotation}\` is wrong: ${mistakes.join('; ')}`}
  const {file = '', line = 0} = by
  const entries = places.map(
    (place): LedgerEntry => ({
      ...{code, namespace: place.namespace, workload: place.workload},
      port: port === '*' ? (place.port ?? null) : Number(port),
      ...{reason: fields.get('reason') ?? '', owner: fields.get('owner') ?? '', expires, file, line, by},
    }),
  )
  return {by, said, entries: unique(entries), mistake: ''}
}

/** `reason` takes the rest of the line, so it stands last; other values hold no space. */
function fieldsOf(said: string): {code: string; fields: Map<string, string>; mistakes: string[]} {
  const [, head = '', reason] = /^(.*?)(?:\sreason=(.*))?$/.exec(said) ?? []
  const [code = '', ...pairs] = head.trim().split(/\s+/)
  const fields = new Map(reason === undefined ? [] : [['reason', reason.trim().replace(/^(["'])(.*)\1$/, '$2')]])
  const mistakes: string[] = []
  for (const pair of pairs) {
    const [name = '', ...value] = pair.split('=')
    if (!['expires', 'owner', 'port'].includes(name))
      mistakes.push(`\`${name}\` is none of \`expires\`, \`owner\`, \`port\` and, last, \`reason\``)
    else if (fields.has(name)) mistakes.push(`\`${name}\` stands there twice`)
    fields.set(name, value.join('='))
  }
  return {code: code.toUpperCase(), fields, mistakes}
}

function unique(entries: LedgerEntry[]): LedgerEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()]
}
