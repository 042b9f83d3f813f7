import {copyFileSync, readFileSync, writeFileSync} from 'node:fs'
import {parse} from 'yaml'

// Writes the tables of README.md from action.yml, and the copy of the report's schema that the action reads earlier reports by; `--check` only compares. A blank description is an error.
interface Entry {
  description?: string
  default?: string
}
const action = parse(readFileSync('action.yml', 'utf8')) as {inputs: Record<string, Entry>; outputs: Record<string, Entry>}
const blank = [...Object.entries(action.inputs), ...Object.entries(action.outputs)].filter(
  ([, {description = ''}]) => description.trim() === '',
)
if (blank.length > 0) fail(`action.yml describes nothing for ${blank.map(([name]) => name).join(', ')}`)

const cell = (text: string) => text.replace(/\s+/g, ' ').replace(/\|/g, '\\|').trim()
const row = ([name, {description = '', default: fallback = ''}]: [string, Entry]) =>
  `| \`${name}\` | ${fallback === '' ? '' : `\`${cell(fallback)}\``} | ${cell(description)} |`
const inputs = ['| input | default | meaning |', '|---|---|---|', ...Object.entries(action.inputs).map(row)].join('\n')
const outputs = [
  '| output | meaning |',
  '|---|---|',
  ...Object.entries(action.outputs).map(([name, {description = ''}]) => `| \`${name}\` | ${cell(description)} |`),
].join('\n')

const before = readFileSync('README.md', 'utf8')
const after = between(between(before, 'inputs', inputs), 'outputs', outputs)
if (!process.argv.includes('--check')) writeFileSync('README.md', after)
else if (before !== after) fail('README.md does not match action.yml: run `npm run docs`')

const [schema, copy] = ['schema/report.schema.json', 'src/report/report.schema.json']
if (!process.argv.includes('--check')) copyFileSync(schema, copy)
else if (readFileSync(schema, 'utf8') !== readFileSync(copy, 'utf8')) fail(`${copy} is not ${schema}: run \`npm run docs\``)

function between(text: string, name: string, body: string): string {
  const [open, close] = [`<!-- ${name}: generated from action.yml -->`, `<!-- /${name} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start) fail(`README.md lacks the marks ${open} … ${close}`)
  return `${text.slice(0, start + open.length)}\n${body}\n${text.slice(end)}`
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
