import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {contextOf} from '../src/context.ts'
import {gitHub} from '../src/io/github.ts'
import type {GitHub} from '../src/io/io.ts'
import {withPullRequest} from '../src/pull-request.ts'
import {fakeIo} from './helpers/fake-io.ts'
import {gitHubApi} from './helpers/github-api.ts'

const sha = `${'c0ffee'.repeat(6)}c0ff`
const ofFork = contextOf(
  {GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_EVENT_NAME: 'workflow_run'},
  {workflow_run: {pull_requests: [], head_repository: {full_name: 'mallory/shop'}, head_sha: sha, head_branch: 'a/b #1'}},
)
type Found = Awaited<ReturnType<GitHub['pullRequests']>>
const open = (changes: Partial<Found[number]> = {}) => ({number: 17, headSha: sha, headRepo: 'mallory/shop', baseSha: 'base', ...changes})
const github = (found: Found | Error, asked: string[][] = []) =>
  ({
    pullRequests: async (...args: string[]) => {
      asked.push(args)
      if (found instanceof Error) throw found
      return found
    },
  }) as unknown as GitHub

test('the pull request of a fork is the one open at the very commit and repository that the event names', async () => {
  const asked: string[][] = []
  const found = [open({number: 16, headSha: 'other'}), open(), open({number: 18, headRepo: 'mallory/other'})]
  const io = fakeIo({github: github(found, asked)})
  expect(await withPullRequest(ofFork, 'token', io)).toMatchObject({pullRequest: {number: 17, fork: true}, baseSha: 'base'})
  expect(asked).toEqual([['octo-org/shop', 'mallory:a/b #1']])
})

test.each<[string, Found | Error, string]>([
  ['none is open', [], 'none is open'],
  ['only another commit is open', [open({headSha: 'other'})], 'none is open'],
  ['two are open', [open(), open({number: 18})], '2 are open'],
  ['GitHub does not answer', new Error('answered 502'), 'could not be looked up: answered 502'],
])('%s: no comment, one notice, and no failure', async (_, found, says) => {
  const io = fakeIo({github: github(found)})
  expect(await withPullRequest(ofFork, 'token', io)).toEqual(ofFork)
  expect(io.annotations).toEqual([expect.objectContaining({level: 'notice', message: expect.stringContaining(says)})])
})

test.each([
  ['a branch of the repository itself', {...ofFork, reported: null}],
  ['a fork that is gone', {...ofFork, reported: {repo: '', sha, branch: 'x'}}],
  ['a pull request that the event names', {...ofFork, pullRequest: {number: 5, fork: false}}],
])('nothing is looked up for %s', async (_, context) => {
  const asked: string[][] = []
  const io = fakeIo({github: github([open()], asked)})
  expect(await withPullRequest(context, 'token', io)).toEqual(context)
  expect(asked).toEqual([])
})

test('the request is one that GitHub describes; the answer here holds only the fields that are read', async () => {
  const {find, requestFault} = gitHubApi()
  const faults: string[] = []
  const server = createServer((request, response) => {
    const {pathname, searchParams} = new URL(request.url ?? '', 'http://here')
    const found = find('GET', pathname)
    faults.push(
      found === null
        ? `unknown ${pathname}`
        : requestFault('GET', found.template, {path: found.parameters, query: searchParams, body: undefined}),
    )
    response.end(JSON.stringify([{number: 17, head: {sha, repo: {full_name: searchParams.get('head')}}, base: {sha: 'base'}}]))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const io = fakeIo()
  const found = await gitHub('token', {apiUrl: url, graphqlUrl: url}, io.clock)
    .pullRequests('octo-org/shop', 'mallory:a/b #1&x=y')
    .finally(() => server.close())
  expect(faults).toEqual([''])
  expect(found).toEqual([{number: 17, headSha: sha, headRepo: 'mallory:a/b #1&x=y', baseSha: 'base'}])
})
