import type {Report} from '../model/report.ts'
import {comparisonSentence} from './comparison-section.ts'
import {judged} from './counts.ts'
import {numbers, verdictMark} from './headline.ts'
import {type Block, code, details, type Inline, paragraph, prose, strong, table, text} from './markdown.ts'

/** The clusters of a merged report at a glance, worst first; nothing for a report of one. */
export function clustersTable({clusters}: Report): Block[] {
  if (clusters === undefined) return []
  const head = ['Verdict', 'Cluster', 'Coverage', 'Ports', 'Violated', 'Unproven', 'Istio', 'Seen'].map((title): Inline[] => [text(title)])
  const rows = clusters
    .slice(0, mostClusters)
    .map(({name, verdict, counts, istio, takenAt}): Inline[][] => [
      [text(`${verdictMark[verdict.status]} ${verdict.status}`)],
      [code(name)],
      [text(judged(counts) === 0 ? '–' : `${verdict.coverage} %`)],
      [text(counts.total)],
      [text(counts.violated)],
      [text(counts.unproven)],
      [text(istio)],
      [text(takenAt.slice(0, 16).replace('T', ' '))],
    ])
  const left = clusters.length - rows.length
  return [table(head, rows), ...(left > 0 ? [paragraph(text(`And ${left} more clusters, all in report.json.`))] : [])]
}

/** A cluster's fold: its verdict, what changed there against its own run's baseline, and `content`. */
export function clusterFold(part: Report, content: Block[]): Block {
  const {status, reason} = part.verdict
  const said: Block[] = part.comparison === null ? [] : [paragraph(...prose(`${comparisonSentence(part)}.`))]
  const summary = [text(`${verdictMark[status]} `), strong(text(part.cluster.name)), text(`: ${status}`)]
  return details(summary, [paragraph(strong(...prose(`${reason}.`))), ...said, ...content], status !== 'pass')
}

/** A part's numbers on a line. */
export function numbersOf(part: Report): Block[] {
  return [paragraph(...numbers(part))]
}

const mostClusters = 100
