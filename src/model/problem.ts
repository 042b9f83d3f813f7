import {Failure} from './failure.ts'

/** One thing that forbids a change: what is wrong, what to do about it, and its anchor in docs/troubleshooting.md. */
export interface Problem {
  says: string
  cure: string
  entry: string
}

/** All problems in one error, so that one run shows everything there is to mend; nothing where there are none. `untouched` says what was spared. */
export function refuse(problems: Problem[], untouched: string): void {
  const [first] = problems
  if (first === undefined) return
  const {entry} = first
  if (problems.length === 1) throw new Failure(first.says, {cure: `${first.cure} ${untouched}`, entry})
  throw new Failure(`${problems.length} things forbid this run:\n${problems.map(({says}) => `- ${says}`).join('\n')}`, {
    cure: `${problems.map(({cure}) => `- ${cure}`).join('\n')}\n${untouched}`,
    entry,
  })
}
