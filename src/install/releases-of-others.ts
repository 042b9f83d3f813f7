import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import type {ReleasePlan} from './release-plan.ts'

/**
 * Releases under our names that carry no mark of ours. One that is pending is somebody's helm at work, or its wreck: what we would do to repair
 * our own would take it away, so it is never touched. Of the others those that hold nothing yet are told of here, for nothing else shows their maker.
 */
export function releasesOfOthers({takeOver}: Pick<Inputs, 'takeOver'>, releases: readonly ReleasePlan[]): Problem[] {
  return releases
    .filter(({helmRevision, mark, status}) => helmRevision > 0 && mark === null && status !== 'uninstalled')
    .flatMap(({namespace, name, status, repair, present}) => {
      if (repair !== '') {
        return [
          {
            says: `helm release \`${namespace}/${name}\` is \`${status}\`, and this action did not make it: somebody else's helm is at work, or was killed.`,
            cure: `Let it end, or undo it (\`helm -n ${namespace} rollback ${name}\`; \`helm -n ${namespace} uninstall ${name}\` where it never came up).`,
            entry: 'release-pending',
          },
        ]
      }
      if (present || takeOver) return []
      return [
        {
          says: `helm release \`${namespace}/${name}\` (\`${status}\`) is here, and this action did not make it.`,
          cure: `Remove it (\`helm -n ${namespace} uninstall ${name}\`), or set \`take-over: true\` to let this action manage it from now on.`,
          entry: 'foreign-installation',
        },
      ]
    })
}
