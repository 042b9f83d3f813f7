import type {ClusterReport, Report} from '../model/report.ts'
import {comparisonSentence} from './comparison-section.ts'
import {judged} from './counts.ts'
import {badge} from './html-marks.ts'
import {type Html, html, said} from './html-text.ts'

/** The clusters of a merged report with their verdicts, worst first; nothing for a report of one. */
export function clustersPart({clusters}: Pick<Report, 'clusters'>): Html | null {
  if (clusters === undefined) return null
  return html`<div class="scroll" role="region" aria-label="Table of clusters" tabindex="0"><table><thead><tr>${['Verdict', 'Cluster', 'Why', 'Coverage', 'Ports', 'Violated', 'Istio', 'Seen'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${clusters.slice(0, 200).map(row)}</tbody></table></div>`
}

function row({name, verdict, counts, istio, takenAt, comparison, notes}: ClusterReport): Html {
  const changes = comparison === null ? null : html`<small>${said(`${comparisonSentence({comparison, verdict})}.`)}</small>`
  return html`<tr><td>${badge(verdict.status)}</td><th scope="row">${name}<small>${notes.length === 0 ? null : `${notes.length} notes below`}</small></th><td>${said(`${verdict.reason}.`)}${changes}</td><td>${judged(counts) === 0 ? '–' : `${verdict.coverage} %`}</td><td>${counts.total}</td><td>${counts.violated}</td><td>${istio}</td><td>${takenAt.slice(0, 16).replace('T', ' ')}</td></tr>`
}
