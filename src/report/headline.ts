import type {Report, VerdictStatus} from '../model/report.ts'
import {judged} from './counts.ts'
import {tally} from './findings.ts'
import {type Block, code, heading, type Inline, paragraph, prose, strong, text} from './markdown.ts'
import {plural} from './words.ts'

/** The verdict as a mark and a word: never colour or picture alone. */
export const verdictMark: Record<VerdictStatus, string> = {pass: '✅', fail: '❌', unknown: '❓'}

/** The verdict, its sentence and its numbers: all that most readers read. */
export function headline(report: Report, level: number): Block[] {
  const {status, reason} = report.verdict
  return [
    heading(level, text(`${verdictMark[status]} ${report.mode === 'uninstall' ? 'Uninstall' : 'Mutual TLS'}${cluster(report)}: ${status}`)),
    paragraph(strong(...prose(`${reason}.`))),
    paragraph(...numbers(report)),
    ...foreignEvidence(report),
  ]
}

/** Whoever wrote the evidence could have written a better one: that must stand beside the verdict, not below it. */
function foreignEvidence({reportedBy}: Report): Block[] {
  if (reportedBy === undefined) return []
  return [
    paragraph(
      strong(text('Evidence reported by the code of a fork')),
      text(', '),
      code(`${reportedBy.repo}@${reportedBy.sha.slice(0, 12)}`),
      text(': judged and rendered again here, but not seen by this run. It sets no status and no check.'),
    ),
  ]
}

/** `Coverage 88.8 % · 8 proven · 1 violated · 1 error`; what is zero is left out, save the violated rows. */
export function numbers(report: Report): Inline[] {
  const {counts, verdict, unread} = report
  const found = tally(report)
  const rows = (['violated', 'unproven', 'configured', 'proven', 'exempt'] as const)
    .filter((verdict) => counts[verdict] > 0 || (verdict === 'violated' && counts.total > 0))
    .map((verdict) => text(`${counts[verdict]} ${verdict}`))
  return joined([
    ...(judged(counts) > 0 ? [text(`Coverage ${verdict.coverage} %`)] : []),
    text(counts.total > 0 ? plural(counts.total, 'port') : unread.length > 0 ? 'No workload port could be read' : 'No workload ports'),
    ...rows,
    ...(found.error > 0 ? [text(plural(found.error, 'error'))] : []),
    ...(found.warning > 0 ? [text(plural(found.warning, 'warning'))] : []),
  ])
}

/** Where this was seen; only what is known. */
export function whereabouts({cluster: {kubernetes, istio, revision, trustDomain}, mode, takenAt, changed}: Report): Block {
  return paragraph(
    ...joined([
      ...(kubernetes === '' ? [] : [text(`Kubernetes ${kubernetes}`)]),
      ...(istio === '' ? [] : [text(`Istio ${istio}`)]),
      ...(revision === '' || revision === 'default' ? [] : [text(`revision ${revision}`)]),
      ...(trustDomain === '' ? [] : [text(`trust domain ${trustDomain}`)]),
      text(`mode ${mode}`),
      ...(takenAt === '' ? [] : [text(`seen ${takenAt.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC')}`)]),
      text(changed ? 'this run changed the cluster' : 'nothing changed on the cluster'),
    ]),
  )
}

/** Pieces with a middle dot between them. */
export function joined(pieces: Inline[]): Inline[] {
  return pieces.flatMap((piece, at) => (at === 0 ? [piece] : [text(' · '), piece]))
}

/** `shop/orders:8080`, the form in tables and outputs. */
export function endpointCode(namespace: string, name: string, port: number | null): Inline {
  return code(`${namespace}/${name}${port === null ? '' : `:${port}`}`)
}

function cluster({cluster: {name}, clusters}: Report): string {
  if (clusters !== undefined) return ` on ${plural(clusters.length, 'cluster')}`
  return name === '' ? '' : ` on ${name}`
}
