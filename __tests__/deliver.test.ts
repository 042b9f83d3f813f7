import {contextOf} from '../src/context.ts'
import {deliver, deliverFailure, prepareReportDir} from '../src/deliver.ts'
import {gitHub} from '../src/io/github.ts'
import {Failure} from '../src/model/failure.ts'
import type {Inputs} from '../src/model/inputs.ts'
import type {Report} from '../src/model/report.ts'
import {type FakeIo, fakeIo} from './helpers/fake-io.ts'
import {type GitHubServer, startGitHub} from './helpers/github-server.ts'
import {greenReport, inputs, redReport, snapshot} from './report/samples.ts'

const env = {GITHUB_REPOSITORY: 'octo-org/shop', GITHUB_WORKFLOW: 'preview', GITHUB_JOB: 'mesh', GITHUB_EVENT_NAME: 'pull_request'}
const pull = {pull_request: {number: 17, head: {repo: {full_name: 'octo-org/shop'}}}}
const fork = {pull_request: {number: 17, head: {repo: {full_name: 'mallory/shop'}}}}
const files = ['report.html', 'report.json', 'report.md', 'report.sarif', 'report.xml', 'snapshot.json']
let server: GitHubServer

afterEach(async () => server?.close())

/** Delivers as main does, to a real HTTP server; the clock is the fake's, so that waiting costs nothing. */
async function run(report: Report, given: {inputs?: Partial<Inputs>; event?: object; spoil?: (io: FakeIo) => void} = {}): Promise<FakeIo> {
  const io = fakeIo()
  io.github = (token) => (token === '' ? null : gitHub(token, {apiUrl: server.url, graphqlUrl: `${server.url}/graphql`}, io.clock))
  given.spoil?.(io)
  await deliver({report, snapshot: snapshot(), helmPath: '/tools/helm'}, inputs(given.inputs), contextOf(env, given.event ?? pull), io)
  return io
}

test('every channel says the same', async () => {
  server = await startGitHub({})
  const io = await run(redReport())
  expect(io.summaries).toHaveLength(1)
  expect([...io.disk.keys()].sort()).toEqual(files.map((name) => `/temp/istio-mtls/mtls/${name}`))
  expect(JSON.parse(Buffer.from(io.disk.get('/temp/istio-mtls/mtls/report.json') ?? '').toString())).toEqual(redReport())
  expect(server.comments()).toHaveLength(1)
  expect(server.comments()[0]).toMatchObject({pullRequest: 17, minimized: false})
  expect(io.outputs).toMatchObject({
    verdict: 'fail',
    'report-json': '/temp/istio-mtls/mtls/report.json',
    'report-sarif': '/temp/istio-mtls/mtls/report.sarif',
    'report-junit': '/temp/istio-mtls/mtls/report.xml',
    'report-html': '/temp/istio-mtls/mtls/report.html',
    'helm-path': '/tools/helm',
    'comment-url': expect.stringContaining('#issuecomment-'),
  })
  expect(io.annotations.map(({level}) => level)).toEqual(['error', 'warning'])
  for (const said of [io.summaries[0], server.comments()[0]?.body, io.lines.at(-1)])
    expect(said).toContain('1 of 8 workload ports accepts plain text')
})

test('the comment: posted once, silent when nothing changed, posted anew when the verdict flips', async () => {
  server = await startGitHub({comments: Array.from({length: 230}, () => ({author: 'octocat', body: 'LGTM'}))})
  await run(redReport())
  const again = await run({...redReport(), takenAt: '2027-01-01T00:00:00Z'})
  expect(again.outputs['comment-url']).toContain('#issuecomment-1231')
  expect(server.requests().filter(({method, path}) => method !== 'GET' && path !== '/graphql')).toHaveLength(1)
  await run({...redReport(), counts: {...redReport().counts, violated: 2}})
  expect(server.comments().filter(({body}) => body.includes('2 violated'))).toHaveLength(1)
  await run(greenReport())
  expect(
    server
      .comments()
      .slice(230)
      .map(({minimized, body}) => [minimized, /: (pass|fail)/.exec(body)?.[1]]),
  ).toEqual([
    [true, 'fail'],
    [false, 'pass'],
  ])
})

test('a mark planted by somebody else is left alone', async () => {
  server = await startGitHub({})
  await run(redReport())
  const [ours] = server.comments()
  await server.close()
  server = await startGitHub({comments: [{author: 'mallory', body: ours?.body ?? ''}]})
  await run(redReport())
  expect(server.comments().map(({author}) => author)).toEqual(['mallory', 'github-actions[bot]'])
})

test('the token of an app finds its own comment again', async () => {
  server = await startGitHub({login: 'mesh-bot[bot]'})
  await run(redReport())
  await run(redReport())
  expect(server.comments().map(({author}) => author)).toEqual(['mesh-bot[bot]'])
})

test.each([
  ['of a branch', pull, 'Give the job `permissions: pull-requests: write`'],
  ['of a fork', fork, 'GitHub never gives it to pull requests from forks'],
])('a token that only reads, on a pull request %s, costs one notice', async (_, event, words) => {
  server = await startGitHub({rights: 'read'})
  const io = await run(greenReport(), {event})
  expect(io.annotations).toEqual([{level: 'notice', message: expect.stringContaining('lacks `pull-requests: write`')}])
  expect(io.annotations[0]?.message).toContain(words)
  expect(io.outputs).toMatchObject({verdict: 'pass', 'comment-url': ''})
})

