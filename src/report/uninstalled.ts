import type {Inputs} from '../model/inputs.ts'
import type {Stage, Verdict} from '../model/report.ts'
import {clipped, quoted} from './words.ts'

/** The verdict of `mode: uninstall`, which judges no workload: `pass` when nothing of ours is left, `fail` when something is, else `unknown`. */
export function uninstalledVerdict(stages: readonly Stage[], asked: Pick<Inputs, 'install' | 'revision'>): Verdict {
  const failed = stages.find(({status}) => status === 'failed')
  if (failed === undefined) {
    const changed = stages.some((stage) => stage.changed)
    const reason = `${partText(asked)} is left in the cluster${changed ? '' : ', and nothing was changed'}`
    return {status: 'pass', reason, coverage: 100}
  }
  const says = clipped(failed.says, 240).replace(/[.\s]+$/, '')
  return {
    status: failed.entry === 'uninstall-left' ? 'fail' : 'unknown',
    reason: `Stage ${quoted(failed.name)} failed: ${says}`,
    coverage: 100,
  }
}

/** Only what was looked for may be said to be gone. */
function partText({install, revision}: Pick<Inputs, 'install' | 'revision'>): string {
  if (install === 'never') return "None of this action's policies and labels"
  return revision === '' ? 'Nothing of this action' : `Nothing of this action's revision ${quoted(revision)}`
}
