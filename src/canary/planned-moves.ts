import {asIfServed} from '../derive/served-webhooks.ts'
import {labelsAfter} from '../enforce/enrol-labels.ts'
import type {EnrolFound} from '../enforce/enrol-plan.ts'
import type {Rollout} from '../enforce/restart.ts'
import {type FoundIstiod, istioNamespace} from '../install/found.ts'
import {istiodRelease} from '../install/plan.ts'
import type {Inputs} from '../model/inputs.ts'
import {type CanaryWish, planCanary} from './plan.ts'

/** What the canary stage would do; `after`: what enrolling, which comes next, would find then. */
export interface PlannedMoves {
  labels: {namespace: string; labels: Record<string, string | null>}[]
  restarts: Rollout[]
  notes: string[]
  after: EnrolFound
}

/** Decides by the very function that the canary stage uses, with the istiod that the install would bring; `istiods` are those of this action. */
export function planMoves(
  wish: CanaryWish & Pick<Inputs, 'istioVersion'>,
  revision: string,
  istiods: readonly FoundIstiod[],
  enrolling: EnrolFound,
): PlannedMoves {
  const webhooks = enrolling.webhooks.some((each) => each.type === 'mutating' && each.revision === revision)
    ? enrolling.webhooks
    : [...enrolling.webhooks, ...asIfServed(revision)]
  const there = istiods.find((each) => each.revision === revision)
  const target: FoundIstiod = {
    ...{namespace: istioNamespace, name: istiodRelease(wish), revision, createdAt: '9999'},
    owner: {by: 'helm', release: istiodRelease(wish), namespace: istioNamespace},
    ...there,
    version: wish.istioVersion,
  }
  const others = istiods.filter((each) => each !== there)
  const {moves, old, notes} = planCanary(wish, {...enrolling, webhooks, istiods: [...others, target]})
  const moved = new Set(moves.flatMap(({rollouts}) => rollouts.map(keyOf)))
  return {
    labels: moves
      .map(({namespace, labels, afterwards}) => ({namespace, labels: afterwards ?? labels}))
      .filter(({labels}) => Object.keys(labels).length > 0),
    restarts: moves.flatMap(({rollouts}) => rollouts),
    notes: [
      ...notes,
      ...wish.tags.map((tag) => `Tag \`${tag}\` would point at revision \`${revision}\`.`),
      ...(wish.enroll
        ? old.map((each) => `Revision \`${each.revision}\` (${each.version}) would be removed if nobody uses it any more then.`)
        : []),
    ],
    after: {
      ...enrolling,
      webhooks,
      namespaces: enrolling.namespaces.map((namespace) => {
        const move = moves.find((each) => each.namespace === namespace.name)
        return move === undefined ? namespace : {...namespace, labels: labelsAfter(namespace.labels, move.labels)}
      }),
      // They come up with a proxy of the new revision, so enrolling has nothing to do with them.
      pods: enrolling.pods.filter(({namespace, workload}) => !moved.has(keyOf({...workload, namespace}))),
    },
  }
}

function keyOf({kind, namespace, name}: {kind: string; namespace: string; name: string}): string {
  return `${kind} ${namespace}/${name}`
}
