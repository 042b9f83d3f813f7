import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import fc from 'fast-check'
import {harmlessLine, harmlessText} from '../../src/io/harmless.ts'
import {liveLog} from '../../src/io/log.ts'

const cases: [string, string, string][] = [
  ['plain text stays', 'istiod is ready: 1/1 ⚠️ ✓ naïve 日本', 'istiod is ready: 1/1 ⚠️ ✓ naïve 日本'],
  ['a command at the start', '::set-output name=verdict::pass', ': :set-output name=verdict::pass'],
  ['a command after blanks', ' \t\u00a0::error::x', ' \t\u00a0: :error::x'],
  ['colons in the middle are no command', 'a::b', 'a::b'],
  ['the old form anywhere', 'seen ##[error]x ##[add-mask]a', 'seen ## [error]x ## [add-mask]a'],
  ['the old form after more hashes', '###[group]', '### [group]'],
  ['an emoji selector between hides nothing', '#\ufe0f#\ufe0f[x]', '##\ufe0f [x]'],
  ['a joiner between is shown', '#\u200d#[x]', '#\\u{200d}#[x]'],
  ['a line break cannot start a second line', 'ok\n::error::x\r\n##[x]', 'ok ⏎ ::error::x ⏎ ## [x]'],
  ['Unicode line breaks', 'a\u2028b\u2029c\u0085d', 'a ⏎ b ⏎ c ⏎ d'],
  ['escape sequences are shown', '\u001b[31mred\u0007\u009b', '\\u{1b}[31mred\\u{7}\\u{9b}'],
  ['bidi controls are shown', 'user\u202etxt.exe\u2066', 'user\\u{202e}txt.exe\\u{2066}'],
  ['a lone surrogate is shown', 'a\ud800b', 'a\\u{d800}b'],
]

test.each(cases)('%s', (_, text, expected) => {
  expect(harmlessLine(text)).toBe(expected)
})

test('wanted line breaks stay, each line harmless', () => {
  expect(harmlessText('a\n::b::c\r\n##[d]')).toBe('a\n: :b::c\n## [d]')
})

describe('no text whatever becomes a command', () => {
  const hostile = fc.array(
    fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom(
        '::',
        ':',
        '#',
        '##[',
        '[',
        ']',
        '\n',
        '\r',
        '\ufe0f',
        '\u200b',
        '\u00ad',
        ' ',
        '\u0085',
        '\ufeff',
        'error',
        'add-mask',
      ),
    ),
    {maxLength: 12},
  )

  test('neither as written nor as a culture-sensitive search sees it', () => {
    fc.assert(
      fc.property(hostile, (pieces) => {
        const line = harmlessLine(pieces.join(''))
        expect(line).not.toMatch(/[\n\r]/)
        for (const seen of [line, line.replace(/\p{Default_Ignorable_Code_Point}/gu, '')]) {
          expect(tryParseV2(seen)).toBe(false)
          expect(tryParse(seen)).toBe(false)
        }
      }),
      {numRuns: 2000},
    )
  })

  test('and what is harmless already stays as it is', () => {
    fc.assert(fc.property(hostile, (pieces) => expect(harmlessLine(harmlessLine(pieces.join('')))).toBe(harmlessLine(pieces.join('')))))
  })
})

describe('the log', () => {
  let printed = ''
  const write = process.stdout.write
  beforeEach(() => {
    printed = ''
    process.stdout.write = ((text: string) => {
      printed += text
      return true
    }) as typeof write
  })
  afterEach(() => {
    process.stdout.write = write
  })

  test('prints one line for one text', () => {
    liveLog().line('a\n::error::b')
    expect(printed).toBe('a ⏎ ::error::b\n')
  })

  test('closes a group that fails', async () => {
    await expect(liveLog().group('##[x]', async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(printed).toBe('::group::## [x]\n::endgroup::\n')
  })

  test('annotates a line of a file', () => {
    liveLog().annotate('warning', 'two\nlines', {title: 'a,b', file: 'x.yaml', line: 3})
    expect(printed).toBe('::warning title=a%2Cb,file=x.yaml,line=3::two%0Alines\n')
  })
})

/** actions/runner src/Runner.Common/ActionCommand.cs, TryParseV2: `::name …::data` at the start of the trimmed line. */
function tryParseV2(message: string): boolean {
  const trimmed = message.trimStart()
  return trimmed.startsWith('::') && trimmed.indexOf('::', 2) >= 0
}

/** The same file, TryParse: `##[name …]data` anywhere in the line. */
function tryParse(message: string): boolean {
  const start = message.indexOf('##[')
  return start >= 0 && message.indexOf(']', start) >= 0
}
