import {createHash} from 'node:crypto'
import fc from 'fast-check'
import {type DefaultTreeAdapterTypes, defaultTreeAdapter, type ParserError, parse} from 'parse5'
import type {Report, Waiver} from '../../src/model/report.ts'
import {byteLength} from '../../src/report/budget.ts'
import {buildReport} from '../../src/report/build.ts'
import {htmlPage} from '../../src/report/html.ts'
import {script} from '../../src/report/html-script.ts'
import {style} from '../../src/report/html-style.ts'
import {hostile, parts} from './arbitrary.ts'
import {busyReport} from './html-samples.ts'
import {bigReport, downReport, finding, greenReport, open, redReport, result, row} from './samples.ts'

type Element = DefaultTreeAdapterTypes.Element
type Parent = DefaultTreeAdapterTypes.ParentNode

/** The page as a browser's parser reads it, with what that parser found wrong. */
function parsed(page: string) {
  const errors: string[] = []
  const document = parse(page, {onParseError: ({code, startLine}: ParserError) => errors.push(`${code} in line ${startLine}`)})
  const elements: Element[] = []
  let comments = 0
  const walk = (parent: Parent) => {
    for (const node of parent.childNodes) {
      if (defaultTreeAdapter.isCommentNode(node)) comments++
      if (!defaultTreeAdapter.isElementNode(node)) continue
      elements.push(node)
      walk(node)
    }
  }
  walk(document)
  const all = (tag: string) => elements.filter(({tagName}) => tagName === tag)
  return {errors, elements, comments, all, text: textOf(document)}
}

function textOf(parent: Parent): string {
  return parent.childNodes
    .map((node) => (defaultTreeAdapter.isTextNode(node) ? node.value : 'childNodes' in node ? textOf(node as Parent) : ''))
    .join('')
}

const attr = (element: Element | undefined, name: string) => element?.attrs.find((one) => one.name === name)?.value

/** All elements the page is made of; none of them loads, submits or embeds anything. */
const tags = new Set(
  `html head meta title style body a svg symbol path circle rect use text g header div h1 h2 h3 h4 span p code b strong small dl dt dd nav ul ol li
  main section article form label input select option fieldset legend table thead tbody tr th td button pre details summary time footer script`.split(
    /\s+/,
  ),
)
const attributes = new Set(
  `lang charset http-equiv content name class href id width height aria-hidden focusable viewBox d cx cy r x y rx points pathLength stroke-dasharray
  transform preserveAspectRatio aria-label aria-labelledby tabindex role hidden type placeholder autocomplete spellcheck value checked scope data-v
  data-n datetime rel`.split(/\s+/),
)

const docsOfTheSample = 'https://example.com/docs/checks/m301.md'

const hostileWaiver: fc.Arbitrary<Waiver> = fc.record({
  ...{code: hostile, namespace: hostile, workload: hostile, reason: hostile, owner: hostile, expires: hostile, file: hostile},
  port: fc.constant(null),
  status: fc.constantFrom('in-force' as const, 'expired' as const, 'pending' as const),
  covers: fc.array(hostile, {maxLength: 2}),
  line: fc.nat(99),
})

