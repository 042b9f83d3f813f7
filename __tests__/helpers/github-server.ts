import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {type GitHubApi, gitHubApi} from './github-api.ts'

/** A comment as it stands on the stand-in. */
export interface ServerComment {
  id: number
  pullRequest: number
  author: string
  body: string
  minimized: boolean
}

/** A request as it came, with the status it was answered. */
export interface ServerRequest {
  method: string
  path: string
  status: number
  at: number
}

export interface GitHubServer {
  url: string
  /** All comments as they are now, oldest first. */
  comments(): ServerComment[]
  requests(): ServerRequest[]
  /** Answers the next `count` requests with GitHub's secondary rate limit. */
  throttle(count: number, answer?: {status?: 403 | 429; retryAfter?: number | null}): void
  /** Rejects when the stand-in itself answered against GitHub's description. */
  close(): Promise<void>
}

/** Read once a process: it is big. */
let api: GitHubApi | undefined

/**
 * Stands in for api.github.com: a real HTTP server for comments on pull requests and files of commits that holds every request and every answer against GitHub's
 * own OpenAPI description, pages as GitHub does, and refuses as GitHub does: read-only tokens, rate limits, bodies too long, /user for apps.
 */
export async function startGitHub(options: {
  /** What the token may do; 'write' by default. */
  rights?: 'read' | 'write'
  /** Who the token is; GraphQL's `viewer` tells it. */
  login?: string
  /** Comments that stand already. */
  comments?: {author: string; body: string; pullRequest?: number}[]
  /** Files of the repository octo-org/shop at a commit; every other is missing. */
  files?: {ref: string; path: string; text: string}[]
}): Promise<GitHubServer> {
  const {rights = 'write', login = 'github-actions[bot]'} = options
  api ??= gitHubApi()
  const {find, requestFault, answerFault} = api
  const faults: string[] = []
  const seen: ServerRequest[] = []
  const throttled: Answer[] = []
  const standing: ServerComment[] = []
  for (const {author, body, pullRequest = 17} of options.comments ?? []) add(pullRequest, author, body)
  let url = ''

  const server = createServer((request, response) => {
    void respond(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    comments: () => standing.map((comment) => ({...comment})),
    requests: () => seen,
    throttle(count, {status = 403, retryAfter = 1} = {}) {
      const headers: Record<string, string> = retryAfter === null ? {} : {'retry-after': String(retryAfter)}
      for (let at = 0; at < count; at++) throttled.push({status, body: error(slowDown), headers})
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      if (faults.length > 0) throw new Error(`The stand-in for GitHub answered as GitHub never would: ${faults.join('; ')}`)
    },
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {pathname, searchParams} = new URL(request.url ?? '/', url)
    const method = request.method ?? 'GET'
    const text = await bodyOf(request)
    const answer = request.headers.authorization?.startsWith('Bearer ')
      ? (throttled.shift() ?? answerTo(method, pathname, searchParams, text))
      : {status: 401, body: error('Requires authentication')}
    seen.push({method, path: request.url ?? '', status: answer.status, at: performance.now()})
    response.writeHead(answer.status, {'content-type': 'application/json; charset=utf-8', ...answer.headers})
    response.end(JSON.stringify(answer.body))
  }

  function answerTo(method: string, path: string, query: URLSearchParams, text: string): Answer {
    if (method === 'POST' && path === '/graphql') return graphql(JSON.parse(text))
    const found = find(method, path)
    if (found === null) return {status: 404, body: error('Not Found')}
    const {template, parameters} = found
    const body = text === '' ? undefined : (JSON.parse(text) as unknown)
    const fault = requestFault(method, template, {path: parameters, query, body})
    const answer =
      fault === '' ? serve(`${method} ${template}`, parameters, query, body as {body: string}) : {status: 400, body: error(fault)}
    const own = answerFault(method, template, answer.status, answer.body)
    if (own !== '') faults.push(`${method} ${template} ${answer.status}: ${own}`)
    return answer
  }

  function serve(operation: string, parameters: Record<string, string>, query: URLSearchParams, body: {body: string}): Answer {
    const here = standing.filter(({pullRequest}) => pullRequest === Number(parameters['issue_number']))
    switch (operation) {
      case 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments':
        return paged(here, query, `${url}/repos/${parameters['owner']}/${parameters['repo']}/issues/${parameters['issue_number']}/comments`)
      case 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments':
        return refused(body) ?? {status: 201, body: shown(add(Number(parameters['issue_number']), login, body.body))}
      case 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': {
        const comment = standing.find(({id}) => id === Number(parameters['comment_id']))
        const refusal = refused(body)
        if (refusal !== null) return refusal
        if (comment === undefined) return {status: 404, body: error('Not Found')}
        comment.body = body.body
        return {status: 200, body: shown(comment)}
      }
      case 'GET /repos/{owner}/{repo}/contents/{path}': {
        const found = options.files?.find(({ref, path}) => ref === query.get('ref') && path === parameters['path'])
        return found === undefined ? {status: 404, body: error('Not Found')} : {status: 200, body: fileShown(found)}
      }
      case 'GET /user':
        return {status: 403, body: error(notAccessible)}
      default:
        return {status: 404, body: error('Not Found')}
    }
  }

  function refused({body}: {body: string}): Answer | null {
    if (rights === 'read')
      return {status: 403, body: error(notAccessible), headers: {'x-accepted-github-permissions': 'issues=write; pull_requests=write'}}
    if (body.length <= 65_536) return null
    const message = 'Body is too long (maximum is 65536 characters)'
    const errors = [{resource: 'IssueComment', code: 'unprocessable', field: 'data', message}]
    return {status: 422, body: {...error('Validation Failed'), errors}}
  }

  function graphql({query, variables}: {query: string; variables?: {id?: string}}): Answer {
    if (query.includes('viewer')) return {status: 200, body: {data: {viewer: {login}}}}
    const comment = standing.find(({id}) => nodeId(id) === variables?.id)
    if (rights === 'read' || comment === undefined)
      return {status: 200, body: {data: null, errors: [{type: 'FORBIDDEN', message: notAccessible}]}}
    comment.minimized = true
    return {status: 200, body: {data: {minimizeComment: {minimizedComment: {isMinimized: true}}}}}
  }

  function paged(all: ServerComment[], query: URLSearchParams, base: string): Answer {
    const size = Math.min(Number(query.get('per_page') ?? 30), 100)
    const page = Number(query.get('page') ?? 1)
    const last = Math.max(1, Math.ceil(all.length / size))
    const to = (number: number, rel: string) => `<${base}?per_page=${size}&page=${number}>; rel="${rel}"`
    const links = [...(page > 1 ? [to(page - 1, 'prev')] : []), ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : [])]
    const headers: Record<string, string> = links.length === 0 ? {} : {link: links.join(', ')}
    return {status: 200, body: all.slice((page - 1) * size, page * size).map(shown), headers}
  }

  function add(pullRequest: number, author: string, body: string): ServerComment {
    const comment = {id: 1001 + standing.length, pullRequest, author, body, minimized: false}
    standing.push(comment)
    return comment
  }

  function fileShown({ref, path, text}: {ref: string; path: string; text: string}): object {
    const self = `${url}/repos/octo-org/shop/contents/${path}?ref=${ref}`
    const git = `${url}/repos/octo-org/shop/git/blobs/b10b`
    const html = `https://github.com/octo-org/shop/blob/${ref}/${path}`
    return {
      type: 'file',
      encoding: 'base64',
      size: Buffer.byteLength(text),
      name: path.split('/').at(-1),
      path,
      // GitHub breaks the lines of its base64.
      content: (
        Buffer.from(text)
          .toString('base64')
          .match(/.{1,60}/g) ?? []
      )
        .map((line) => `${line}\n`)
        .join(''),
      sha: 'b10b',
      url: self,
      git_url: git,
      html_url: html,
      download_url: `https://raw.githubusercontent.com/octo-org/shop/${ref}/${path}`,
      _links: {self, git, html},
    }
  }

  function shown({id, pullRequest, author, body}: ServerComment): object {
    const repo = `${url}/repos/octo-org/shop`
    return {
      id,
      node_id: nodeId(id),
      url: `${repo}/issues/comments/${id}`,
      html_url: `https://github.com/octo-org/shop/pull/${pullRequest}#issuecomment-${id}`,
      issue_url: `${repo}/issues/${pullRequest}`,
      body,
      user: user(author),
      created_at: '2026-11-22T18:00:00Z',
      updated_at: '2026-11-22T18:00:00Z',
      author_association: 'NONE',
    }
  }
}

interface Answer {
  status: number
  body: unknown
  headers?: Record<string, string>
}

const notAccessible = 'Resource not accessible by integration'
const slowDown = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'

function error(message: string): {message: string; documentation_url: string} {
  return {message, documentation_url: 'https://docs.github.com/rest'}
}

function nodeId(id: number): string {
  return `IC_${id}`
}

/** Every field that GitHub's `simple-user` requires. */
function user(login: string): object {
  const page = `https://github.com/${login.replace('[bot]', '')}`
  const places = ['html_url', 'followers_url', 'following_url', 'gists_url', 'starred_url', 'subscriptions_url', 'organizations_url']
  const more = ['repos_url', 'events_url', 'received_events_url', 'avatar_url', 'url']
  return {
    login,
    id: 41898282,
    node_id: 'U_1',
    gravatar_id: '',
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
    ...Object.fromEntries([...places, ...more].map((name) => [name, page])),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
