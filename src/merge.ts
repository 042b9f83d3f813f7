import type {Io} from './io/io.ts'
import {Failure} from './model/failure.ts'
import type {RunContext} from './model/context.ts'
import type {Inputs} from './model/inputs.ts'
import type {Report} from './model/report.ts'
import {filesOf} from './observe/manifests-files.ts'
import {mergeReports, type ReadReport} from './report/merge.ts'

/**
 * The reports that `from` names; null where it names manifests or a snapshot, which are judged and not merged. Throws a `Failure` for reports
 * beside other files, for one that cannot be read, and for one given twice: its ports would count twice.
 */
export async function readReports({from}: Pick<Inputs, 'from'>, io: Pick<Io, 'files'>): Promise<ReadReport[] | null> {
  // What cannot be found is told by the stage that judges manifests.
  const files = from.length === 0 ? [] : await filesOf(from, io).catch(() => [])
  const reports: ReadReport[] = []
  for (const file of files.filter((each) => each.endsWith('.json'))) {
    const {reportFrom} = await import('./report/report-from.ts')
    const report = reportFrom(await io.files.readText(file), file)
    if (report !== null) reports.push({report, file})
  }
  if (reports.length === 0) return null
  const others = files.filter((file) => !reports.some((one) => one.file === file))
  if (others.length > 0) {
    throw new Failure(`\`from\` names ${reports.length} reports beside other files, such as \`${others[0]}\``, {
      cure: 'Give `report.json` files alone, which are merged, or manifests alone, which are judged.',
      entry: 'from-mixed',
    })
  }
  refuseUnmergeable(reports)
  return reports
}

/** The one report of many, judged on the inputs' terms or each report's own, whichever are stricter. */
export function mergedReport(
  reports: ReadReport[],
  inputs: Inputs,
  baseline: Report | null,
  {docsUrl, reported}: Pick<RunContext, 'docsUrl' | 'reported'>,
  {clock, log}: Pick<Io, 'clock' | 'log'>,
): Report {
  const report = mergeReports(reports, inputs, {baseline, now: clock.now().getTime(), docsUrl})
  for (const {name, verdict} of report.clusters ?? []) log.line(`${name}: ${verdict.status}: ${verdict.reason}`)
  return {...report, ...(reported === null ? {} : {reportedBy: {repo: reported.repo, sha: reported.sha}})}
}

function refuseUnmergeable(reports: ReadReport[]): void {
  const seen = new Map<string, string>()
  for (const {report, file} of reports) {
    const {mode, cluster, takenAt, scope, clusters} = report
    if (clusters !== undefined || (mode !== 'enforce' && mode !== 'validate')) {
      throw new Failure(
        `\`${file}\` is ${clusters === undefined ? `a report of \`mode: ${mode}\`` : 'merged already'}, and such are not merged`,
        {
          cure: 'Give the reports of runs with `mode: enforce` or `validate`, one a cluster.',
          entry: 'report-unmergeable',
        },
      )
    }
    const key = JSON.stringify([cluster.uid, cluster.name, takenAt, scope])
    const twin = seen.get(key)
    if (twin !== undefined) {
      throw new Failure(`\`${file}\` and \`${twin}\` are the same report`, {cure: 'Name each report once.', entry: 'report-unmergeable'})
    }
    seen.set(key, file)
  }
}
