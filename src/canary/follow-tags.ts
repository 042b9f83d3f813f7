import {afterTags, labelNamespace, type Labels} from '../enforce/label-namespace.ts'
import {formerLabels} from '../install/enrolled.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import {isInScope} from '../model/snapshot.ts'
import {type CanaryWish, labelsFor} from './plan.ts'

/** A namespace that was moved and shall follow a tag once the tags point at the new revision. */
interface Waiting {
  namespace: string
  labels: Labels
  now: Record<string, string>
}

/**
 * Lets moved namespaces follow their tags, those of an earlier run too, which was killed before it came to that: what they wait for stands on
 * themselves since their move. One that somebody has labelled anew since is left as it is, and waits no more.
 */
export async function followTags(
  wish: CanaryWish,
  target: string,
  kube: Kube,
  io: Pick<Io, 'changes' | 'cancelled' | 'log'>,
): Promise<string[]> {
  const scope = {namespaces: wish.namespaces, exclude: wish.excludeNamespaces}
  const waiting = await kube.list('/api/v1/namespaces', waitingFrom)
  const followed: string[] = []
  for (const {namespace, labels, now} of waiting) {
    if (!isInScope(scope, namespace, '') || !wish.tags.includes(tagOf(labels))) continue
    const isAsMoved = Object.entries(labelsFor(target)).every(([label, value]) => (now[label] ?? null) === value)
    const written = await labelNamespace({namespace, labels: isAsMoved ? labels : {}, former: null, waitFor: null}, kube, io)
    if (!written || !isAsMoved) continue
    followed.push(namespace)
    io.log.line(`namespace ${namespace}: follows tag ${tagOf(labels)} from now on`)
  }
  return followed
}

function waitingFrom({metadata: {name, labels = {}, annotations = {}}}: KubeObject): Waiting | null {
  const text = annotations[afterTags]
  return text === undefined ? null : {namespace: name, labels: formerLabels(text), now: labels}
}

/** The tag that labels follow: `istio-injection` is that of the tag `default` (rule 28). */
function tagOf(labels: Labels): string {
  return labels['istio-injection'] === 'enabled' ? 'default' : (labels['istio.io/rev'] ?? '')
}
