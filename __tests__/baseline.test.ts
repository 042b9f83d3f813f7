import {readBaseline} from '../src/baseline.ts'
import {contextOf} from '../src/context.ts'
import {inputsFrom} from '../src/inputs.ts'
import type {GitHub} from '../src/io/io.ts'
import {GitHubFailure} from '../src/model/failure.ts'
import {fakeIo} from './helpers/fake-io.ts'
import {greenReport, redReport} from './report/samples.ts'

const green = JSON.stringify(greenReport())
const red = JSON.stringify(redReport())
const pull = {pull_request: {number: 17, base: {sha: 'base'}}}

interface Given {
  path?: string
  here?: string
  /** What the repository holds at that path, at the pull request's head and at its base; an error: may not be read. */
  head?: string | null | Error
  base?: string | null
  event?: [string, object]
  gate?: string
}

async function readIn({
  path = 'base/report.json',
  here = green,
  head = null,
  base = null,
  event = ['pull_request', pull],
  gate = 'new',
}: Given) {
  const github = {
    file: async (_repo: string, _path: string, ref: string) => {
      if (head instanceof Error) throw head
      return ref === 'base' ? base : head
    },
  } as unknown as GitHub
  const io = fakeIo({files: {'/workspace/base/report.json': here, '/temp/report.json': here}, github})
  const {inputs} = inputsFrom({HOME: '/root', INPUT_BASELINE: path, INPUT_GATE: gate, 'INPUT_GITHUB-TOKEN': 'ghs_x'})
  const context = contextOf({GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_EVENT_NAME: event[0], GITHUB_SHA: 'head'}, event[1])
  return (await readBaseline(inputs, context, io))?.verdict.status ?? null
}

test.each<[string, Given, string | null | RegExp]>([
  ['none is asked for', {path: '', gate: 'all'}, null],
  ['a file that an earlier step downloaded', {}, 'pass'],
  ['outside of the checkout nothing is looked up', {path: '/temp/report.json', head: new Error('asked')}, 'pass'],
  ['the base commit’s counts, not the pull request’s', {here: green, head: green, base: red}, 'fail'],
  ['the base commit’s counts though the pull request deletes it', {here: green, head: null, base: red}, 'fail'],
  ['one that the pull request adds', {head: green}, /is a file that this pull request adds/],
  ['who wrote it cannot be told', {head: new GitHubFailure('Resource not accessible', {status: 403})}, /could not be told/],
  ['only shown, it may come from anywhere', {head: green, gate: 'all'}, 'pass'],
  ['a push brings its own', {head: green, event: ['push', {}]}, 'pass'],
  ['no file', {path: 'nothing.json'}, /where no file is/],
  ['a folder', {path: 'base'}, /where no file is/],
  ['no report', {here: 'kind: Pod', event: ['push', {}]}, /which is no `report.json`/],
  ['a torn report', {here: green.slice(0, -20), event: ['push', {}]}, /which is no `report.json`/],
])('%s', async (_, given, expected) => {
  if (expected instanceof RegExp) await expect(readIn(given)).rejects.toThrow(expected)
  else expect(await readIn(given)).toBe(expected)
})
