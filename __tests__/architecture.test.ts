import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join, normalize, relative} from 'node:path'

/** The import table of docs/architecture.md: folder → folders and files of src it may import. '*' stands for npm packages and node:*. */
const mayImport: Record<string, string[]> = {
  model: ['model'],
  derive: ['model', 'derive'],
  checks: ['model', 'derive', 'checks'],
  report: ['model', 'report', 'pure packages'],
  install: ['model', 'derive', 'install', 'io/io.ts', 'pure packages'],
  enforce: ['model', 'derive', 'enforce', 'io/io.ts', 'pure packages'],
  canary: ['model', 'derive', 'install', 'enforce', 'canary', 'io/io.ts', 'pure packages'],
  observe: ['model', 'derive', 'observe', 'io/io.ts', 'pure packages'],
  diagnostics: ['model', 'diagnostics', 'io/io.ts'],
  io: ['model', 'io', '*'],
  'inputs.ts': ['model', 'inputs-forms.ts', 'inputs-readers.ts', 'inputs-table.ts'],
  'inputs-readers.ts': ['derive', 'inputs-table.ts'],
  'inputs-forms.ts': ['model', 'inputs-table.ts'],
  'inputs-table.ts': [],
  'values.ts': ['model', 'io/io.ts', 'pure packages'],
  'context.ts': ['model', 'io/io.ts', 'pure packages'],
  'stages.ts': ['model', 'io/io.ts'],
  'waivers.ts': ['model', 'report', 'io/io.ts'],
  'baseline.ts': ['waivers.ts', 'model', 'report', 'io/io.ts'],
  'waiver-annotations.ts': ['waivers.ts', 'model', 'observe', 'report', 'io/io.ts'],
  'secrets.ts': ['pure packages'],
  'bundle.ts': ['model', 'observe', 'report', 'io/io.ts'],
  'merge.ts': ['model', 'observe', 'report', 'io/io.ts'],
  'change.ts': ['canary', 'model', 'context.ts', 'derive', 'install', 'enforce', 'observe', 'io/io.ts', 'stages.ts', 'rollout.ts'],
  'rollout.ts': ['model', 'derive', 'enforce', 'observe', 'io/io.ts'],
  'plan.ts': ['model', 'derive', 'install', 'enforce', 'canary', 'observe', 'io/io.ts', 'rollout.ts'],
  'asking.ts': ['model', 'install', 'observe', 'io/io.ts'],
  'judge.ts': ['model', 'derive', 'checks', 'report', 'io/io.ts', 'bundle.ts', 'waivers.ts', 'waiver-annotations.ts'],
  'run.ts': [
    'asking.ts',
    'change.ts',
    'judge.ts',
    'plan.ts',
    'stages.ts',
    'waivers.ts',
    'waiver-annotations.ts',
    'bundle.ts',
    'model',
    'derive',
    'report',
    'install',
    'observe',
    'diagnostics',
    'io/io.ts',
  ],
  'deliver.ts': ['model', 'report', 'io/io.ts', 'context.ts', 'stages.ts'],
  'pull-request.ts': ['model', 'io/io.ts'],
  'main.ts': [
    'run.ts',
    'pull-request.ts',
    'deliver.ts',
    'inputs.ts',
    'values.ts',
    'waivers.ts',
    'baseline.ts',
    'merge.ts',
    'bundle.ts',
    'secrets.ts',
    'context.ts',
    'io/live.ts',
    'io/nursery.ts',
    'report',
    'model',
  ],
  'post.ts': ['install', 'io'],
}

/** Packages without effects, welcome outside io. */
const purePackages = ['yaml', '@cfworker/json-schema', 'semver', 'picomatch', 'zod', 'markdown-table', 'node:crypto', 'node:path']

const files = readdirSync('src', {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.ts'))
const importsOf = (file: string) =>
  [...readFileSync(join('src', file), 'utf8').matchAll(/^(?:import|export) (?:type )?[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    ([, stated, loaded]) => stated ?? loaded ?? '',
  )

test.each(files)('%s imports only what its room may', (file) => {
  const room = file.includes('/') ? (file.split('/')[0] ?? '') : file
  const allowed = mayImport[room]
  expect([room, allowed === undefined]).toEqual([room, false])
  const strangers = importsOf(file).filter((target) => {
    if (!target.startsWith('.')) {
      if (allowed?.includes('*')) return false
      return !(allowed?.includes('pure packages') && purePackages.some((name) => target === name || target.startsWith(`${name}/`)))
    }
    const path = relative('src', normalize(join('src', dirname(file), target)))
    return !allowed?.some((place) => path === place || path.startsWith(`${place}/`))
  })
  expect(strangers).toEqual([])
})

test('no files import each other in a circle', () => {
  const imports = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => normalize(join(dirname(file), target))),
    ]),
  )
  const done = new Set<string>()
  const circles: string[][] = []
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file])
    if (done.has(file) || path.includes(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})

test('docs/architecture.md shows the same import table', () => {
  const shown = (place: string) => (place === 'pure packages' ? '*pure packages*' : `\`${place}\``)
  const rows = Object.entries(mayImport).map(([room, places]) => `| \`${room}\` | ${places.map(shown).join(', ') || 'nothing'} |`)
  const section = readFileSync('docs/architecture.md', 'utf8').split('\n## The import table\n')[1]?.split('\n## ')[0] ?? ''
  expect(section.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows)
})

test.each(files.filter((file) => !file.startsWith('io/') && file !== 'main.ts' && file !== 'post.ts'))(
  '%s touches the outside only through io',
  (file) => {
    const text = readFileSync(join('src', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(text).not.toMatch(/\bprocess\.|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bconsole\./)
  },
)

test.each(files)('%s is a file one can hold in the head', (file) => {
  expect(readFileSync(join('src', file), 'utf8').split('\n').length).toBeLessThanOrEqual(251)
})

test('no test replaces a module', () => {
  const tests = readdirSync('__tests__', {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.ts'))
  const mocking = tests.filter((file) => /\bjest\.(mock|unstable_mockModule|doMock)\(/.test(readFileSync(join('__tests__', file), 'utf8')))
  expect(mocking).toEqual([])
})

test('no test is skipped, focused or empty', () => {
  const tests = readdirSync('__tests__', {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.test.ts'))
  const bad = tests.filter((file) => {
    const text = readFileSync(join('__tests__', file), 'utf8')
    return (
      new RegExp(`\\b(${['test', 'it', 'describe'].join('|')})\\.(skip|only|todo)\\b|\\b(xit|fit|xtest|xdescribe)\\(`).test(text) ||
      !text.includes('expect')
    )
  })
  expect(bad).toEqual([])
})
