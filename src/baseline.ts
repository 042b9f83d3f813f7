import type {Io} from './io/io.ts'
import type {RunContext} from './model/context.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'
import type {Report} from './model/report.ts'
import {judgesProposal} from './waivers.ts'

/**
 * Reads the report that `baseline` names; null where none is asked for. A pull request brings no baseline of its own: a file of the
 * repository is taken from the base commit. Throws a `Failure` for what is missing, no report, or cannot be told apart.
 */
export async function readBaseline(inputs: Inputs, context: RunContext, io: Io): Promise<Report | null> {
  const path = inputs.baseline
  if (path === '') return null
  const file = path.startsWith('/') ? path : `${io.runner.workspace}/${path}`
  if (!(await io.files.exists(file)) || (await io.files.isFolder(file))) {
    throw new Failure(`\`baseline\` names \`${path}\`, where no file is.`, {
      cure: 'Download the earlier `report.json` in a step before this one, or leave `baseline` (and `gate: new`) out until there is one.',
      entry: 'baseline',
    })
  }
  const text = await io.files.readText(file)
  const counted = inputs.gate === 'new' && judgesProposal(context) ? await fromBase(file, text, inputs, context, io) : text
  const {reportFrom} = await import('./report/report-from.ts')
  const report = reportFrom(counted, path)
  if (report !== null) return report
  throw new Failure(`\`baseline\` names \`${path}\`, which is no \`report.json\`.`, {
    cure: 'Give the `report.json` of an earlier run: the output `report-json` names its path.',
    entry: 'baseline',
  })
}

/** What counts where an unmerged change is judged: a file that the repository holds as the base has it, any other as an earlier step left it. */
async function fromBase(file: string, text: string, inputs: Inputs, {repo, sha, baseSha}: RunContext, io: Io): Promise<string> {
  const inside = insideOf(io.runner.workspace, file)
  if (inside === null) return text
  const github = io.github(inputs.githubToken)
  try {
    if (github === null || repo === '' || sha === '') throw new Error('there is no token, or the event names no commit')
    const [proposed, base] = await Promise.all([github.file(repo, inside, sha), baseSha === '' ? null : github.file(repo, inside, baseSha)])
    if (base !== null) return base
    if (proposed === null) return text
  } catch (thrown) {
    throw new Failure(`Whether the pull request itself wrote \`${inputs.baseline}\` could not be told: ${messageOf(thrown)}`, {
      cure: 'Give the job `permissions: contents: read`, or keep the baseline outside of the checkout, such as in `$RUNNER_TEMP`.',
      entry: 'baseline',
    })
  }
  throw new Failure(`\`${inputs.baseline}\` is a file that this pull request adds: with \`gate: new\` it would excuse itself.`, {
    cure: 'Merge the baseline first, or download the report of the base branch in an earlier step.',
    entry: 'baseline',
  })
}

/** The path from the root of the checkout, null for a file outside of it; `..` may lead out of it and in again. */
function insideOf(workspace: string, file: string): string | null {
  const [root, path] = [straight(workspace), straight(file)]
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null
}

/** The same absolute path without `.` and `..`. */
function straight(path: string): string {
  const parts: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return `/${parts.join('/')}`
}
