import {existsSync, writeFileSync} from 'node:fs'

// `node scripts/new-check.ts m315-some-slug`: the four files of a new check, ready to be filled; add it to src/checks/index.ts by hand.
const slug = process.argv[2] ?? ''
const [, digits, words = ''] = /^m(\d{3})-([a-z]+(?:-[a-z]+)*)$/.exec(slug) ?? []
if (digits === undefined) {
  console.error('Usage: node scripts/new-check.ts m315-some-slug (m, three digits, lower-case words)')
  process.exit(1)
}
const name = words.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

create(
  `src/checks/${slug}.ts`,
  `import {check} from '../model/check.ts'

/** What holds when it passes, with the rule's number. */
export const ${name} = check({
  code: 'M${digits}',
  slug: '${slug}',
  severity: 'error',
  needs: ['mesh'],
  title: '',
  failure: '',
  why: '',
  hint: '',
  run({mesh}, {asked}) {
    return []
  },
})
`,
)
create(
  `__tests__/fixtures/checks/${slug}.yaml`,
  `# One sentence: what is wrong, and what beside it is well.
---
# expect: M${digits}
`,
)
create(
  `docs/checks/${slug}.md`,
  `
## What it means

## See it by hand

## Fix it

## Near it in other tools

## False positives
`,
)
console.log(`Next: fill the three files, import \`${name}\` in src/checks/index.ts, then \`npm run docs\` and \`npm run unit\`.`)

function create(path: string, content: string): void {
  if (existsSync(path)) {
    console.error(`${path} is there already`)
    process.exit(1)
  }
  writeFileSync(path, content)
}
