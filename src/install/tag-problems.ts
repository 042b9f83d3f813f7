import type {KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import type {Found} from './found.ts'
import {ownerOf, ownerText} from './owner.ts'

/** A revision tag of the cluster: the revision it points at, and who keeps it. */
export interface FoundTag {
  tag: string
  revision: string
  ours: boolean
  owner: string
}

/** All webhook configurations of tags (label istio.io/tag: chart, istioctl and we set it alike). */
export const tagsPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?labelSelector=istio.io%2Ftag'

/** The tag of one webhook configuration. */
export function tagFrom(configuration: KubeObject): FoundTag {
  const {labels = {}} = configuration.metadata
  const ours = labels['app.kubernetes.io/managed-by'] === 'istio-mtls-action'
  return {
    tag: labels['istio.io/tag'] ?? '',
    revision: labels['istio.io/rev'] ?? '',
    ours,
    owner: ours ? 'this action' : ownerText(ownerOf(configuration)),
  }
}

/** What forbids to point `tags` at `revision`, in the words of Istio's documentation of revision tags. */
export function tagProblems(
  {tags, revision, install}: Pick<Inputs, 'tags' | 'revision' | 'install'>,
  found: Found,
  there: FoundTag[],
): Problem[] {
  const problems: Problem[] = []
  const refuse = (says: string, cure: string) => problems.push({says, cure, entry: 'tag-refused'})
  if (tags.length > 0 && install === 'never') {
    refuse(
      '`tags` is given, but `install` is `never`: a tag points at an istiod that this action installed.',
      'Remove `tags`, or let this action install.',
    )
  }
  for (const tag of tags) {
    if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(tag)) {
      refuse(`\`tags\` names \`${tag}\`, which can be no tag.`, 'Use at most 40 lower-case letters, digits and `-`.')
    }
    if (tag === (revision || 'default') || found.istiods.some((istiod) => istiod.revision === tag && tag !== 'default')) {
      refuse(`\`tags\` names \`${tag}\`, which is a revision itself: both would inject the same pods.`, 'Choose another name for the tag.')
    }
    if (tag === 'default' && revision !== '' && revision !== 'default' && found.istiods.some((istiod) => istiod.revision === 'default')) {
      refuse(
        `The tag \`default\` would serve \`istio-injection: enabled\`, which the istiod without a revision serves already.`,
        'Move its namespaces with `enroll: true` first; once that istiod is gone, the tag can take its place.',
      )
    }
    const foreign = there.find((each) => each.tag === tag && !each.ours)
    if (foreign !== undefined) {
      refuse(
        `The tag \`${tag}\` is here already, points at \`${foreign.revision}\`, and belongs to ${foreign.owner}.`,
        'Remove it there (`istioctl tag remove`, or `revisionTags` of the chart), or choose another name.',
      )
    }
  }
  return problems
}
