// Runs one of the project's scripts on node 24, installing the dependencies first where they are missing or stale.
// Plain JavaScript on purpose: it is the one file that must run on whatever node (20 or newer) the machine has.
import {spawn, spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [script, ...args] = process.argv.slice(2)
const stamp = join(root, 'node_modules', '.installed-from')
const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
const node24 = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted || !existsSync(node24)) {
  console.log('Installing dependencies (npm install) …')
  // Not `npm ci`: it refuses a lock that lacks other platforms' optional binaries, and a registry mirror may not carry those.
  // `--no-save` keeps to the lock's versions and checksums all the same, and writes neither file.
  const {status} = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32'})
  if (status !== 0) {
    console.error('`npm install` failed: its own words stand above.')
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}

const child = spawn(node24, [script, ...args], {cwd: root, stdio: 'inherit', env: {...process.env, PATH: `${dirname(node24)}:${process.env.PATH}`}})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)))
