import type {CallerOutlook, Forecast, Outlook} from '../model/forecast.ts'
import type {Report} from '../model/report.ts'
import {callerText, outlookWords, serverText} from './forecast-text.ts'
import {type Block, details, heading, type Inline, list, paragraph, prose, table, text} from './markdown.ts'
import {clipped, plural, sentence} from './words.ts'

/** Who would break under STRICT, worst first, at most `limit` rows; nothing where no port would turn. */
export function forecastSection({forecast}: Pick<Report, 'forecast'>, limit: number): Block[] {
  if (forecast === undefined || forecast.turning.length === 0) return []
  const troubled = forecast.outlooks.filter(({outlook}) => outlook !== 'safe')
  const safe = forecast.outlooks.filter(({outlook}) => outlook === 'safe')
  return [
    heading(3, text('Who would break under STRICT')),
    paragraph(
      ...prose(
        `${countsText(forecast)} of ${plural(forecast.turning.length, 'port')} that would turn STRICT. Seen by: ${forecast.observed.says}.`,
      ),
    ),
    ...rows(troubled, limit),
    ...(safe.length === 0
      ? []
      : [details([text(`${plural(safe.length, 'caller')} that would not notice`)], rows(safe, Math.min(limit, 100)))]),
    ...(forecast.notRead.length + forecast.blind.length === 0
      ? []
      : [
          details(
            [text('What this forecast does not know')],
            [list([...forecast.blind, ...forecast.notRead].map((each) => prose(sentence(each))))],
          ),
        ]),
  ]
}

/** `1 breaks · 2 may break · 3 safe`. */
export function countsText({callers}: Forecast): string {
  const order: Outlook[] = ['breaks', 'may-break', 'unknown', 'safe']
  const said = order.filter((outlook) => callers[outlook] > 0).map((outlook) => `${callers[outlook]} ${outlookWords[outlook].word}`)
  return said.length === 0 ? 'No caller is known' : `Callers: ${said.join(', ')}`
}

function rows(outlooks: readonly CallerOutlook[], limit: number): Block[] {
  if (outlooks.length === 0) return []
  const shown = outlooks.slice(0, limit)
  const head = ['Outlook', 'Caller', 'Calls', 'Why'].map((title) => [text(title)])
  return [
    table(head, shown.map(row)),
    ...(outlooks.length > shown.length
      ? [paragraph(text(`And ${plural(outlooks.length - shown.length, 'more row')}, all in report.json.`))]
      : []),
  ]
}

function row({caller, server, outlook, reason, seen}: CallerOutlook): Inline[][] {
  const {mark, word} = outlookWords[outlook]
  const why = [reason, ...(seen === '' ? [] : [seen])].map((clause) => sentence(clipped(clause, 300))).join(' ')
  return [[text(`${mark} ${word}`)], prose(callerText(caller)), prose(serverText(server)), prose(why)]
}
