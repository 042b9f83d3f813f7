import type {Report} from '../model/report.ts'
import {callersText, tokenText} from './authorization-words.ts'
import {type Block, details, paragraph, prose, table, text} from './markdown.ts'
import {plural} from './words.ts'

/** Who may call each workload and which token is demanded, folded away; at most `limit` workloads, those that somebody limits first. */
export function authorizationSection({authorization}: Report, limit: number): Block[] {
  if (authorization === undefined || (authorization !== null && authorization.length === 0) || limit === 0) return []
  if (authorization === null)
    return [details([text('Who may call: not read')], [paragraph(text('The policies that say who may call were not read.'))])]
  const limited = authorization.filter(({callers, token}) => callers !== 'anyone' || token.demand !== 'none')
  const shown = [...limited, ...authorization.filter((each) => !limited.includes(each))].slice(0, limit)
  const rows = shown.map((each) => [
    [
      ...prose(`\`${each.namespace}/${each.workload.name}\``),
      ...(each.workload.kind === 'Deployment' ? [] : [text(` ${each.workload.kind}`)]),
    ],
    prose(callersText(each)),
    prose(tokenText(each)),
  ])
  return [
    details(
      [text(`Who may call: ${limited.length} of ${plural(authorization.length, 'workload')} limit it`)],
      [
        table([[text('Workload')], [text('Who may call, by identity')], [text('Token')]], rows),
        ...(shown.length < authorization.length
          ? [paragraph(text(`And ${authorization.length - shown.length} more, all in report.json.`))]
          : []),
      ],
    ),
  ]
}
