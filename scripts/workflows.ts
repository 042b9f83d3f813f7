import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {chmodSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {homedir, tmpdir} from 'node:os'
import {join} from 'node:path'

// `npm run workflows`: the project's own workflows and the examples, by actionlint (syntax, expressions) and zizmor (security), both offline.
const zizmorRules = join('examples', 'zizmor.yml')
const workflows = globSync('.github/workflows/*.yml').sort()
const examples = globSync('examples/*.yml')
  .filter((file) => file !== zizmorRules)
  .sort()
if (workflows.length === 0 || examples.length === 0) throw new Error('No workflow or no example was found: nothing was checked')

const syntax = spawnSync(actionlintBinary(), [...workflows, ...examples], {stdio: 'inherit'}).status ?? 1
const zizmor = zizmorBinary()
const audits = [
  [...workflows, '.github/dependabot.yml'],
  // Examples name other actions by their tags, so that they can be read; everything else is held against them too.
  ['--config', zizmorRules, ...examples],
].map((args) => spawnSync(zizmor, ['--offline', '--no-progress', '--persona', 'regular', ...args], {stdio: 'inherit'}).status ?? 1)

console.log(
  `${workflows.length} workflows and ${examples.length} examples: actionlint ended with ${syntax}, zizmor with ${audits.join(' and ')}`,
)
process.exit([syntax, ...audits].every((code) => code === 0) ? 0 : 1)

/** actionlint, built from the module that scripts/actionlint pins, and kept in the cache. */
function actionlintBinary(): string {
  const source = join('scripts', 'actionlint')
  const key = createHash('sha256')
    .update(readFileSync(join(source, 'go.sum')))
    .digest('hex')
    .slice(0, 16)
  const program = join(cacheFolder(), `actionlint-${key}`)
  if (!existsSync(program)) must('go', ['build', '-C', source, '-o', program, 'github.com/rhysd/actionlint/cmd/actionlint'])
  return program
}

/** zizmor's program from its wheel on PyPI, checked against the digest below and kept in the cache. */
function zizmorBinary(): string {
  const version = '1.32.0'
  const digest = '84a6acb975accc13408786a2bd274b572537ca19c933ebbc13e78f3988562071'
  const program = join(cacheFolder(), `zizmor-${digest.slice(0, 16)}`)
  if (existsSync(program)) return program
  const work = join(tmpdir(), `zizmor-${process.pid}`)
  mkdirSync(work, {recursive: true})
  writeFileSync(join(work, 'requirements.txt'), `zizmor==${version} --hash=sha256:${digest}\n`)
  must('pip3', [
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--dest',
    work,
    '--requirement',
    join(work, 'requirements.txt'),
  ])
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl')) ?? ''
  must('python3', ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')])
  renameSync(join(work, 'wheel', `zizmor-${version}.data`, 'scripts', 'zizmor'), `${program}-${process.pid}`)
  chmodSync(`${program}-${process.pid}`, 0o755)
  renameSync(`${program}-${process.pid}`, program)
  rmSync(work, {recursive: true})
  return program
}

function cacheFolder(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'istio-mtls-testbed')
  mkdirSync(folder, {recursive: true})
  return folder
}

function must(program: string, args: string[]): void {
  const {status} = spawnSync(program, args, {stdio: 'inherit'})
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
}
