import {verdictMark} from './headline.ts'
import {heading, link, paragraph, prose, render, strong, text} from './markdown.ts'

/** The job summary of a run that ended before it could judge anything; every line of the message is shown, `url` is its docs entry or ''. */
export function failurePage(message: string, cure: string, url: string): string {
  const lines = [...message.split('\n'), ...cure.split('\n')].filter((line) => line.trim() !== '')
  const [first = 'The run failed.', ...rest] = lines
  return render([
    heading(2, text(`${verdictMark.unknown} Mutual TLS: unknown`)),
    paragraph(strong(...prose(first))),
    ...rest.map((line) => paragraph(...prose(line))),
    paragraph(text('Nothing was judged.'), ...(url === '' ? [] : [text(' '), link(url, text('More about this error'))])),
  ])
}
