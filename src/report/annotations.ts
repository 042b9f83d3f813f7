import type {Severity} from '../model/check.ts'
import type {Report} from '../model/report.ts'
import {newFirst, rankedFindings} from './findings.ts'
import {refText} from '../model/ref.ts'
import {isCounted} from './gate.ts'
import {clipped} from './words.ts'

/** One annotation, for `log.annotate`. */
export interface Annotation {
  level: 'error' | 'warning' | 'notice'
  message: string
  title: string
  file?: string
  line?: number
}

/**
 * Findings as annotations, most severe first, on the guilty line where it is known. GitHub shows ten of a level per step, of which one is
 * left for the verdict itself; a finding of severity info is annotated only on a line of its own.
 */
export function annotations(report: Report): Annotation[] {
  const left: Record<Severity, number> = {error: perLevel, warning: perLevel, info: perLevel}
  return newFirst(rankedFindings(report)).flatMap(({result, finding}) => {
    const {subject, message, hint} = finding
    // What the gate excuses fails nothing, so it is not shown as an error either.
    const severity = finding.severity === 'error' && !isCounted(finding, report.terms) ? 'warning' : finding.severity
    if ((severity === 'info' && subject.file === undefined) || left[severity] === 0) return []
    left[severity]--
    const {file, line} = subject
    const title = clipped(`${result.code} ${result.title}`, 200)
    const said = clipped(`${refText(subject)}: ${message}${hint === '' ? '' : ` ${hint}`}`, 4000)
    return [{level: levels[severity], message: said, title, ...(file === undefined ? {} : {file, line: line ?? 1})}]
  })
}

const perLevel = 9

const levels: Record<Severity, Annotation['level']> = {error: 'error', warning: 'warning', info: 'notice'}
