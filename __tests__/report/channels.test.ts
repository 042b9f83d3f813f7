import fc from 'fast-check'
import {annotations} from '../../src/report/annotations.ts'
import {buildReport} from '../../src/report/build.ts'
import {commentBody, commentLimit, markerFrom, markerOf} from '../../src/report/comment.ts'
import {outputs} from '../../src/report/outputs.ts'
import {briefSummary, summary} from '../../src/report/summary.ts'
import {terminal} from '../../src/report/terminal.ts'
import {stepFails} from '../../src/report/verdict.ts'
import {parts} from './arbitrary.ts'
import {asGitHub, commands, magic} from './as-github.ts'
import {nowhere} from './samples.ts'

const place = {workflow: 'preview', job: 'mesh'}
const runUrl = 'https://github.com/octo-org/shop/actions/runs/4711'

test('verdict, numbers and codes agree in every channel, whatever the report', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const report = buildReport(given)
      const {status, coverage} = report.verdict
      const values = outputs(report, nowhere)
      const marker = markerOf(report, place, '')
      const pages = [summary(report), briefSummary(report), commentBody(report, marker, runUrl)].map(asGitHub)

      expect(values).toMatchObject({verdict: status, coverage: String(coverage), reason: report.verdict.reason})
      expect(markerFrom(commentBody(report, marker, runUrl))).toEqual(marker)
      expect(marker.verdict).toBe(status)
      expect(terminal(report, []).at(-1)).toContain(`${status}: `)
      for (const {shown} of pages) {
        expect(shown).toMatch(new RegExp(`^\\S+ Mutual TLS( on [\\s\\S]*)?: ${status} `))
        for (const verdict of ['violated', 'unproven', 'configured', 'proven', 'exempt'] as const) {
          const count = Number(values[`ports-${verdict}`])
          expect(count).toBe(report.endpoints.filter((row) => row.verdict === verdict).length)
          if (count > 0) expect(shown).toContain(`· ${count} ${verdict}`)
        }
        if (values['errors'] !== '0') expect(shown).toContain(`${values['errors']} error`)
      }

      const codes = (severities: string[]) =>
        new Set(
          (JSON.parse(values['findings'] ?? '') as {code: string; severity: string}[])
            .filter((one) => severities.includes(one.severity))
            .map(({code}) => code),
        )
      const heavy = codes(['error', 'warning'])
      expect(Number(values['errors']) + Number(values['warnings'])).toBe(
        JSON.parse(values['findings'] ?? '').filter((one: {severity: string}) => one.severity !== 'info').length,
      )
      for (const code of heavy) {
        expect(pages[0]?.shown).toContain(code)
        expect(pages[2]?.shown).toContain(code)
        expect(terminal(report, []).join('\n')).toContain(code)
      }
      for (const {title} of annotations(report)) expect(codes(['error', 'warning', 'info'])).toContain(title.slice(0, 4))
    }),
    {numRuns: 150},
  )
})

test('no report is green with a violated row, a failed stage, an unread part or a heavy finding', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const report = buildReport(given)
      const {failOn} = given.inputs
      const weighs = (severity: string) => severity === 'error' || (severity === 'warning' && failOn === 'warning')
      const wrong =
        report.counts.violated > 0 ||
        report.stages.some((stage) => stage.status === 'failed') ||
        report.unread.length > 0 ||
        report.results.some(
          (one) => one.findings.some(({severity}) => weighs(severity)) || (one.status === 'unknown' && weighs(one.severity)),
        )
      if (wrong) expect(report.verdict.status).not.toBe('pass')
      if (failOn !== 'never') expect(stepFails(report, given.inputs)).toBe(report.verdict.status !== 'pass')
      if (report.stages.some((stage) => stage.status === 'failed')) expect(stepFails(report, given.inputs)).toBe(true)
    }),
    {numRuns: 300},
  )
})

test('no name from a cluster links, mentions, commands or closes a fold on any page', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const report = buildReport(given)
      for (const markdown of [summary(report), briefSummary(report), commentBody(report, markerOf(report, place, ''), runUrl)]) {
        const {html, prose, links, tags} = asGitHub(markdown)
        expect(magic(prose)).toEqual([])
        expect(commands(markdown)).toEqual([])
        expect(links.filter((url) => url !== runUrl && !url.startsWith('https://example.com/docs/'))).toEqual([])
        expect(tags.filter((tag) => !known.has(tag))).toEqual([])
        expect(html.split('<details').length).toBe(html.split('</details>').length)
        expect(markdown.length).toBeLessThan(commentLimit * 4)
      }
    }),
    {numRuns: 150},
  )
})

const known = new Set([
  'h2',
  'h3',
  'p',
  'strong',
  'b',
  'code',
  'pre',
  'ul',
  'li',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'details',
  'summary',
  'a',
])