test('whatever a report says, it is text: no element, attribute, address, comment or script of its own', () => {
  fc.assert(
    fc.property(parts, fc.array(hostileWaiver, {maxLength: 2}), (given, waivers) => {
      const {errors, elements, comments, all} = parsed(htmlPage(buildReport({...given, waivers})))
      expect(errors).toEqual([])
      expect(comments).toBe(0)
      expect(elements.map(({tagName}) => tagName).filter((tag) => !tags.has(tag))).toEqual([])
      const names = elements.flatMap((element) => element.attrs.map(({name}) => name))
      expect(names.filter((name) => !attributes.has(name))).toEqual([])
      const targets = elements.map((element) => attr(element, 'href')).filter((href) => href !== undefined)
      expect(targets.filter((href) => !/^#[a-z][\w-]*$/.test(href) && href !== docsOfTheSample)).toEqual([])
      expect(all('script').map(textOf)).toEqual([script])
      expect(all('style').map(textOf)).toEqual([style])
    }),
    {numRuns: 100},
  )
})

test('text that looks like markup is read as it was written, in text as in attributes', () => {
  const name = `"><img src=x onerror='a()'>&amp;`
  const report = {...redReport(), endpoints: redReport().endpoints.map((row) => ({...row, workload: {kind: 'Deployment', name}}))}
  const {all, elements} = parsed(htmlPage(report))
  expect(all('img')).toEqual([])
  expect(textOf(all('tbody')[0] as Element)).toContain(name)
  expect(elements.some((element) => attr(element, 'aria-label')?.includes(name))).toBe(true)
})

test('an object that claims to be markup is none', () => {
  const forged = {markup: '<script>alert(1)</script>', html: '<script>alert(1)</script>'} as unknown as string
  const page = htmlPage({...redReport(), cluster: {...redReport().cluster, name: forged, trustDomain: forged}})
  expect(page).not.toContain('alert(1)')
})

test('only a plain https address of a check becomes a link', () => {
  const of = (docs: string) => htmlPage({...redReport(), results: [result('M304', {docs, findings: [finding()]})]})
  expect(of('https://example.org/m304.md#fix')).toContain('<a href="https://example.org/m304.md#fix"')
  for (const docs of ['javascript:alert(1)', 'https://e.co/"onclick="x', '//e.co', 'docs/m304.md'])
    expect(of(docs)).not.toContain('About M304')
})

test('the policy allows our style and our script, by their hashes, and nothing else', () => {
  const {all} = parsed(htmlPage(redReport()))
  const hash = (element: Element | undefined) =>
    `'sha256-${createHash('sha256')
      .update(textOf(element as Element))
      .digest('base64')}'`
  const policy = all('meta').find((meta) => attr(meta, 'http-equiv') === 'Content-Security-Policy')
  expect(attr(policy, 'content')?.split('; ')).toEqual([
    "default-src 'none'",
    `style-src ${hash(all('style')[0])}`,
    `script-src ${hash(all('script')[0])}`,
    "base-uri 'none'",
    "form-action 'none'",
  ])
  expect(script + style).not.toMatch(/<\/|innerHTML|insertAdjacent|document\.write|\beval\b|fetch\(|url\(|@import|https?:/)
})

const samples: [string, Report][] = [
  ['busy', busyReport()],
  ['red', redReport()],
  ['green', greenReport()],
  ['down', downReport()],
  ['big', bigReport(1000, 40)],
]

test.each(samples)('the %s page says all that the report says', (_, report) => {
  const {all, text} = parsed(htmlPage(report))
  expect(text).toContain(report.verdict.reason.replaceAll('`', ''))
  expect(textOf(all('h1')[0] as Element).trim()).toMatch(new RegExp(`on ${report.cluster.name}: ${report.verdict.status}$`))
  const rows = all('tr').filter((row) => attr(row, 'data-v') !== undefined)
  const count = (verdict: string) => rows.filter((row) => attr(row, 'data-v') === verdict).length
  const {total, ...counts} = report.counts
  expect(rows).toHaveLength(total)
  for (const [verdict, expected] of Object.entries(counts)) expect([verdict, count(verdict)]).toEqual([verdict, expected])
  const fixes = all('pre').map(textOf)
  for (const {code, title, status, reason, findings} of report.results) {
    expect(text).toContain(title)
    if (status === 'unknown') expect(text.toLowerCase()).toContain(reason.toLowerCase())
    for (const {fix, message, severity} of findings) {
      expect(text.toLowerCase()).toContain(message.replaceAll('`', '').toLowerCase())
      if (severity !== 'info') expect([code, fixes.includes(fix.trim())]).toEqual([code, true])
    }
  }
  for (const {says, steps, cure} of report.stages)
    for (const words of [says, cure, ...steps.map((step) => step.says)])
      expect(text.toLowerCase()).toContain(words.replaceAll('`', '').toLowerCase())
  for (const {reason, owner, expires} of report.waivers) for (const words of [reason, owner, expires]) expect(text).toContain(words)
  for (const note of report.notes) expect(text).toContain(note.replaceAll('`', ''))
})

test.each(samples)('the %s page has one outline, and every anchor a place', (_, report) => {
  const {elements} = parsed(htmlPage(report))
  const levels = elements.flatMap(({tagName}) => (/^h[1-6]$/.test(tagName) ? [Number(tagName[1])] : []))
  expect(levels.filter((level) => level === 1)).toEqual([1])
  levels.reduce((before, level) => {
    expect(level - before).toBeLessThanOrEqual(1)
    return level
  }, 0)
  const ids = elements.map((element) => attr(element, 'id')).filter((id) => id !== undefined)
  expect(new Set(ids).size).toBe(ids.length)
  const targets = elements.map((element) => attr(element, 'href')).filter((href) => href !== undefined)
  expect(targets.filter((href) => !ids.includes(href.slice(1)))).toEqual([])
})

test('a finding leads to the rows it speaks of', () => {
  const {all} = parsed(htmlPage(redReport()))
  const link = all('a').find((element) => textOf(element) === 'shop/Deployment/orders:8080')
  const target = all('tr').find((element) => `#${attr(element, 'id')}` === attr(link, 'href'))
  expect(textOf(target as Element)).toMatch(/^violatedordersshop8080PERMISSIVE/)
})

test('what accepts plain text stands first', () => {
  const rows = parsed(htmlPage(busyReport()))
    .all('tr')
    .map((row) => attr(row, 'data-v'))
    .filter((verdict) => verdict !== undefined)
  expect([...new Set(rows)]).toEqual(['violated', 'unproven', 'configured', 'proven', 'exempt'])
  expect(rows.slice(0, 7)).toEqual([...Array(6).fill('violated'), 'unproven'])
})

test('the map names every workload of a small mesh, and of a big one what needs a look', () => {
  const boxes = (report: Report) => parsed(htmlPage(report)).elements.filter((element) => /^box /.test(attr(element, 'class') ?? ''))
  expect(
    boxes(busyReport())
      .map((box) => attr(box, 'aria-label'))
      .at(0),
  ).toBe('Namespace checkout: 8 workloads, worst violated')
  expect(boxes(busyReport()).map(textOf).join()).toContain('mainframe-bridge')
  const big = boxes(bigReport(1000, 3))
  expect(big).toHaveLength(40)
  const named = (box: Element) => textOf(box).match(/Deployment service-with[\w-]+/g) ?? []
  expect(big.flatMap(named)).toEqual([0, 1, 2].map((at) => `Deployment service-with-a-rather-long-name-${at}`))
  expect(textOf(big[0] as Element)).toContain('1 violated · 24 proven')
})

test('of a workload with more ports than there is room for, the map shows the open one', () => {
  const ports = [1, 2, 3, 4, 5, 6].map((port) => row('shop', 'hub', port))
  const page = parsed(htmlPage({...redReport(), endpoints: [...ports, open('shop', 'hub', 7)]}))
  const link = page
    .all('a')
    .find((element) => attr(element, 'aria-label')?.startsWith('Deployment hub, violated: port 7 violated, port 1 proven'))
  expect(attr(link, 'href')).toBe('#p0')
  expect(page.elements.filter((element) => attr(element, 'class') === 'p bad' && element.parentNode === link)).toHaveLength(1)
})

test('a thousand workloads fit whole; past the limit the page says what it leaves out, never what failed', () => {
  expect(byteLength(htmlPage(bigReport(1000, 40)))).toBeLessThan(1_500_000)
  const page = htmlPage(bigReport(6000, 700))
  expect(byteLength(page)).toBeLessThan(1_500_000)
  const {all, text} = parsed(page)
  expect(all('tr').filter((row) => attr(row, 'data-v') === 'violated')).toHaveLength(700)
  expect(text).toMatch(/And \d+ more ports, all in report\.json/)
  expect(text).toContain('And 200 more findings, all in report.json')
  expect(byteLength(htmlPage(bigReport(6000, 700), 1))).toBeLessThan(300_000)
})

test('the script is a script', () => {
  expect(() => new Function(script)).not.toThrow()
})
