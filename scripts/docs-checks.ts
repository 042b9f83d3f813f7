import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {checks} from '../src/checks/index.ts'
import type {Check} from '../src/model/check.ts'

// Writes the head of every page in docs/checks from the check itself, and the list in docs/checks/README.md; `--check` only compares.
const onlyCheck = process.argv.includes('--check')
const folder = 'docs/checks'
const sections = ['What it means', 'See it by hand', 'Fix it', 'Near it in other tools', 'False positives']
const faults: string[] = []

for (const check of checks) {
  const path = `${folder}/${check.slug}.md`
  if (!existsSync(path)) {
    faults.push(`${path} is missing: write it, with the sections ${sections.join(', ')}`)
    continue
  }
  const before = readFileSync(path, 'utf8')
  for (const section of sections) {
    const text = before.split(`\n## ${section}\n`)[1]?.split('\n## ')[0]?.trim() ?? ''
    if (text === '') faults.push(`${path} says nothing under "${section}"`)
  }
  put(path, before, headOf(check) + bodyOf(before))
}
const listPath = `${folder}/README.md`
put(listPath, existsSync(listPath) ? readFileSync(listPath, 'utf8') : '', list())

if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}

function headOf({code, slug, title, failure, severity, why, hint, needs, uses = []}: Check): string {
  return `<!-- The head is written from src/checks/${slug}.ts by \`npm run docs\`. -->
# ${code}: ${title}

| | |
|---|---|
| fails as | **${failure}** |
| severity | ${severity} |
| reads | ${needs.join(', ')}${uses.length > 0 ? `; where it can: ${uses.join(', ')}` : ''} |

${why}
**${hint}**

<!-- /head -->
`
}

function bodyOf(text: string): string {
  const end = '<!-- /head -->\n'
  const at = text.indexOf(end)
  return at < 0 ? `\n${text.trimStart()}` : text.slice(at + end.length)
}

function list(): string {
  const families: [string, string][] = [
    ['M1', 'Control plane'],
    ['M2', 'Enrolment and capture'],
    ['M3', 'What servers accept'],
    ['M4', 'What clients send'],
    ['M5', 'Identity and trust'],
    ['M6', 'Who may call'],
    ['M7', 'Audit'],
    ['M8', 'Live proof'],
  ]
  const tables = families.map(([prefix, name]) => {
    const rows = checks
      .filter(({code}) => code.startsWith(prefix))
      .map(({code, slug, severity, failure, title}) => `| [${code}](${slug}.md) | ${severity} | ${title} | ${failure} |`)
    return `## ${name}\n\n| code | severity | when it passes | when it fails |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `<!-- Written from src/checks by \`npm run docs\`. -->
# The checks

Each has a page: what it means, how to see it by hand, how to fix it. A check is \`unknown\` when something it needs could not be read,
and unknown is never green. Leave one out with the input \`ignore\`; the report names what was left out.
Rule numbers are those of [mtls-semantics.md](../mtls-semantics.md).

${tables.join('\n')}`
}

function put(path: string, before: string, after: string): void {
  if (before === after) return
  if (onlyCheck) faults.push(`${path} is out of date: run \`npm run docs\``)
  else writeFileSync(path, after)
}
