import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

// `npm test`: everything, in the order that tells fastest. Prints the time of each part; ends with "N passed, N failed".
const folder = mkdtempSync(join(tmpdir(), 'tests-'))
const jest = (project: string, ...more: string[]) => ({
  name: project,
  command: ['node', '--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
  args: ['--selectProjects', project, '--json', `--outputFile=${join(folder, project)}.json`, '--silent=false', ...more],
  counts: join(folder, `${project}.json`),
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
for (const part of parts) {
  console.log(`\n── ${part.name}`)
  const started = Date.now()
  const code = await run([...part.command, ...part.args])
  const [ok, bad] = part.counts === '' ? [0, 0] : countsOf(part.counts)
  passed += ok + (code === 0 && part.counts === '' ? 1 : 0)
  // A runner that failed without a failing test (a crash, no test found) is a failure of its own.
  failed += bad + (code !== 0 && bad === 0 ? 1 : 0)
  times.push(
    `${part.name.padEnd(16)} ${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${code === 0 ? 'ok' : 'FAILED'}${ok + bad > 0 ? `  ${ok} passed, ${bad} failed` : ''}`,
  )
}
console.log(`\n${times.join('\n')}\n\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

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
