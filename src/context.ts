import type {Io} from './io/io.ts'
import type {RunContext} from './model/context.ts'

/** Reads the event's file, where there is one, and says where the run takes place; never throws. */
export async function contextFrom({runner, files}: Pick<Io, 'runner' | 'files'>): Promise<RunContext> {
  const path = runner.env['GITHUB_EVENT_PATH'] ?? ''
  try {
    return contextOf(runner.env, path === '' ? {} : JSON.parse(await files.readText(path)))
  } catch {
    // A missing or torn event only costs the comment.
    return contextOf(runner.env, {})
  }
}

/** GITHUB_* and the event's payload as one value; knows pull_request(_target), issue_comment, workflow_run and merge_group. */
export function contextOf(env: Record<string, string | undefined>, event: unknown): RunContext {
  const get = (name: string, otherwise = '') => env[`GITHUB_${name}`] || otherwise
  const serverUrl = get('SERVER_URL', 'https://github.com')
  const apiUrl = get('API_URL', 'https://api.github.com')
  const repo = get('REPOSITORY')
  const run = get('RUN_ID')
  const attempt = get('RUN_ATTEMPT')
  const eventName = get('EVENT_NAME')
  return {
    repo,
    pullRequest: pullRequestOf(eventName, repo, event as Payload),
    reported: reportedOf(eventName, repo, event as Payload),
    baseSha: baseOf(event as Payload),
    runUrl: run === '' || repo === '' ? '' : `${serverUrl}/${repo}/actions/runs/${run}${attempt === '' ? '' : `/attempts/${attempt}`}`,
    docsUrl: docsUrlOf(serverUrl, get('ACTION_REPOSITORY'), get('ACTION_REF')),
    workflowPath: workflowPathOf(repo, get('WORKFLOW_REF')),
    workflow: get('WORKFLOW'),
    job: get('JOB'),
    sha: get('SHA'),
    eventName,
    serverUrl,
    apiUrl,
    graphqlUrl: get('GRAPHQL_URL', `${apiUrl}/graphql`),
  }
}

/** The runner says which action runs and at which ref, save for one that is called by its path (`uses: ./`). */
function docsUrlOf(serverUrl: string, repository: string, ref: string): string {
  const here = /^[\w.-]+\/[\w.-]+$/.test(repository) && ref !== ''
  return `${here ? `${serverUrl}/${repository}/blob/${ref.split('/').map(encodeURIComponent).join('/')}` : home}/docs`
}

const home = 'https://github.com/org/istio-mtls-action/blob/v1'

/** `octo-org/shop/.github/workflows/ci.yml@refs/heads/main`; a workflow required by the organisation lies elsewhere. */
function workflowPathOf(repo: string, ref: string): string {
  const at = ref.lastIndexOf('@refs/')
  const path = ref.slice(0, at < 0 ? undefined : at)
  return repo !== '' && path.startsWith(`${repo}/.github/workflows/`) ? path.slice(repo.length + 1) : ''
}

interface PullRequest {
  number?: number
  head?: {repo?: {full_name?: string; url?: string} | null}
  base?: {sha?: string}
}

/** The parts of GitHub's webhook payloads that name a pull request. */
interface Payload {
  pull_request?: PullRequest
  issue?: {number?: number; pull_request?: object}
  workflow_run?: {pull_requests?: PullRequest[]; head_repository?: {full_name?: string} | null; head_sha?: string; head_branch?: string}
  merge_group?: {head_ref?: string; base_sha?: string}
}

/** GitHub's own event says it, never the artifact that the fork's run left. */
function reportedOf(eventName: string, repo: string, {workflow_run: run}: Payload): RunContext['reported'] {
  if (eventName !== 'workflow_run' || run === undefined || !isFork(run.head_repository, repo)) return null
  return {repo: run.head_repository?.full_name ?? '', sha: run.head_sha ?? '', branch: run.head_branch ?? ''}
}

/** The commit that a proposed change is measured against, '' where the event names none or several. */
function baseOf({pull_request: pullRequest, merge_group: group, workflow_run: run}: Payload): string {
  const [only, ...more] = run?.pull_requests ?? []
  return pullRequest?.base?.sha ?? group?.base_sha ?? (more.length === 0 ? only?.base?.sha : undefined) ?? ''
}

function pullRequestOf(eventName: string, repo: string, event: Payload): RunContext['pullRequest'] {
  switch (eventName) {
    case 'pull_request':
    case 'pull_request_target':
    case 'pull_request_review':
      // A deleted fork has no repository left: it was a fork all the same.
      return numbered(event.pull_request?.number, event.pull_request?.head !== undefined && isFork(event.pull_request.head.repo, repo))
    case 'issue_comment':
      // The payload does not say whose code it is; the token of this event may write.
      return event.issue?.pull_request === undefined ? null : numbered(event.issue.number, false)
    case 'workflow_run': {
      // Empty for forks, so that nothing taken from a fork's artifact decides where to comment.
      const {pull_requests: found = [], head_repository: head} = event.workflow_run ?? {}
      return found.length === 1 ? numbered(found[0]?.number, isFork(head, repo)) : null
    }
    case 'merge_group':
      return numbered(Number(/\/pr-(\d+)-[0-9a-f]+$/.exec(event.merge_group?.head_ref ?? '')?.[1]), false)
    default:
      return null
  }
}

function numbered(number: number | undefined, fork: boolean): RunContext['pullRequest'] {
  return Number.isInteger(number) && Number(number) > 0 ? {number: Number(number), fork} : null
}

function isFork(head: {full_name?: string} | null | undefined, repo: string): boolean {
  return head === null || (head?.full_name !== undefined && head.full_name !== repo)
}
