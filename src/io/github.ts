import {HttpClient} from '@actions/http-client'
import {GitHubFailure, messageOf} from '../model/failure.ts'
import type {Clock, Comment, GitHub} from './io.ts'
import {codeOf, retryDelay} from './retry.ts'

/** Where GitHub is, from GITHUB_API_URL and GITHUB_GRAPHQL_URL: another host on GitHub Enterprise Server. */
export interface GitHubAddress {
  apiUrl: string
  graphqlUrl: string
}

/**
 * GitHub's REST API by @actions/http-client (proxies honoured; docs/adr/0003). Failures are `GitHubFailure`. A rate limit is waited for as
 * long as GitHub asks, at most a minute a call; a new comment is never sent twice on an error that may have come after it was written.
 */
export function gitHub(token: string, {apiUrl, graphqlUrl}: GitHubAddress, clock: Clock): GitHub {
  const call = caller(token, clock)
  const comments = (repo: string, pullRequest: number) => `${apiUrl}/repos/${repo}/issues/${pullRequest}/comments`
  return {
    async author() {
      return (await login(() => call('GET', `${apiUrl}/user`).then(({body}) => body as User))) ?? (await viewer()) ?? jobToken
    },
    async comments(repo, pullRequest) {
      const found: Comment[] = []
      for (let page = 1; page <= maxPages; page++) {
        const {body, link} = await call('GET', `${comments(repo, pullRequest)}?per_page=100&page=${page}`)
        found.push(...(body as ApiComment[]).map(commentFrom))
        // The next page's number is ours: the token is never sent to an address that an answer names.
        if (!/;\s*rel="?next"?/.test(link)) break
      }
      return found
    },
    async comment(repo, pullRequest, body) {
      return commentFrom((await call('POST', comments(repo, pullRequest), {body}, {once: true})).body as ApiComment)
    },
    async editComment(repo, id, body) {
      return commentFrom((await call('PATCH', `${apiUrl}/repos/${repo}/issues/comments/${id}`, {body})).body as ApiComment)
    },
    async pullRequests(repo, head) {
      const {body} = await call('GET', `${apiUrl}/repos/${repo}/pulls?state=open&head=${encodeURIComponent(head)}&per_page=100`)
      return (body as ApiPullRequest[]).map((found) => ({
        number: found.number,
        headSha: found.head.sha,
        headRepo: found.head.repo?.full_name ?? '',
        baseSha: found.base.sha,
      }))
    },
    async file(repo, path, ref) {
      try {
        const {body} = await call(
          'GET',
          `${apiUrl}/repos/${repo}/contents/${path.split('/').map(encodeURIComponent).join('/')}?ref=${encodeURIComponent(ref)}`,
        )
        return Buffer.from((body as {content?: string}).content ?? '', 'base64').toString('utf8')
      } catch (thrown) {
        if (thrown instanceof GitHubFailure && thrown.status === 404) return null
        throw thrown
      }
    },
    async minimize(nodeId) {
      const query =
        'mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }'
      const {body} = await call('POST', graphqlUrl, {query, variables: {id: nodeId}})
      const [error] = (body as {errors?: {message: string}[]}).errors ?? []
      if (error !== undefined) throw new GitHubFailure(error.message, {status: 200})
    },
  }

  /** The token of an app may not ask REST who it is (403 on /user); GraphQL tells it. */
  function viewer(): Promise<string | null> {
    return login(async () => ((await call('POST', graphqlUrl, {query: '{ viewer { login } }'})).body as Viewer).data?.viewer)
  }
}

/** Who writes with the job's own token; the last resort where neither API says. */
const jobToken = 'github-actions[bot]'
const maxPages = 100

interface User {
  login?: string
}

interface Viewer {
  data?: {viewer?: User}
}

interface ApiComment {
  id: number
  node_id: string
  html_url: string
  body?: string
  user: User | null
}

interface ApiPullRequest {
  number: number
  head: {sha: string; repo: {full_name: string} | null}
  base: {sha: string}
}

function commentFrom({id, node_id: nodeId, html_url: url, body, user}: ApiComment): Comment {
  return {id, nodeId, url, body: body ?? '', author: user?.login ?? ''}
}

async function login(ask: () => Promise<User | undefined>): Promise<string | null> {
  try {
    return (await ask())?.login ?? null
  } catch (thrown) {
    if (thrown instanceof GitHubFailure && [401, 403, 404].includes(thrown.status) && !thrown.rateLimited) return null
    throw thrown
  }
}

interface Answer {
  body: unknown
  link: string
}

type Call = (method: string, url: string, body?: object, options?: {once: boolean}) => Promise<Answer>

function caller(token: string, clock: Clock): Call {
  return async (method, url, body, {once} = {once: false}) => {
    let waited = 0
    for (let next = 2; ; next++) {
      const answer = await send(token, method, url, body)
      if (answer.status >= 200 && answer.status < 300) return answer
      const delay = answer.rateLimited ? patience(answer, next) : once ? null : retryDelay(answer, next, Math.random())
      if (delay === null || waited + delay > maxWaitMs) throw failureOf(method, url, answer)
      await clock.sleep(delay)
      waited += delay
    }
  }
}

const maxWaitMs = 60_000

/** GitHub asks for at least the Retry-After; less would prolong the limit, so without one the waits grow from ten seconds. */
function patience({retryAfter}: Attempted, next: number): number | null {
  if (next > 4) return null
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 10_000 * 2 ** (next - 2)
}

interface Attempted extends Answer {
  status: number
  code: string
  retryAfter: string
  rateLimited: boolean
  message: string
}

async function send(token: string, method: string, url: string, body?: object): Promise<Attempted> {
  const client = new HttpClient('istio-mtls-action', [], {allowRetries: false, socketTimeout: 20_000})
  try {
    const response = await client.request(method, url, body === undefined ? '' : JSON.stringify(body), {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
    })
    const {statusCode: status = 0, headers} = response.message
    const parsed = parse(await response.readBody())
    const message = (parsed as {message?: string} | null)?.message ?? ''
    const retryAfter = String(headers['retry-after'] ?? '')
    const limited = retryAfter !== '' || headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(message)
    const rateLimited = status === 429 || (status === 403 && limited)
    return {status, code: '', retryAfter, rateLimited, message, body: parsed, link: String(headers['link'] ?? '')}
  } catch (thrown) {
    return {status: 0, code: codeOf(thrown), retryAfter: '', rateLimited: false, message: messageOf(thrown), body: null, link: ''}
  } finally {
    client.dispose()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function failureOf(method: string, url: string, {status, rateLimited, message}: Attempted): GitHubFailure {
  const said = status === 0 ? `gave no answer (${message})` : `answered ${status}${message === '' ? '' : ` (${message})`}`
  return new GitHubFailure(`${method} ${new URL(url).pathname} ${said}`, {status, rateLimited})
}
