import type {Report, Stage} from '../model/report.ts'
import {infos} from './findings-section.ts'
import {type Block, details, heading, type Inline, list, prose, strong, table, text} from './markdown.ts'
import {duration, plural, sentence} from './words.ts'

/** How the run went: stages with their times, each named step on a line of its own. */
export function stagesSection({stages}: Report): Block[] {
  if (stages.length === 0) return []
  const total = stages.reduce((sum, stage) => sum + stage.ms, 0)
  const rows = stages.flatMap((stage) => [
    [[text(`${stageMark[stage.status]} ${stage.name}`)], [text(duration(stage.ms))], prose(stage.says)],
    ...stage.steps.map((step) => [[text(`↳ ${step.name}`)], [text(duration(step.ms))], prose(step.says)]),
  ])
  return [details([text(`How the run went, ${duration(total)}`)], [table([[text('Stage')], [text('Time')], [text('What it did')]], rows)])]
}

/** What the run altered; nothing to say when it altered nothing. */
export function changesSection({stages}: Report): Block[] {
  const changed = stages.filter((stage) => stage.changed)
  if (changed.length === 0) return []
  return [
    heading(3, text('What this run changed')),
    list(
      changed.map(({name, status, says}) => [
        strong(text(name)),
        text(status === 'failed' ? ': begun, and failed before its end: ' : ': '),
        ...prose(sentence(says)),
      ]),
    ),
  ]
}

/** Exclusions, skipped checks and other notes that judge nothing, folded away. */
export function notesSection(report: Report): Block[] {
  const skipped = report.results.filter(({status}) => status === 'skipped')
  const items: Inline[][] = [
    ...report.notes.map(prose),
    ...infos(report),
    ...skipped.map((result) => [strong(text(result.code)), text(` ${result.title}: skipped, `), ...prose(result.reason)]),
    ...report.controls.map(({name, passed, detail}) => [
      text(`Control ${name}: ${passed ? 'passed' : 'failed'}`),
      ...(detail === '' ? [] : [text(', '), ...prose(detail)]),
    ]),
  ]
  if (items.length === 0) return []
  return [details([text(`${plural(items.length, 'note')}: what was left out, skipped or checked besides`)], [list(items.slice(0, 100))])]
}

const stageMark: Record<Stage['status'], string> = {done: '✔️', failed: '❌', skipped: '➖'}
