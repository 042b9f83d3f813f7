import type {ClusterReport} from '../model/report.ts'
import {plural} from './words.ts'

/** The verdict over several clusters in one sentence: how many are not well, which, and the first one's own reason. */
export function worstReason(clusters: ClusterReport[]): string {
  const [first, ...others] = clusters.filter(({verdict}) => verdict.status !== 'pass')
  if (clusters.length === 0) return 'No report was merged'
  if (first === undefined) {
    const rows = clusters.reduce((sum, {counts}) => sum + counts.total, 0)
    const known = clusters.filter(({counts}) => counts.violated > 0).length
    const all = clusters.length === 1 ? 'The only cluster passes' : `All ${clusters.length} clusters pass`
    return `${all}, ${plural(rows, 'workload port')} in all${known === 0 ? '' : `; on ${plural(known, 'cluster')} no worse than the baseline`}`
  }
  const failing = clusters.filter(({verdict}) => verdict.status === 'fail').length
  const unknown = clusters.filter(({verdict}) => verdict.status === 'unknown').length
  const counted = [...(failing > 0 ? [`${failing} fail`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])].join(' and ')
  const more =
    others.length === 0
      ? ''
      : `; also ${others
          .slice(0, 5)
          .map(({name}) => `\`${name}\``)
          .join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`
  return `Of ${plural(clusters.length, 'cluster')} ${counted}: \`${first.name}\`: ${first.verdict.reason}${more}`
}
