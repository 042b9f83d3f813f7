import type {Report} from '../model/report.ts'
import {authorizationSection} from './authorization-section.ts'
import {fitting} from './budget.ts'
import {clusterFold, clustersTable, numbersOf} from './clusters-section.ts'
import {comparisonSection} from './comparison-section.ts'
import {diagnosticsSection} from './diagnostics-section.ts'
import {findingsSection, openQuestions} from './findings-section.ts'
import {forecastSection} from './forecast-section.ts'
import {headline, whereabouts} from './headline.ts'
import {type Block, heading, render, text} from './markdown.ts'
import {splitReport} from './merge.ts'
import {meshDiagram} from './mesh-diagram.ts'
import {nextStepsSection} from './next-steps.ts'
import {plannedSection} from './planned-section.ts'
import {portTables} from './ports-section.ts'
import {changesSection, notesSection, stagesSection} from './run-section.ts'
import {waiversSection} from './waivers-section.ts'

/** GitHub drops a step's whole summary past 1,048,576 bytes; room is left for what other steps of the file's writer add. */
export const summaryLimit = 1_000_000

/** The job summary: at most `limit` bytes, showing less in the steps of `amounts`, never nothing. */
export function summary(report: Report, limit = summaryLimit): string {
  return fitting(renderings(report, limit), limit, farewell)
}

/** The summary for those who want one look: verdict, numbers, what failed. */
export function briefSummary(report: Report, limit = summaryLimit): string {
  const brief =
    report.verdict.status === 'pass'
      ? [...headline(report, 2), ...clustersTable(report), ...comparisonSection(report, 5), ...plannedSection(report, 20)]
      : [
          ...headline(report, 2),
          ...clustersTable(report),
          ...comparisonSection(report, 5),
          ...openQuestions(report),
          ...plannedSection(report, 20),
          ...forecastSection(report, 5),
          ...findingsSection(report, 5),
          ...waiversSection(report),
        ]
  return fitting([render(brief)], limit, farewell)
}

const farewell = '_Cut to fit: everything is in report.json._'

interface Amount {
  findings: number
  /** Whether each finding offers its waiver. */
  waivers: boolean
  bad: number
  diagram: boolean
  good: number
}

/** From everything to next to nothing; each step keeps what failed longest. */
const amounts: readonly Amount[] = [
  {findings: Number.POSITIVE_INFINITY, waivers: true, bad: Number.POSITIVE_INFINITY, good: Number.POSITIVE_INFINITY, diagram: true},
  {findings: Number.POSITIVE_INFINITY, waivers: false, bad: Number.POSITIVE_INFINITY, good: Number.POSITIVE_INFINITY, diagram: true},
  {findings: 500, waivers: false, bad: 1000, good: 500, diagram: true},
  {findings: 200, waivers: false, bad: 500, good: 0, diagram: true},
  {findings: 50, waivers: false, bad: 100, good: 0, diagram: false},
  {findings: 10, waivers: false, bad: 20, good: 0, diagram: false},
]

function* renderings(report: Report, limit: number): Generator<string> {
  const body = bodyOf(report)
  for (const amount of amounts) yield render([...headline(report, 2), whereabouts(report), ...body(amount)], limit)
}

/** What stands below the headline; a merged report has a fold for each of its clusters, open where something is wrong. */
function bodyOf(report: Report): (amount: Amount) => Block[] {
  if (report.clusters === undefined) return sectionsOf(report)
  const parts = splitReport(report).map((part) => ({part, sections: sectionsOf(part)}))
  return (amount) => [
    ...clustersTable(report),
    ...parts.map(({part, sections}) => clusterFold(part, [...numbersOf(part), whereabouts(part), ...sections(amount)])),
    ...notesSection({...report, results: [], controls: []}),
  ]
}

/** A report's sections in any amount; what is the same in each is made once. */
function sectionsOf(report: Report): (amount: Amount) => Block[] {
  const ports = portTables(report)
  const questions = openQuestions(report)
  const picture = meshDiagram(report)
  const end = [
    ...waiversSection(report),
    ...changesSection(report),
    ...nextStepsSection(report),
    ...stagesSection(report),
    ...diagnosticsSection(report),
    ...notesSection(report),
  ]
  return ({findings, waivers, bad, good, diagram}) => [
    ...comparisonSection(report, Math.min(findings, 100)),
    ...questions,
    ...plannedSection(report, Math.min(findings, 200)),
    ...forecastSection(report, Math.min(findings, 300)),
    ...titled('What failed, and how to mend it', findingsSection(report, findings, waivers)),
    ...titled('Ports that accept plain text or lack proof', ports.bad(bad)),
    ...(diagram ? picture : []),
    ...ports.good(good),
    ...authorizationSection(report, Math.min(good, 300)),
    ...end,
  ]
}

function titled(title: string, blocks: Block[]): Block[] {
  return blocks.length === 0 ? [] : [heading(3, text(title)), ...blocks]
}
