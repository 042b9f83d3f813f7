import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, relative} from 'node:path'

// `npm test`: everything, in the order that tells fastest. Prints the time of each part; ends with "N passed, N failed".
const folder = mkdtempSync(join(tmpdir(), 'tests-'))
const jest = (project: string, ...more: string[]) => ({
  name: project,
  command: ['node', '--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
  args: ['--selectProjects', project, '--json', `--outputFile=${join(folder, `${project}${more.length}`)}.json`, '--silent=false', ...more],
  counts: join(folder, `${project}${more.length}.json`),
})
const node = (name: string, ...args: string[]) => ({name, command: ['node'], args, counts: ''})
const bin = (name: string, program: string, ...args: string[]) => ({name, command: [join('node_modules/.bin', program)], args, counts: ''})

const parts = [
  bin('types', 'tsc', '-p', 'tsconfig.check.json'),
  bin('lint', 'biome', 'check', '--error-on-warnings', '.'),
  node('docs', 'scripts/docs.ts', '--check'),
  node('check pages', 'scripts/docs-checks.ts', '--check'),
  node('dist', 'scripts/build.ts', '--check'),
  node('workflows', 'scripts/workflows.ts'),
  jest('unit'),
  node('test bed build', 'testbed/cli.ts', 'build'),
  jest('oracle'),
  jest('cluster', '--runInBand'),
]

let passed = 0
let failed = 0
const times: string[] = []
const second: string[] = []
for (const part of parts) {
  console.log(`\n── ${part.name}`)
  const started = Date.now()
  const outcome = await outcomeOf(part)
  // A suite on a real cluster starts a cluster of its own and may lose a race with a busy machine: it gets one more try from nothing, and is named.
  const again = part.name === 'cluster' && outcome.suites.length > 0 && outcome.suites.length <= 5 ? outcome.suites : []
  if (again.length > 0) {
    console.log(`\n── cluster, second try: ${again.join(' ')}`)
    const retried = await outcomeOf(jest('cluster', '--runInBand', ...again))
    second.push(...again.filter((suite) => !retried.suites.includes(suite)))
    outcome.ok += retried.ok - passedIn(part.counts, again)
    outcome.bad = retried.bad
    outcome.code = retried.code
  }
  passed += outcome.ok
  failed += outcome.bad
  const counted = part.counts === '' ? '' : `  ${outcome.ok} passed, ${outcome.bad} failed`
  times.push(
    `${part.name.padEnd(16)} ${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${outcome.code === 0 ? 'ok' : 'FAILED'}${counted}`,
  )
}
if (second.length > 0) console.log(`\nPassed at the second try only: ${second.join(', ')}`)
console.log(`\n${times.join('\n')}\n\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

interface Outcome {
  code: number
  ok: number
  bad: number
  /** Files of suites that failed. */
  suites: string[]
}

async function outcomeOf(part: (typeof parts)[number]): Promise<Outcome> {
  const code = await run([...part.command, ...part.args])
  const [ok, bad] = part.counts === '' ? [code === 0 ? 1 : 0, 0] : countsOf(part.counts)
  // A runner that failed without a failing test (a crash, no test found) is a failure of its own.
  return {code, ok, bad: bad + (code !== 0 && bad === 0 ? 1 : 0), suites: part.counts === '' ? [] : suitesOf(part.counts)}
}

interface Suite {
  name: string
  status: string
  assertionResults: {status: string}[]
}

function suitesIn(file: string): Suite[] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as {testResults: Suite[]}).testResults
  } catch {
    return []
  }
}

function suitesOf(file: string): string[] {
  return suitesIn(file)
    .filter(({status}) => status === 'failed')
    .map(({name}) => relative('.', name))
}

/** How many tests of those suites had passed, which a second try counts anew. */
function passedIn(file: string, suites: string[]): number {
  return suitesIn(file)
    .filter(({name}) => suites.includes(relative('.', name)))
    .flatMap(({assertionResults}) => assertionResults)
    .filter(({status}) => status === 'passed').length
}

function run([program = '', ...args]: string[]): Promise<number> {
  return new Promise((done) => {
    spawn(program, args, {stdio: ['ignore', 'inherit', 'inherit']}).on('exit', (code) => done(code ?? 1))
  })
}

function countsOf(file: string): [number, number] {
  try {
    const {numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, numTotalTests} = JSON.parse(
      readFileSync(file, 'utf8'),
    )
    // A skipped test is not a passed one, and a suite without tests proves nothing.
    return [numPassedTests, numFailedTests + numPendingTests + numRuntimeErrorTestSuites + (numTotalTests === 0 ? 1 : 0)]
  } catch {
    return [0, 1]
  }
}
