import {Failure} from '../model/failure.ts'
import {type Part, unread} from '../model/part.ts'
import type {Asked, Parts, Snapshot} from '../model/snapshot.ts'

/**
 * A saved `snapshot.json`, to be judged anew for what is asked now; null when the text is no snapshot. It keeps its evidence: without any,
 * live proof is not demanded. A part that an older version did not write is unread. Throws a Failure for a snapshot of another version.
 */
export function savedSnapshotFrom(text: string, file: string, asked: Asked): Snapshot | null {
  const saved = jsonFrom(text)
  if (saved === null || typeof saved['takenAt'] !== 'string' || typeof saved['asked'] !== 'object' || 'kind' in saved) return null
  if (saved['version'] !== 1) {
    throw new Failure(`\`${file}\` is a snapshot of version ${JSON.stringify(saved['version'])}, and only version 1 can be judged`, {
      cure: 'Take the snapshot again with this version of the action.',
      entry: 'snapshot-version',
    })
  }
  // All that ends (certificates, waivers) is held against this moment: against none, nothing would ever end.
  if (Number.isNaN(Date.parse(saved['takenAt']))) {
    throw new Failure(`\`${file}\` says that it was taken at ${JSON.stringify(saved['takenAt'].slice(0, 40))}, which is no moment`, {
      cure: 'Use a `snapshot.json` as the action wrote it, or take the snapshot again.',
      entry: 'snapshot-version',
    })
  }
  const parts = Object.fromEntries(partNames.map((name) => [name, partFrom(saved[name])])) as unknown as Parts
  const before = saved['asked'] as Asked
  const hasProbes = parts.probes.read
  return {
    version: 1,
    takenAt: saved['takenAt'],
    asked: {
      ...asked,
      probes: hasProbes,
      require: hasProbes ? asked.require : 'configured',
      manifests: before.manifests === true,
      dryRun: parts.validation.read,
      inspect: parts.delivered.read,
    },
    ...parts,
    ...forecastParts(saved),
  }
}

/** Only a snapshot that was taken for a forecast holds them. */
function forecastParts({apiServerCalls, traffic}: Record<string, unknown>): Pick<Snapshot, 'apiServerCalls' | 'traffic'> {
  return {
    ...(apiServerCalls === undefined ? {} : {apiServerCalls: partFrom(apiServerCalls) as NonNullable<Snapshot['apiServerCalls']>}),
    ...(traffic === undefined ? {} : {traffic: partFrom(traffic) as NonNullable<Snapshot['traffic']>}),
  }
}

function jsonFrom(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function partFrom(value: unknown): Part<unknown> {
  const part = value as {read?: unknown; reason?: unknown; value?: unknown} | undefined
  if (part?.read === true && part.value !== undefined) return {read: true, value: part.value}
  return unread(typeof part?.reason === 'string' ? part.reason : 'the saved snapshot does not hold it')
}

const partNames: (keyof Parts)[] = [
  'cluster',
  'mesh',
  'controlPlane',
  'validation',
  'namespaces',
  'pods',
  'templates',
  'services',
  'policies',
  'destinationRules',
  'serviceEntries',
  'workloadEntries',
  'sidecars',
  'gateways',
  'envoyFilters',
  'authorizationPolicies',
  'requestAuthentications',
  'telemetries',
  'roots',
  'delivered',
  'probes',
]
