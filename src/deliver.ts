import type {Files, Io} from './io/io.ts'
import {contextOf} from './context.ts'
import type {RunContext} from './model/context.ts'
import {Failure, GitHubFailure, messageOf} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'
import {mapStrings} from './model/map-strings.ts'
import type {Report} from './model/report.ts'
import type {Snapshot} from './model/snapshot.ts'
import {annotations} from './report/annotations.ts'
import {commentBody, markerOf} from './report/comment.ts'
import {planComment} from './report/comment-plan.ts'
import {failurePage} from './report/failure-page.ts'
import {htmlPage} from './report/html.ts'
import {jsonText} from './report/json-text.ts'
import {junit} from './report/junit.ts'
import {type Delivered, outputs} from './report/outputs.ts'
import {addressTexts, withoutAddresses, withoutHosts} from './report/private.ts'
import {sarif} from './report/sarif.ts'
import {briefSummary, summary} from './report/summary.ts'
import {terminal} from './report/terminal.ts'

/** Empties the report's folder of our own files, so that a later step never reads an earlier run's; nothing else in it is touched. */
export async function prepareReportDir({reportDir}: Pick<Inputs, 'reportDir'>, {files}: {files: Files}): Promise<void> {
  await files.makeFolder(reportDir)
  for (const name of [...Object.values(fileNames), 'diagnostics']) await files.remove(`${reportDir}/${name}`)
}

/**
 * Says the report in every channel: summary, files, comment, annotations, outputs, log. Never throws: one channel failing hides no other.
 * False when the outputs could not be written: a later step that asks for the verdict would find none.
 */
export async function deliver(ran: Ran, inputs: Inputs, context: RunContext, io: Io): Promise<boolean> {
  // A credential may come back in what a server or a program answers; no file of ours keeps it.
  const {report, snapshot, helmPath} = mapStrings(ran, io.runner.hidden) as Ran
  const attempt = attempts(io)
  const delivered: Delivered = {
    ...{reportJson: '', reportMarkdown: '', reportSarif: '', reportJunit: '', reportHtml: '', snapshot: ''},
    ...{helmPath, commentUrl: ''},
  }

  const page = once(() => summary(report))
  if (inputs.summary !== 'off') {
    await attempt('job summary', () => io.runner.summary(inputs.summary === 'brief' ? briefSummary(report) : page()))
  }
  // These formats are made to be uploaded, to places that more people read than the workflow's artifacts.
  const shared = once(() => forPublic(report, snapshot))
  const contents = {
    reportJson: () => jsonText(report),
    reportMarkdown: page,
    reportSarif: () => sarif(shared(), {workflowPath: context.workflowPath, workspace: io.runner.workspace}),
    reportJunit: () => junit(shared(), inputs),
    reportHtml: () => htmlPage(shared()),
    ...(snapshot === null ? {} : {snapshot: () => jsonText(snapshot)}),
  }
  for (const [file, content] of Object.entries(contents) as [keyof typeof fileNames, () => string | Iterable<string>][]) {
    await attempt(`file \`${fileNames[file]}\``, async () => {
      const path = `${inputs.reportDir}/${fileNames[file]}`
      await io.files.write(path, content())
      delivered[file] = path
    })
  }
  await attempt('pull-request comment', async () => {
    delivered.commentUrl = await comment(report, snapshot, inputs, context, io)
  })
  if (inputs.annotations) {
    await attempt('annotations', async () => {
      for (const {level, message, ...at} of annotations(report)) io.log.annotate(level, message, at)
    })
  }
  let isOutput = false
  await attempt('outputs', async () => {
    for (const [name, value] of Object.entries(outputs(report, delivered))) io.runner.output(name, value)
    isOutput = true
  })
  await attempt('log', async () => {
    const written = (Object.keys(fileNames) as (keyof typeof fileNames)[]).map((file) => delivered[file]).filter((path) => path !== '')
    for (const line of terminal(report, written)) io.log.line(line)
  })
  return isOutput
}

