import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {down} from '../testbed/bed.ts'
import {type ScaleBed, upScale} from '../testbed/scale.ts'
import {bundleTable} from './bench/bundle.ts'
import {firstByteMs} from './bench/cold-start.ts'
import {contenders} from './bench/contenders.ts'
import {probeMany} from './bench/live.ts'
import {rounds, spread} from './bench/measure.ts'
import {writePage} from './bench/page.ts'
import {profileTable} from './bench/profile.ts'
import {type Point, readResults, writeResults} from './bench/results.ts'
import {grow, type Size} from './bench/seed.ts'

// docs/performance.md, measured anew: `npm run bench` does all of it (about half an hour on two free cores), `npm run bench -- PART…` some of
// it: headline, pods, policies, cold, live, profile, bundle, install. What is not measured keeps its last numbers.
const parts = ['headline', 'pods', 'policies', 'cold', 'live', 'profile', 'bundle', 'install']
const asked = process.argv.slice(2).filter((word) => parts.includes(word))
const wanted = (part: string) => asked.length === 0 || asked.includes(part)
/** The largest bed: 50,000 pods take about 8 GB of memory. */
const most = Number(process.env['BENCH_MOST'] ?? 50_000)
const entry = process.env['BENCH_ENTRY'] ?? 'dist/index.js'
const say = (line: string) => console.log(line)
const results = readResults()
const keep = (found: Partial<typeof results>) => writeResults(Object.assign(results, found))

let bed: ScaleBed | null = null
let size: Size = {pods: 0, policies: 0}

if (wanted('pods') || wanted('headline') || wanted('policies') || wanted('cold') || wanted('profile')) {
  try {
    const pods: Point[] = []
    for (const count of wanted('pods') ? [1000, 2500, 5000] : []) pods.push(await pointAt({pods: count, policies: 10}, 3))
    if (wanted('headline') || wanted('pods')) {
      const headline = await pointAt({pods: 10_000, policies: 10}, 5)
      keep({headline})
      pods.push(headline)
    }
    if (wanted('cold')) keep({cold: await coldStart(await filled({pods: size.pods || 1000, policies: 10}))})
    if (wanted('profile')) keep({profile: profile(await filled({pods: Math.max(size.pods, 10_000), policies: 10}))})
    if (wanted('policies')) {
      const policies: Point[] = []
      for (const count of [10, 250, 500, 1000]) policies.push(await pointAt({pods: 10_000, policies: count}, 3))
      keep({policies})
    }
    if (wanted('pods')) {
      // The policies are in the way of the large sizes: analyze would take minutes.
      if (size.policies > 10) await fresh()
      for (const count of [20_000, 50_000].filter((large) => large <= most)) pods.push(await pointAt({pods: count, policies: 10}, 3))
      keep({pods})
    }
  } finally {
    await down({bed: bedNumber()})
  }
}
if (wanted('live')) keep({live: await probeMany(1000, 50)})
if (wanted('bundle')) keep({bundle: await bundleTable()})
if (wanted('install')) keep({install: installRatio()})
writePage(results)

async function pointAt(wish: Size, count: number): Promise<Point> {
  const {contenders: all, folder} = contenders(await filled(wish), entry)
  say(`${wish.pods} pods, ${wish.policies} policies`)
  const measured = await rounds(all, count, say)
  rmSync(folder, {recursive: true})
  const of = (name: keyof typeof all) => ({
    wallMs: spread(measured.map((round) => round[name].wallMs)),
    cpuMs: spread(measured.map((round) => round[name].cpuMs)),
    peakBytes: spread(measured.map((round) => round[name].peakBytes)),
  })
  const ratio = (figure: 'wallMs' | 'peakBytes', peer: 'analyze' | 'list') =>
    spread(measured.map((round) => round.ours[figure] / round[peer][figure]))
  return {
    ...wish,
    rounds: count,
    analyze: of('analyze'),
    list: of('list'),
    ours: of('ours'),
    ratios: {wall: ratio('wallMs', 'analyze'), memory: ratio('peakBytes', 'analyze'), list: ratio('wallMs', 'list')},
  }
}

/** The bed with that much in it; it only grows, so a smaller wish starts it anew. */
async function filled(wish: Size): Promise<ScaleBed> {
  if (bed === null || size.pods > wish.pods || size.policies > wish.policies) await fresh()
  const running = bed as unknown as ScaleBed
  if (size.pods < wish.pods || size.policies < wish.policies) await grow(running, size, wish, say)
  size = wish
  return running
}

async function fresh(): Promise<void> {
  bed = await upScale({bed: bedNumber(), onProgress: say})
  size = {pods: 0, policies: 0}
}

function bedNumber(): number {
  return Number(process.env['BENCH_BED'] ?? 17)
}

async function coldStart(on: ScaleBed) {
  const {contenders: all, folder} = contenders(on, entry)
  const node = {command: process.execPath, args: ['-e', 'process.stdout.write("x")'], env: all.ours.env}
  const [bare, action]: [number[], number[]] = [[], []]
  for (let round = 0; round <= 15; round++) {
    const [nodeMs, ourMs] = [await firstByteMs(node), await firstByteMs(all.ours)]
    if (round > 0) {
      bare.push(nodeMs)
      action.push(ourMs)
    }
  }
  rmSync(folder, {recursive: true})
  return {nodeMs: spread(bare), actionMs: spread(action)}
}

/** One run from the sources, whose files tell the rooms apart. */
function profile(on: ScaleBed) {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'))
  const {contenders: all, folder: run} = contenders(on, 'src/main.ts')
  spawnSync(process.execPath, ['--cpu-prof', `--cpu-prof-dir=${folder}`, 'src/main.ts'], {env: all.ours.env, stdio: 'ignore'})
  const table = profileTable(folder)
  for (const used of [folder, run]) rmSync(used, {recursive: true})
  return table
}

/** The line that scripts/bench-install.ts ends with. */
function installRatio() {
  const {stdout} = spawnSync(process.execPath, ['scripts/bench-install.ts', '5'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']})
  const found = /median ([\d.]+), from ([\d.]+) to ([\d.]+)/.exec(stdout)
  if (found === null) throw new Error(stdout.slice(-2000))
  const [, median, least, most] = found.map(Number)
  return {median: median ?? 0, least: least ?? 0, most: most ?? 0}
}
