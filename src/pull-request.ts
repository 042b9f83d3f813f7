import type {Io} from './io/io.ts'
import type {RunContext} from './model/context.ts'
import {messageOf} from './model/failure.ts'

/**
 * Finds the pull request of a fork's commit for a `workflow_run`, whose event names none: by the head that GitHub's event tells, never by
 * anything the fork's run wrote. Unchanged context everywhere else, and where not exactly one fits.
 */
export async function withPullRequest(context: RunContext, token: string, io: Pick<Io, 'github' | 'log'>): Promise<RunContext> {
  const {reported, repo, pullRequest} = context
  const github = io.github(token)
  if (reported === null || pullRequest !== null || github === null || reported.repo === '' || reported.branch === '') return context
  try {
    const owner = reported.repo.split('/')[0] ?? ''
    const found = (await github.pullRequests(repo, `${owner}:${reported.branch}`)).filter(
      ({headSha, headRepo}) => headSha === reported.sha && headRepo === reported.repo,
    )
    const [only] = found
    if (found.length === 1 && only !== undefined) return {...context, pullRequest: {number: only.number, fork: true}, baseSha: only.baseSha}
    io.log.annotate(
      'notice',
      `No pull request to comment on: ${found.length === 0 ? 'none is open' : `${found.length} are open`} for commit ${reported.sha.slice(0, 12)} of ${reported.repo}.`,
    )
  } catch (thrown) {
    io.log.annotate('notice', `The pull request of commit ${reported.sha.slice(0, 12)} could not be looked up: ${messageOf(thrown)}`)
  }
  return context
}