/** Says that there is no report, and why: for what stops a run before it begins, such as a wrong input. Never throws. */
export async function deliverFailure(thrown: unknown, io: Io): Promise<void> {
  const attempt = attempts(io)
  const cure = thrown instanceof Failure ? thrown.cure : ''
  const page = `${contextOf(io.runner.env, {}).docsUrl}/troubleshooting.md`
  const url = thrown instanceof Failure ? `${page}#${thrown.entry}` : page
  await attempt('job summary', () => io.runner.summary(failurePage(messageOf(thrown), cure, url)))
  await attempt('outputs', async () => {
    const values = {verdict: 'unknown', reason: messageOf(thrown), 'failed-stage': 'inputs', changed: 'false'}
    for (const [name, value] of Object.entries(values)) io.runner.output(name, value)
  })
  await attempt('log', async () => {
    if (cure !== '') io.log.line(cure)
  })
}

const fileNames = {
  reportJson: 'report.json',
  reportMarkdown: 'report.md',
  reportSarif: 'report.sarif',
  reportJunit: 'report.xml',
  reportHtml: 'report.html',
  snapshot: 'snapshot.json',
}

interface Ran {
  report: Report
  /** null where reports were merged. */
  snapshot: Snapshot | null
  helmPath: string
}

type Attempt = (channel: string, body: () => Promise<void>) => Promise<void>

function attempts({log}: Io): Attempt {
  return async (channel, body) => {
    try {
      await body()
    } catch (thrown) {
      log.annotate('warning', `The ${channel} could not be written: ${messageOf(thrown)}. The verdict stands all the same.`)
    }
  }
}

/** Brings the comment up to date; its address, or '' where none stands. A token that may not write costs one notice, never the step. */
async function comment(report: Report, snapshot: Snapshot | null, inputs: Inputs, context: RunContext, io: Io): Promise<string> {
  const {repo, runUrl, pullRequest} = context
  const number = inputs.prNumber ?? pullRequest?.number
  const github = io.github(inputs.githubToken)
  if (inputs.comment === 'never' || number === undefined || repo === '' || github === null) return ''
  const marker = markerOf(report, context, inputs.commentKey)
  try {
    const plan = planComment(inputs.comment, await github.comments(repo, number), await github.author(), marker)
    if (plan.do === 'nothing') return plan.url
    const body = commentBody(forPublic(report, snapshot), marker, runUrl)
    if (plan.do === 'edit') return (await github.editComment(repo, plan.id, body)).url
    const {url} = await github.comment(repo, number, body)
    if (plan.do === 'replace') {
      await github.minimize(plan.minimize).catch((thrown) => io.log.detail(`The old comment stays unfolded: ${messageOf(thrown)}`))
    }
    return url
  } catch (thrown) {
    const missing = missingRight(thrown, pullRequest?.fork ?? false)
    if (missing === null) throw thrown
    io.log.annotate('notice', missing)
    return ''
  }
}

/** The report for places that more people read than the workflow: of merged ones nobody knows the API servers, so no address is let through. */
function forPublic(report: Report, snapshot: Snapshot | null): Report {
  if (snapshot === null) return withoutHosts(withoutAddresses(report, []))
  return withoutAddresses(report, snapshot.cluster.read ? addressTexts(snapshot.cluster.value.server) : [])
}

/** The sentence for a refusal that is the workflow's to mend, or null for everything else. */
function missingRight(thrown: unknown, fork: boolean): string | null {
  if (!(thrown instanceof GitHubFailure) || thrown.rateLimited || (thrown.status !== 403 && thrown.status !== 404)) return null
  const cure = fork
    ? 'GitHub never gives it to pull requests from forks.'
    : 'Give the job `permissions: pull-requests: write`, or set `comment: never`.'
  return `No pull-request comment: the token lacks \`pull-requests: write\` (${thrown.message}). ${cure} The job summary has the whole report.`
}

/** Made when it is first asked for, and once: several channels say the same. */
function once<T>(make: () => T): () => T {
  let made: {value: T} | null = null
  return () => {
    made ??= {value: make()}
    return made.value
  }
}