test.each<[string, {inputs?: Partial<Inputs>; event?: object}]>([
  ['no pull request', {event: {}}],
  ['comment: never', {inputs: {comment: 'never'}}],
  ['no token', {inputs: {githubToken: ''}}],
  ['on-failure and all well', {inputs: {comment: 'on-failure'}}],
])('%s: no comment and no word about it', async (_, given) => {
  server = await startGitHub({})
  const io = await run(greenReport(), given)
  expect(server.comments()).toEqual([])
  expect(io.annotations).toEqual([])
})

test('pr-number wins over the event', async () => {
  server = await startGitHub({})
  await run(greenReport(), {inputs: {prNumber: 99}})
  expect(server.comments().map(({pullRequest}) => pullRequest)).toEqual([99])
})

test('a secondary rate limit is waited for as long as asked, within a minute', async () => {
  server = await startGitHub({})
  server.throttle(2, {retryAfter: 7})
  const patient = await run(greenReport())
  expect(server.comments()).toHaveLength(1)
  expect(patient.clock.ticks()).toBe(14_000)
  server.throttle(1, {status: 429, retryAfter: 3600})
  const hurried = await run(redReport())
  expect(hurried.clock.ticks()).toBe(0)
  expect(hurried.annotations.find(({message}) => message.includes('comment'))?.message).toMatch(
    /could not be written.*429.*The verdict stands/,
  )
})

const broken = () => {
  throw new Error('disk full')
}

test.each<[string, (io: FakeIo) => void, RegExp]>([
  ['the summary', (io) => Object.assign(io.runner, {summary: broken}), /job summary could not be written: disk full/],
  ['the files', (io) => Object.assign(io.files, {write: broken}), /file `report.json` could not be written/],
  ['the comment', (io) => Object.assign(io, {github: broken}), /comment could not be written: disk full/],
  ['the outputs', (io) => Object.assign(io.runner, {output: broken}), /outputs could not be written/],
])('%s failing hides no other channel', async (channel, spoil, warning) => {
  server = await startGitHub({})
  const io = await run(redReport(), {spoil})
  expect(io.annotations.some(({level, message}) => level === 'warning' && warning.test(message))).toBe(true)
  expect({
    'the summary': io.summaries.length === 1,
    'the files': io.disk.size === files.length,
    'the comment': server.comments().length === 1,
    'the outputs': io.outputs['verdict'] === 'fail',
    log: io.lines.at(-1)?.includes('fail:') ?? false,
  }).toEqual({'the summary': true, 'the files': true, 'the comment': true, 'the outputs': true, log: true, [channel]: false})
})

test('SARIF and JUnit, made to be uploaded, show neither the API server nor a pod by its address', async () => {
  server = await startGitHub({})
  const report = redReport()
  const [first, ...others] = report.results.filter(({findings}) => findings.length > 0)
  const leaky = first && {
    ...first,
    findings: first.findings.map((one) => ({...one, message: 'https://10.108.0.1:6443 says that 10.244.0.7:8080 answers'})),
  }
  const io = await run({...report, results: [...(leaky ? [leaky] : []), ...others]})
  for (const name of ['report.sarif', 'report.xml', 'report.html']) {
    const text = Buffer.from(io.disk.get(`/temp/istio-mtls/mtls/${name}`) ?? '').toString()
    expect(text).toContain('(address)')
    expect(text).not.toMatch(/10\.108|10\.244/)
  }
})

test.each([
  ['report.sarif', 'report-sarif'],
  ['report.xml', 'report-junit'],
  ['report.html', 'report-html'],
])('%s failing costs neither the other files nor the rest', async (name, output) => {
  server = await startGitHub({})
  const io = await run(redReport(), {
    spoil: ({files: outside}) => {
      const {write} = outside
      outside.write = async (path, content) => (path.endsWith(name) ? broken() : write(path, content))
    },
  })
  expect([...io.disk.keys()].map((path) => path.slice('/temp/istio-mtls/mtls/'.length)).sort()).toEqual(
    files.filter((each) => each !== name),
  )
  expect(io.annotations.filter(({message}) => message.includes(`file \`${name}\` could not be written: disk full`))).toHaveLength(1)
  expect(io.outputs).toMatchObject({verdict: 'fail', [output]: ''})
  expect(io.lines.filter((line) => line.startsWith('Report: '))).toHaveLength(files.length - 1)
})

test('summary and annotations can be switched off', async () => {
  server = await startGitHub({})
  const io = await run(redReport(), {inputs: {summary: 'off', annotations: false}})
  expect([io.summaries, io.annotations]).toEqual([[], []])
  const brief = await run(redReport(), {inputs: {summary: 'brief'}})
  expect(brief.summaries[0]).not.toContain('How the run went')
})

test('the folder is emptied of our files and of nothing else', async () => {
  const io = fakeIo({files: {...Object.fromEntries(files.map((name) => [`/r/${name}`, 'old'])), '/r/notes.txt': 'mine'}})
  await prepareReportDir({reportDir: '/r'}, io)
  expect([...io.disk.keys()]).toEqual(['/r/notes.txt'])
})

test('a run that never began says why, in summary and outputs', async () => {
  const io = fakeIo()
  await deliverFailure(
    new Failure('`mode` is `enforc`; did you mean `enforce`?\n`timeout` is `5`.', {cure: 'Correct both.', entry: 'inputs'}),
    io,
  )
  expect(io.outputs).toMatchObject({verdict: 'unknown', changed: 'false', 'failed-stage': 'inputs'})
  expect(io.summaries[0]).toContain('**`mode` is `enforc`; did you mean `enforce`?**')
  expect(io.summaries[0]).toContain('Correct both.')
  expect(io.summaries[0]).toContain('(https://github.com/org/istio-mtls-action/blob/v1/docs/troubleshooting.md#inputs)')
})
