import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync} from 'node:fs'
import {join} from 'node:path'
import {cacheDir} from '../../testbed/paths.ts'

/** The oracle's binary, built when its sources changed; a machine without Go is a failure, never a skip. */
export function oracleBinary(): string {
  const folder = join(cacheDir(), 'oracle', sourcesHash())
  const binary = join(folder, 'oracle')
  if (existsSync(binary)) return binary
  mkdirSync(folder, {recursive: true})
  const fresh = `${binary}.${process.pid}`
  const built = spawnSync('go', ['build', '-mod=readonly', '-trimpath', '-o', fresh, './oracle'], {
    cwd: testbed,
    env: {...process.env, CGO_ENABLED: '0', GOFLAGS: ''},
    encoding: 'utf8',
  })
  if (built.error)
    throw new Error(`The oracle needs the Go toolchain of testbed/go.mod: ${built.error.message}. Install Go and put it on PATH.`)
  if (built.status !== 0) throw new Error(`\`go build ./oracle\` in testbed failed: ${built.stderr}`)
  // Renamed into place: another run may build at the same time.
  renameSync(fresh, binary)
  return binary
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
