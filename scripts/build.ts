import {spawnSync} from 'node:child_process'
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {bundle} from './bundle.ts'

// Builds dist/ from src/: `node scripts/build.ts` writes it, `--check` only compares and names what differs.
const check = process.argv.includes('--check')
const out = check ? mkdtempSync(join(tmpdir(), 'dist-')) : 'dist'
if (!check) rmSync('dist', {recursive: true, force: true})
rmSync('lib', {recursive: true, force: true})

step('node_modules/.bin/tsc', ['-p', 'tsconfig.json'])
await bundle('lib/main.js', out, {license: 'licenses.txt'})
await bundle('lib/post.js', join(out, 'post'))

if (check) {
  const [built, committed] = [contents(out), contents('dist')]
  const differing = [...new Set([...built.keys(), ...committed.keys()])].filter((file) => built.get(file) !== committed.get(file))
  rmSync(out, {recursive: true})
  if (differing.length > 0) {
    console.error(`dist/ is not what src/ builds: ${differing.join(', ')}. Run \`npm run build\` and commit dist/.`)
    process.exit(1)
  }
  console.log(`dist/ is what src/ builds (${built.size} files)`)
} else {
  for (const [file, content] of contents('dist')) console.log(`${file}: ${(content.length / 1024).toFixed(0)} kB`)
}

function step(program: string, args: string[]): void {
  const {status} = spawnSync(program, args, {stdio: ['ignore', 'inherit', 'inherit']})
  if (status !== 0) process.exit(status ?? 1)
}

function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => join(entry.parentPath, entry.name)).map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  )
}
