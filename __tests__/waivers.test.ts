import type {RunContext} from '../src/model/context.ts'
import {contextOf} from '../src/context.ts'
import {inputsFrom} from '../src/inputs.ts'
import type {GitHub} from '../src/io/io.ts'
import {GitHubFailure} from '../src/model/failure.ts'
import {readWaivers} from '../src/waivers.ts'
import {fakeIo} from './helpers/fake-io.ts'

const ledger = (owner: string) =>
  `waivers:\n  - {code: M303, namespace: shop, workload: orders, port: "*", reason: r, owner: ${owner}, expires: 2027-01-31}\n`
const {inputs} = inputsFrom({HOME: '/root', 'INPUT_GITHUB-TOKEN': 'ghs_x'})

/** Reads with `here` in the workspace and `base` at the base commit (null: not there; an error: may not be read). */
async function readIn(eventName: string, event: object, here: string, base: string | null | Error) {
  const github = {
    file: async (_repo: string, _path: string, ref: string) => {
      if (base instanceof Error) throw base
      return ref === 'base' ? base : null
    },
  } as unknown as GitHub
  const io = fakeIo({files: {'/workspace/.github/mtls-waivers.yaml': here}, github})
  const context: RunContext = contextOf({GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_EVENT_NAME: eventName}, event)
  const {ledger, pending} = await readWaivers(inputs, context, {...io, runner: {...io.runner, workspace: '/workspace'}})
  return {counts: ledger.map(({owner}) => owner), pending: pending.map(({owner}) => owner), notices: io.annotations.length}
}

const pull = {pull_request: {number: 17, base: {sha: 'base'}}}

test.each<[string, string, object, string | null | Error, object]>([
  ['a push counts what it holds', 'push', {}, null, {counts: ['here'], pending: [], notices: 0}],
  [
    'a pull request counts the base and shows its own as pending',
    'pull_request',
    pull,
    ledger('base'),
    {counts: ['base'], pending: ['here'], notices: 0},
  ],
  ['a pull request without a ledger at its base', 'pull_request', pull, null, {counts: [], pending: ['here'], notices: 0}],
  [
    'a base that may not be read counts nothing and says so',
    'pull_request',
    pull,
    new GitHubFailure('Resource not accessible', {status: 403}),
    {counts: [], pending: ['here'], notices: 1},
  ],
  [
    'a merge queue counts its base',
    'merge_group',
    {merge_group: {base_sha: 'base', head_ref: 'refs/heads/gh-readonly-queue/main/pr-17-abc'}},
    ledger('base'),
    {counts: ['base'], pending: ['here'], notices: 0},
  ],
  ['a torn event is no way around it', 'pull_request', {}, ledger('base'), {counts: [], pending: ['here'], notices: 1}],
  [
    'a comment on a pull request',
    'issue_comment',
    {issue: {number: 17, pull_request: {}}},
    ledger('base'),
    {counts: [], pending: ['here'], notices: 1},
  ],
  ['a comment on an issue', 'issue_comment', {issue: {number: 3}}, null, {counts: ['here'], pending: [], notices: 0}],
  [
    'a workflow run of a fork',
    'workflow_run',
    {workflow_run: {pull_requests: []}},
    ledger('base'),
    {counts: [], pending: ['here'], notices: 1},
  ],
  [
    'a workflow run of one pull request',
    'workflow_run',
    {workflow_run: {pull_requests: [{number: 17, base: {sha: 'base'}}]}},
    ledger('base'),
    {counts: ['base'], pending: ['here'], notices: 0},
  ],
])('%s', async (_, eventName, event, base, expected) => {
  expect(await readIn(eventName, event, ledger('here'), base)).toEqual(expected)
})
