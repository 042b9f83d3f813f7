import type {Report} from '../model/report.ts'
import {troubleshootingUrl} from './docs-url.ts'
import {type Block, code, details, heading, link, list, paragraph, prose, text} from './markdown.ts'
import {plural, sentence} from './words.ts'

/** Which file of the bundle to open first, and what to read about it; nothing where no bundle was made. */
export function diagnosticsSection(report: Report): Block[] {
  const {diagnostics} = report
  if (diagnostics === undefined) return []
  const {folder, first, files, withheld} = diagnostics
  const url = troubleshootingUrl(report, first.entry)
  return [
    heading(3, text('Diagnostics')),
    paragraph(
      ...[text('Look first at '), code(`${folder}/${first.file}`), text(': ')],
      ...prose(sentence(first.why)),
      ...(url === '' ? [] : [text(' '), link(url, text('What to do'))]),
    ),
    details(
      [text(`${plural(files.length, 'file')}${withheld.length === 0 ? '' : `, ${withheld.length} left out`}`)],
      [
        list([
          ...files.map(({name, says}) => [code(name), text(' '), ...prose(says)]),
          ...withheld.map((each) => [text('Left out: '), ...prose(each)]),
        ]),
      ],
    ),
  ]
}
