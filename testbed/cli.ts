import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {down, status, up} from './bed.ts'
import {build} from './build/build.ts'
import {interruptible} from './interruption.ts'
import {runDirOf} from './paths.ts'

const usage = `npm run testbed -- up [--bed N]      boots bed N (0 to 99; 0 unless told), building it first where needed
                   down [--bed N|--all]
                   status           all beds of this machine
                   logs [NAME]      the log of a component; without a name, the names
                   kubeconfig       path of the administrator's kubeconfig
                   build            only builds`

const {positionals, values} = parseArgs({
  allowPositionals: true,
  options: {bed: {type: 'string', default: '0'}, all: {type: 'boolean', default: false}},
})
const bed = Number(values.bed)
const began = Date.now()
const say = (line: string) => console.error(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`)

const commands: Record<string, () => Promise<void>> = {
  async up() {
    const running = await up({bed, onProgress: say})
    say(`bed ${bed} is ready`)
    console.log(`export KUBECONFIG=${running.kubeconfig} PATH=${running.bin}:$PATH`)
  },
  async down() {
    const beds = values.all ? (await status()).map(({number}) => number) : [bed]
    await Promise.all(beds.map((number) => down({bed: number})))
    say(beds.length === 0 ? 'no bed runs' : `bed ${beds.join(', ')} is gone`)
  },
  async status() {
    const beds = await status()
    if (beds.length === 0) console.log('no bed runs')
    for (const {number, state, silent = [], bed: running} of beds)
      console.log(
        `bed ${number}  ${state.padEnd(9)}  ${running?.kubeconfig ?? ''}  ${silent.length > 0 ? `silent: ${silent.join(', ')}` : ''}`.trimEnd(),
      )
  },
  async logs() {
    const folder = join(runDirOf(bed), 'log')
    if (!existsSync(folder)) throw new Error(`Bed ${bed} does not run`)
    const name = positionals[1]
    const names = readdirSync(folder).filter((file) => !file.startsWith('.') && /\.(log|jsonl)$/.test(file))
    if (!name) return console.log(names.map((file) => file.replace(/\.log$/, '')).join('\n'))
    const file = names.find((file) => file === name || file === `${name}.log`)
    if (!file) throw new Error(`\`${name}\` has no log: there is ${names.join(', ')}`)
    console.log(readFileSync(join(folder, file), 'utf8'))
  },
  async kubeconfig() {
    const running = (await status()).find(({number}) => number === bed)?.bed
    if (!running) throw new Error(`Bed ${bed} does not run: start it with \`npm run testbed -- up --bed ${bed}\``)
    console.log(running.kubeconfig)
  },
  async build() {
    const {bin} = await interruptible(() => build(say))
    say(`built, in ${bin}`)
  },
}

const command = commands[positionals[0] ?? '']
if (!command) {
  console.error(usage)
  process.exitCode = 2
} else {
  await command().catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 1
  })
}
