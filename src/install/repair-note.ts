import type {Kube, KubeObject} from '../io/io.ts'
import {istioNamespace} from './found.ts'

/**
 * Which pending rollbacks are our own repairs: revision by release. helm gives a rollback the labels of the revision that it goes back to, so
 * its record shows nobody's hand; this note, written under the Lease just before, does.
 */
export function repairsFrom(namespace: KubeObject | null): Record<string, number> {
  let parsed: unknown
  try {
    parsed = JSON.parse(namespace?.metadata.annotations?.[repairing] ?? '{}')
  } catch {
    return {}
  }
  const entries = Object.entries((parsed ?? {}) as Record<string, unknown>)
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}

/** Writes the note: the very next revision of this release is ours; null takes all notes off. */
export async function noteRepair(repair: {release: string; revision: number} | null, kube: Kube): Promise<void> {
  const note = repair === null ? null : JSON.stringify({[repair.release]: repair.revision})
  await kube.patch(
    `/api/v1/namespaces/${istioNamespace}`,
    {metadata: {annotations: {[repairing]: note}}},
    {fieldManager: 'istio-mtls-action'},
  )
}

/** On istio-system, which a role for helm may patch anyway (rbac/enforce.yaml). */
const repairing = 'istio-mtls/repairing'
