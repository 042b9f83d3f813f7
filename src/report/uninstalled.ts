import type {Stage, Verdict} from '../model/report.ts'
import {clipped, quoted} from './words.ts'

/** The verdict of `mode: uninstall`, which judges no workload: `pass` when nothing of ours is left, `fail` when something is, else `unknown`. */
export function uninstalledVerdict(stages: readonly Stage[]): Verdict {
  const failed = stages.find(({status}) => status === 'failed')
  if (failed === undefined) {
    const changed = stages.some((stage) => stage.changed)
    const reason = `Nothing of this action is left in the cluster${changed ? '' : ', and nothing was changed'}`
    return {status: 'pass', reason, coverage: 100}
  }
  const says = clipped(failed.says, 240).replace(/[.\s]+$/, '')
  return {
    status: failed.entry === 'uninstall-left' ? 'fail' : 'unknown',
    reason: `Stage ${quoted(failed.name)} failed: ${says}`,
    coverage: 100,
  }
}
