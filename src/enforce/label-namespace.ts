import {labelKeeper} from '../derive/keeper.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import {explainApply} from './apply-failure.ts'
import {previousLabels} from './enrol-plan.ts'

/** Labels by value; null: there is none, or it goes. */
export type Labels = Record<string, string | null>

/**
 * Writes a namespace's labels and keeps what they were before this action first touched them: an uninstall gives that back. `former` is what they
 * were when it was decided (null: not decided by them); a label that somebody changed since is a `Failure`. `waitFor`: labels to be written once
 * tags have moved, kept on the namespace until then (null: none any more). False where the namespace is gone.
 */
export async function labelNamespace(
  {namespace, labels, former, waitFor}: {namespace: string; labels: Labels; former: Labels | null; waitFor?: Labels | null},
  kube: Kube,
  io: Pick<Io, 'changes' | 'cancelled'>,
): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}`
  for (let tries = 1; ; tries++) {
    io.cancelled.throwIfAborted()
    const found = await kube.find(path)
    if (found === null) return false
    if (former !== null) refuseChanged(found, former)
    if (former !== null) refuseKept(found, labels)
    const kept = former === null ? null : recordOf(found.metadata.annotations?.[previousLabels], former)
    const annotations = {
      ...(kept === null ? {} : {[previousLabels]: kept}),
      ...(waitFor === undefined ? {} : {[afterTags]: waitFor === null ? null : JSON.stringify(waitFor)}),
    }
    const {resourceVersion} = found.metadata
    const metadata = {resourceVersion, labels, ...(Object.keys(annotations).length === 0 ? {} : {annotations})}
    io.changes.begin()
    try {
      await kube.patch(path, {metadata}, {fieldManager: 'istio-mtls-action'})
      return true
    } catch (thrown) {
      if (thrown instanceof KubeFailure && thrown.status === 404) return false
      // Somebody wrote to it in between: its labels are looked at anew.
      if (tries < maxTries && thrown instanceof KubeFailure && thrown.status === 409) continue
      return explainApply(thrown, `Namespace \`${namespace}\``)
    }
  }
}

/** Annotation of a namespace that was moved: the labels that it gets once the tags point at its new revision (canary/follow-tags.ts). */
export const afterTags = 'istio-mtls/labels-after-tags'

const maxTries = 5

/** The record of former labels as it must be written, null where it says all already: of each label what it was when it was first touched. */
export function recordOf(kept: string | undefined, former: Labels): string | null {
  const before = labelsFrom(kept)
  const isComplete = kept !== undefined && Object.keys(former).every((label) => label in before)
  return isComplete ? null : JSON.stringify({...former, ...before})
}

function labelsFrom(text: string | undefined): Labels {
  try {
    const parsed = JSON.parse(text ?? '{}') as unknown
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Labels) : {}
  } catch {
    // Somebody tore it: what is known now is all that can be given back.
    return {}
  }
}

function refuseChanged({metadata: {name, labels = {}}}: KubeObject, former: Labels): void {
  for (const [label, was] of Object.entries(former)) {
    const is = labels[label] ?? null
    if (is === was) continue
    throw new Failure(
      `Namespace \`${name}\` changed while this run was looking at it: its label \`${label}\` is ${is === null ? 'gone' : `\`${is}\``}.`,
      {
        cure: 'Run again; if it happens each time, let the one who writes that label and this action agree.',
        entry: 'changed-meanwhile',
      },
    )
  }
}

/** A label that would be written back: pods made after that would come up without a proxy, or with one of a revision that is gone. */
function refuseKept({metadata}: KubeObject, labels: Labels): void {
  for (const [label, value] of Object.entries(labels)) {
    const is = metadata.labels?.[label]
    const keeper = is === undefined || is === value ? null : labelKeeper(metadata, label)
    if (keeper === null) continue
    throw new Failure(`Label \`${label}: ${is}\` of namespace \`${metadata.name}\` is kept by ${keeper}, which would write it back.`, {
      cure: `Change it where ${keeper} takes it from (${value === null ? `without \`${label}\`` : `\`${label}: ${value}\``}), or take the label out of there.`,
      entry: 'label-kept',
    })
  }
}
