import type {KubeObject} from '../io/io.ts'
import type {ObjectMeta} from '../model/policy.ts'
import type {Snapshot} from '../model/snapshot.ts'

/** The snapshot with file and line on what was applied from the user's own files, so that a finding stands at the guilty line. */
export function withPolicyPlaces(snapshot: Snapshot, applied: readonly KubeObject[]): Snapshot {
  if (applied.length === 0) return snapshot
  const places = new Map(applied.map((object) => [keyOf(object.kind, object.metadata), {file: object.file, line: object.line}]))
  const parts = Object.entries(partOf).map(([kind, part]) => {
    const found = snapshot[part]
    if (!found.read) return [part, found]
    const value = (found.value as ObjectMeta[]).map((object) => ({...object, ...places.get(keyOf(kind, object))}))
    return [part, {...found, value}]
  })
  return {...snapshot, ...(Object.fromEntries(parts) as Partial<Snapshot>)}
}

const partOf = {
  PeerAuthentication: 'policies',
  AuthorizationPolicy: 'authorizationPolicies',
  RequestAuthentication: 'requestAuthentications',
  DestinationRule: 'destinationRules',
  Sidecar: 'sidecars',
  Telemetry: 'telemetries',
} as const satisfies Record<string, keyof Snapshot>

function keyOf(kind: string, {namespace = '', name}: {namespace?: string; name: string}): string {
  return `${kind} ${namespace}/${name}`
}
