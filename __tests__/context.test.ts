import {contextFrom, contextOf} from '../src/context.ts'
import {fakeIo} from './helpers/fake-io.ts'

const env = {
  GITHUB_REPOSITORY: 'octo-org/shop',
  GITHUB_RUN_ID: '4711',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_WORKFLOW: 'preview',
  GITHUB_JOB: 'mesh',
  GITHUB_SHA: 'c0ffee',
}
const head = (repo: string | null) => ({repo: repo === null ? null : {full_name: repo}})

test.each<[string, string, object, {number: number; fork: boolean} | null]>([
  ['pull_request of a branch', 'pull_request', {pull_request: {number: 17, head: head('octo-org/shop')}}, {number: 17, fork: false}],
  ['pull_request of a fork', 'pull_request', {pull_request: {number: 17, head: head('mallory/shop')}}, {number: 17, fork: true}],
  ['pull_request of a deleted fork', 'pull_request', {pull_request: {number: 17, head: head(null)}}, {number: 17, fork: true}],
  ['pull_request_target', 'pull_request_target', {pull_request: {number: 17, head: head('mallory/shop')}}, {number: 17, fork: true}],
  ['a comment on a pull request', 'issue_comment', {issue: {number: 9, pull_request: {}}}, {number: 9, fork: false}],
  ['a comment on an issue', 'issue_comment', {issue: {number: 9}}, null],
  [
    'workflow_run of a branch',
    'workflow_run',
    {workflow_run: {pull_requests: [{number: 5}], head_repository: {full_name: 'octo-org/shop'}}},
    {number: 5, fork: false},
  ],
  [
    'workflow_run of a fork, which names no pull request',
    'workflow_run',
    {workflow_run: {pull_requests: [], head_repository: {full_name: 'm/shop'}}},
    null,
  ],
  ['workflow_run of two pull requests', 'workflow_run', {workflow_run: {pull_requests: [{number: 5}, {number: 6}]}}, null],
  ['merge_group', 'merge_group', {merge_group: {head_ref: 'refs/heads/gh-readonly-queue/main/pr-12-0123abcd'}}, {number: 12, fork: false}],
  ['push', 'push', {pull_request: {number: 17}}, null],
  ['schedule', 'schedule', {}, null],
  ['an event that is not what it should be', 'pull_request', {pull_request: {number: '17; x'}}, null],
])('%s', (_, eventName, event, pullRequest) => {
  expect(contextOf({...env, GITHUB_EVENT_NAME: eventName}, event).pullRequest).toEqual(pullRequest)
})

test('addresses come from the runner, so GitHub Enterprise Server works', () => {
  const there = {
    GITHUB_SERVER_URL: 'https://git.corp',
    GITHUB_API_URL: 'https://git.corp/api/v3',
    GITHUB_GRAPHQL_URL: 'https://git.corp/api/graphql',
  }
  expect(contextOf({...env, ...there}, {})).toMatchObject({
    runUrl: 'https://git.corp/octo-org/shop/actions/runs/4711/attempts/2',
    apiUrl: 'https://git.corp/api/v3',
    graphqlUrl: 'https://git.corp/api/graphql',
    workflow: 'preview',
    job: 'mesh',
    sha: 'c0ffee',
  })
})

test.each<[string, Record<string, string>, string]>([
  ['a tag', {GITHUB_ACTION_REPOSITORY: 'octo-org/mtls', GITHUB_ACTION_REF: 'v1.2.3'}, 'https://github.com/octo-org/mtls/blob/v1.2.3/docs'],
  [
    'a branch',
    {GITHUB_ACTION_REPOSITORY: 'octo-org/mtls', GITHUB_ACTION_REF: 'fix/a b'},
    'https://github.com/octo-org/mtls/blob/fix/a%20b/docs',
  ],
  [
    'Enterprise Server',
    {GITHUB_ACTION_REPOSITORY: 'octo-org/mtls', GITHUB_ACTION_REF: 'v1', GITHUB_SERVER_URL: 'https://git.corp'},
    'https://git.corp/octo-org/mtls/blob/v1/docs',
  ],
  ['`uses: ./`', {GITHUB_ACTION_REPOSITORY: '', GITHUB_ACTION_REF: ''}, 'https://github.com/org/istio-mtls-action/blob/v1/docs'],
  [
    'a name that is none',
    {GITHUB_ACTION_REPOSITORY: 'x) [y](https://evil.example', GITHUB_ACTION_REF: 'v1'},
    'https://github.com/org/istio-mtls-action/blob/v1/docs',
  ],
])('the docs of the version that runs: %s', (_, more, docsUrl) => {
  expect(contextOf({...env, ...more}, {}).docsUrl).toBe(docsUrl)
})

test.each([
  ['octo-org/shop/.github/workflows/ci.yml@refs/heads/main', '.github/workflows/ci.yml'],
  ['octo-org/shop/.github/workflows/ci.yml@refs/pull/17/merge', '.github/workflows/ci.yml'],
  ['octo-org/shop/.github/workflows/ci.yml@refs/heads/a@b', '.github/workflows/ci.yml'],
  ['octo-org/required/.github/workflows/ci.yml@refs/heads/main', ''],
  ['octo-org/shop-two/.github/workflows/ci.yml@refs/heads/main', ''],
  ['', ''],
])('the workflow of %j is the file %j', (GITHUB_WORKFLOW_REF, path) => {
  expect(contextOf({...env, GITHUB_WORKFLOW_REF}, {}).workflowPath).toBe(path)
})

test('outside of Actions nothing is known and nothing breaks', async () => {
  expect(await contextFrom(fakeIo())).toMatchObject({repo: '', runUrl: '', pullRequest: null, apiUrl: 'https://api.github.com'})
})

test.each([
  ['torn', '{"pull_request": {'],
  ['null', 'null'],
  ['no file', null],
])('an event that is %s costs only the pull request', async (_, text) => {
  const files: Record<string, string> = text === null ? {} : {'/event.json': text}
  const io = fakeIo({env: {...env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: '/event.json'}, files})
  expect(await contextFrom(io)).toMatchObject({repo: 'octo-org/shop', pullRequest: null})
})
