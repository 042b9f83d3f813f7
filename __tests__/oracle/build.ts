import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {lock} from '../../testbed/lock.ts'
import {cacheDir} from '../../testbed/paths.ts'

/** The oracle's binary, built when its sources changed; a machine without Go is a failure, never a skip. */
export async function oracleBinary(): Promise<string> {
  const binary = join(cacheDir(), 'oracle', sourcesHash(), 'oracle')
  if (existsSync(binary)) return binary
  // Test files run side by side: one of them builds, the others wait.
  const release = await lock('oracle')
  try {
    if (!existsSync(binary)) build(binary)
  } finally {
    await release()
  }
  return binary
}

function build(binary: string): void {
  mkdirSync(dirname(binary), {recursive: true})
  const fresh = `${binary}.${process.pid}`
  const built = spawnSync('go', ['build', '-mod=readonly', '-trimpath', '-o', fresh, './oracle'], {
    cwd: testbed,
    env: {...process.env, CGO_ENABLED: '0', GOFLAGS: ''},
    encoding: 'utf8',
  })
  if (built.error)
    throw new Error(`The oracle needs the Go toolchain of testbed/go.mod: ${built.error.message}. Install Go and put it on PATH.`)
  if (built.status !== 0) throw new Error(`\`go build ./oracle\` in testbed failed: ${built.stderr}`)
  renameSync(fresh, binary)
}

const testbed = join(import.meta.dirname, '..', '..', 'testbed')

function sourcesHash(): string {
  const hash = createHash('sha256')
  const sources = readdirSync(join(testbed, 'oracle')).filter((name) => name.endsWith('.go'))
  for (const file of ['go.mod', 'go.sum', ...sources.sort().map((name) => join('oracle', name))]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(testbed, file)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}
