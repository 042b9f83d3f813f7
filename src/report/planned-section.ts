import type {Planned} from '../model/forecast.ts'
import type {Report} from '../model/report.ts'
import {type Block, details, heading, list, paragraph, prose, text} from './markdown.ts'
import {plural, quoted, sentence} from './words.ts'

/** What `enforce` would change, a line each; nothing for a report that is no plan. */
export function plannedSection({planned}: Pick<Report, 'planned'>, limit: number): Block[] {
  if (planned === undefined) return []
  const lines = plannedLines(planned)
  const shown = lines.slice(0, limit)
  return [
    heading(3, text('What enforcing would change')),
    ...(planned.problems.length === 0
      ? []
      : [
          paragraph(text('Nothing, for it would stop before any change:')),
          list(planned.problems.map(({says, cure}) => prose(`${sentence(says)} ${cure}`))),
        ]),
    lines.length === 0 ? paragraph(text('Nothing.')) : list(shown.map((each) => prose(each))),
    ...(lines.length > shown.length
      ? [paragraph(text(`And ${plural(lines.length - shown.length, 'more change')}, all in report.json.`))]
      : []),
    ...(planned.notes.length === 0
      ? []
      : [
          details(
            [text(`${plural(planned.notes.length, 'thing')} that would stay, or could not be decided`)],
            [list(planned.notes.slice(0, 100).map((note) => prose(sentence(note))))],
          ),
        ]),
  ]
}

/** Each change as a line of a diff: `+` comes, `~` changes, `=` stays; names stand in backticks. */
export function plannedLines({releases, policies, labels, restarts, objects}: Planned): string[] {
  const marks = {install: '+', upgrade: '~', unchanged: '='}
  return [
    ...releases.map(({name, does, from, to, says}) => {
      const versions = from === '' || from === to ? to : `${from} → ${to}`
      return `${marks[does]} helm release ${quoted(name)} ${versions}: ${does}${says === '' ? '' : `, ${says}`}`
    }),
    ...labels.map(
      ({namespace, add}) =>
        `~ namespace ${quoted(namespace)}: ${Object.entries(add)
          .map(([key, value]) => quoted(`${key}=${value}`))
          .join(', ')}`,
    ),
    ...restarts.map(({kind, namespace, name, why}) => `~ restart of ${kind} ${quoted(`${namespace}/${name}`)}: ${why}`),
    ...objects.map(
      ({kind, namespace, name, does}) => `${does === 'change' ? '~' : '+'} ${kind} ${quoted(`${namespace}/${name}`)}: ${does}`,
    ),
    ...policies.map(({namespace, name, does, from, to}) => {
      const mode = from === null ? to : `${from} → ${to}`
      return `${does === 'create' ? '+' : '~'} PeerAuthentication ${quoted(`${namespace}/${name}`)}: ${mode}${does === 'take over' ? ', taken over' : ''}`
    }),
  ]
}
