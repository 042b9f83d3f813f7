import fc from 'fast-check'
import {cleaned} from '../../src/report/foreign.ts'
import {
  type Block,
  code,
  comment,
  details,
  fence,
  heading,
  lazyTable,
  link,
  list,
  paragraph,
  prose,
  render,
  strong,
  table,
  tableRow,
  text,
} from '../../src/report/markdown.ts'
import {hostile} from './arbitrary.ts'
import {asGitHub, commands, magic} from './as-github.ts'

const plain = (foreign: string) => cleaned(foreign, 2000).replace(/\s+/g, ' ').trim()

const places: [string, (foreign: string) => Block[], string[]][] = [
  ['a paragraph', (foreign) => [paragraph(text(foreign))], ['p']],
  ['a name', (foreign) => [paragraph(text('at '), code(foreign), text(' now'))], ['p', 'code']],
  ['two names that touch', (foreign) => [paragraph(code(foreign), code(foreign))], ['p', 'code']],
  ['a heading', (foreign) => [heading(3, text('on '), text(foreign))], ['h3']],
  ['bold', (foreign) => [paragraph(strong(text('say '), ...prose(foreign)))], ['p', 'strong', 'code']],
  ['a list', (foreign) => [list([[text('one')], [text('two '), ...prose(foreign)]])], ['ul', 'li', 'code']],
  [
    'a table',
    (foreign) => [table([[text('a')], [text('b')]], [[[text(foreign)], [code(foreign)]]])],
    ['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code'],
  ],
  [
    'a folded title',
    (foreign) => [details([text(foreign), code(foreign), strong(text(foreign))], [paragraph(text('in'))])],
    ['details', 'summary', 'code', 'b', 'p'],
  ],
  ['a sentence', (foreign) => [paragraph(...prose(`before \`${foreign}\` after`))], ['p', 'code']],
]

test.each(places)('whatever stands in %s neither links, mentions, breaks out nor commands', (_, blocks, allowed) => {
  fc.assert(
    fc.property(hostile, (foreign) => {
      const markdown = render(blocks(foreign))
      const page = asGitHub(markdown)
      expect(page.tags.filter((tag) => !allowed.includes(tag))).toEqual([])
      expect(page.links).toEqual([])
      expect(magic(page.prose)).toEqual([])
      expect(commands(markdown)).toEqual([])
    }),
    {numRuns: 400},
  )
})

test('text is shown letter for letter', () => {
  fc.assert(
    fc.property(hostile, (foreign) => {
      expect(asGitHub(render([paragraph(text('> '), text(foreign))])).shown).toBe(`> ${plain(foreign)}`.trim())
    }),
    {numRuns: 400},
  )
})

test('a table keeps its rows and columns whatever stands in its cells', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(hostile, hostile), {minLength: 1, maxLength: 5}), (rows) => {
      const {html} = asGitHub(
        render([
          table(
            [[text('a')], [text('b')]],
            rows.map(([left, right]) => [[text(left)], [code(right)]]),
          ),
        ]),
      )
      expect(html.match(/<table>/g)).toHaveLength(1)
      expect(html.match(/<td>/g)).toHaveLength(2 * rows.length)
    }),
    {numRuns: 300},
  )
})

test('a fence holds whatever it is given, and what follows stays outside', () => {
  fc.assert(
    fc.property(hostile, (foreign) => {
      const markdown = render([details([text('fix')], [fence('yaml', foreign)]), paragraph(text('after'))])
      const page = asGitHub(markdown)
      expect(page.tags.filter((tag) => !['details', 'summary', 'pre', 'code', 'p'].includes(tag))).toEqual([])
      expect(page.prose).toMatch(/fix[\s\u2588]*after\s*$/)
      expect(commands(markdown)).toEqual([])
    }),
    {numRuns: 400},
  )
})

test('a hidden mark cannot be closed early', () => {
  expect(render([comment('key=1 --> <b> -- x')])).toBe('<!-- key=1 - b - x -->\n')
})

test.each([
  ['https://github.com/octo-org/shop/actions/runs/1', true],
  ['http://127.0.0.1:4000/x', true],
  ['javascript:alert(1)', false],
  ['https://e.co/)[x](y', false],
  ['https://e.co/" onclick="x', false],
])('a link to %s is made: %s', (url, made) => {
  expect(asGitHub(render([paragraph(link(url, text('here')))])).links).toEqual(made ? [url] : [])
})

test('a sentence shows its names as code', () => {
  expect(render([paragraph(...prose('`orders` port 8080 in `shop`, because it says PERMISSIVE'))])).toBe(
    '`orders` port 8080 in `shop`, because it says PERMISSIVE\n',
  )
})

test('a page that is too long is left off between two lines, and no further row is asked for', () => {
  let asked = 0
  const page = () => {
    asked = 0
    function* rows() {
      for (let at = 0; at < 50; at++, asked++) yield tableRow([[text(`row ${at}`)]])
    }
    return [heading(2, text('t')), details([text('d')], [paragraph(text('p')), lazyTable([[text('h')]], rows())]), paragraph(text('end'))]
  }
  const whole = render(page()).split('\n')
  expect([whole.length, asked]).toEqual([63, 50])
  for (let most = 1; most < whole.join('\n').length - 1; most++) {
    const cut = render(page(), most)
    expect(cut.length).toBeGreaterThan(most)
    expect(whole.slice(0, cut.trimEnd().split('\n').length).join('\n')).toBe(cut.trimEnd())
    expect(asked).toBeLessThanOrEqual(Math.max(0, most / 10))
  }
  expect(render(page(), whole.join('\n').length)).toBe(whole.join('\n'))
})
