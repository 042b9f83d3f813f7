import type {Report} from '../model/report.ts'
import {refText} from '../model/ref.ts'
import {newFirst, rankedFindings} from './findings.ts'
import {severityMark} from './findings-section.ts'
import {verdictMark} from './headline.ts'
import {nextSteps} from './next-steps.ts'
import {comparisonSentence} from './comparison-section.ts'
import {clipped, plural} from './words.ts'

/** The log's last lines: what failed with its fix, next steps, where the files are, and the verdict, which stands last because logs are read from their end. */
export function terminal(report: Report, files: string[]): string[] {
  const heavy = newFirst(rankedFindings(report)).filter(({finding}) => finding.severity !== 'info')
  const shown = heavy.slice(0, 20)
  const steps = nextSteps(report)
  return [
    ...shown.flatMap(({result, finding: {severity, subject, message, hint, fix, isNew}}) => [
      `${severityMark[severity]}${isNew === undefined ? '' : isNew ? ' new' : ' known'} ${result.code} ${result.title}: ${refText(subject)}`,
      `   ${clipped(message, 1000)}`,
      ...(hint === '' ? [] : [`   Fix: ${clipped(hint, 1000)}`]),
      ...(fix === ''
        ? []
        : [
            '',
            ...fix
              .trimEnd()
              .split('\n')
              .map((line) => `     ${line}`),
          ]),
      '',
    ]),
    ...(heavy.length > shown.length ? [`And ${plural(heavy.length - shown.length, 'more finding')}, all in report.json.`, ''] : []),
    ...steps.flatMap(({says, command}, at) => [`${at + 1}) ${says}`, ...(command === '' ? [] : [`     ${command}`])]),
    ...(steps.length === 0 ? [] : ['']),
    ...files.map((file) => `Report: ${file}`),
    ...(report.diagnostics === undefined
      ? []
      : [`Diagnostics: ${report.diagnostics.folder}, look first at ${report.diagnostics.first.file}`]),
    ...(report.clusters ?? []).map(
      ({name, verdict}) => `${verdictMark[verdict.status]} ${clipped(name, 120)}: ${verdict.status}: ${clipped(verdict.reason, 500)}`,
    ),
    ...(report.comparison === null ? [] : [`Against the baseline: ${clipped(comparisonSentence(report), 1000)}.`]),
    `${verdictMark[report.verdict.status]} ${report.verdict.status}: ${report.verdict.reason}`,
  ]
}
