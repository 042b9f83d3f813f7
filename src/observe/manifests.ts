import type {Io, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Asked, Snapshot} from '../model/snapshot.ts'
import {filesOf} from './manifests-files.ts'
import {type ManifestWarning, manifestFrom} from './manifests-parse.ts'
import {savedSnapshotFrom} from './manifests-saved.ts'
import {withSimulatedPods} from './simulated-pods.ts'
import {snapshotFrom} from './snapshot-from.ts'

/**
 * The snapshot of what manifests ask for, without a cluster: files, folders, globs, or one saved `snapshot.json`; each object with file and
 * line. Throws a Failure for what cannot be found or read; what is merely odd comes back as warnings.
 */
export async function snapshotFromManifests(
  paths: string[],
  asked: Asked,
  io: Pick<Io, 'files' | 'clock'>,
): Promise<{snapshot: Snapshot; warnings: ManifestWarning[]}> {
  const files = await filesOf(paths, io)
  const objects: KubeObject[] = []
  const warnings: ManifestWarning[] = []
  for (const file of files) {
    const text = await io.files.readText(file)
    const saved = file.endsWith('.json') ? savedSnapshotFrom(text, file, asked) : null
    if (saved !== null && files.length > 1) {
      throw new Failure(`\`from\` names the snapshot \`${file}\` beside ${files.length - 1} other files`, {
        cure: 'Give one `snapshot.json` alone, or manifests alone.',
        entry: 'from-mixed',
      })
    }
    if (saved !== null) return {snapshot: saved, warnings: []}
    const parsed = manifestFrom(text, file)
    objects.push(...parsed.objects)
    warnings.push(...parsed.warnings)
  }
  if (objects.length === 0) {
    throw new Failure(`\`from\` holds no Kubernetes object: ${files.length} files were read`, {
      cure: 'Point `from` at the manifests; for a chart, judge what `helm template` prints.',
      entry: 'from-empty',
    })
  }
  const lastOnes = withoutRepeats(objects, warnings)
  const judged: Asked = {...asked, manifests: true, probes: false, require: 'configured'}
  return {snapshot: withSimulatedPods(snapshotFrom(lastOnes, judged, {takenAt: io.clock.now().toISOString()})), warnings}
}

/** The later of two objects of one name counts, as `kubectl apply -f` of both would leave it. */
function withoutRepeats(objects: KubeObject[], warnings: ManifestWarning[]): KubeObject[] {
  const last = new Map<string, KubeObject>()
  for (const object of objects) {
    const {kind, metadata} = object
    const key = `${object.apiVersion.split('/')[0]} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`
    const former = last.get(key)
    if (former !== undefined) {
      const message = `${kind} \`${metadata.name}\` is written a second time (first in ${former.file}, line ${former.line}): this one counts`
      warnings.push({message, file: object.file ?? '', line: object.line})
    }
    last.delete(key)
    last.set(key, object)
  }
  return [...last.values()]
}
