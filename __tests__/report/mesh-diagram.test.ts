import fc from 'fast-check'
import {render} from '../../src/report/markdown.ts'
import {label, meshDiagram} from '../../src/report/mesh-diagram.ts'
import {hostile, parts} from './arbitrary.ts'
import {bigReport, greenReport, redReport} from './samples.ts'

/** Every form a line of the drawing may have: names stand between quotes, and hold nothing that ends them. */
const forms = [
  /^flowchart LR$/,
  /^ {2}subgraph s\d+\["[\w ,.:/-]*"\]$/,
  /^ {2}end$/,
  /^ {2}class s\d+ space$/,
  /^ {2,4}s\d+(w\d+)?\["[\w ,.:/-]*"\]:::(violated|unproven|configured|proven|exempt)$/,
  /^ {2}plain\(\["any caller without an identity"\]\):::caller$/,
  /^ {2}plain -\. "plain text" \.-> s\d+(w\d+)?$/,
  /^ {2}classDef [a-z]+ [a-z0-9#:, -]+$/,
]
const drawn = (report: Parameters<typeof meshDiagram>[0]) => /```mermaid\n([\s\S]*?)\n```/.exec(render(meshDiagram(report)))?.[1] ?? ''
const strange = (drawing: string) => drawing.split('\n').filter((line) => !forms.some((form) => form.test(line)))

test('an open port is drawn with its arrow, in its namespace, and said in words', () => {
  const drawing = drawn(redReport())
  expect(strange(drawing)).toEqual([])
  expect(drawing).toContain('subgraph s0["shop"]')
  expect(drawing).toContain('    s0w0["orders: 1 of 2 ports open"]:::violated')
  expect(drawing.match(/plain -\. /g)).toHaveLength(1)
})

test('where nobody is open no caller is drawn, and the picture is folded', () => {
  const page = render(meshDiagram(greenReport()))
  expect(page).not.toContain('plain -.')
  expect(page).toMatch(/^<details><summary>The mesh: 4 workloads in 1 namespace<\/summary>\n\n```mermaid\n/)
})

test('no name of any kind leaves its label', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const drawing = drawn(given)
      expect(given.endpoints.length === 0 || drawing !== '').toBe(true)
      expect(drawing === '' ? [] : strange(drawing)).toEqual([])
    }),
    {numRuns: 80},
  )
  fc.assert(
    fc.property(hostile, (text) => /^[\w ,.:/-]{0,48}$/.test(label(text)) && !label(text).includes('://') && !label(text).includes('::')),
  )
})

test.each([
  ['30 workloads', bigReport(30, 3), 31],
  ['1,000 workloads', bigReport(1000, 40), 13],
  ['20,000 workloads', bigReport(20_000, 20_000), 13],
])('%s: few enough boxes to look at', (_, report, most) => {
  const drawing = drawn(report)
  expect(strange(drawing)).toEqual([])
  expect(drawing.match(/:::/g)?.length).toBeLessThanOrEqual(most)
  expect(drawing.length).toBeLessThan(6000)
})
