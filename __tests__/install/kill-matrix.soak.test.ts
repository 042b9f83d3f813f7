import {appendFileSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Bed, down, reset, up} from '../../testbed/bed.ts'
import type {Crash} from '../helpers/crashing-io.ts'
import {killedRun, settledState, traceOf} from './kill.ts'

/**
 * Every await of the install path, crashed: the points are counted in a run that nothing ends, then each is crashed on an emptied bed, `post`
 * cleans, and the next run must pass and leave the very cluster of the undisturbed run; it is run once for each different cluster that a crash left. KILL_FROM and KILL_TO bound the points (KILL_POINTS lists them), KILL_SIGNALS
 * names the kinds, KILL_BED the bed, KILL_RESULTS a file that gets a line a point.
 */
const number = Number(process.env['KILL_BED'] ?? 13)
const from = Number(process.env['KILL_FROM'] ?? 1)
const to = Number(process.env['KILL_TO'] ?? Number.POSITIVE_INFINITY)
const signals = (process.env['KILL_SIGNALS'] ?? 'SIGKILL,SIGINT,SIGTERM,throw').split(',') as Crash[]
const only = (process.env['KILL_POINTS'] ?? '').split(',').filter(Boolean).map(Number)
const results = process.env['KILL_RESULTS']
const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'))
let bed: Bed

beforeAll(async () => {
  bed = await up({bed: number})
  await reset(bed)
}, 300_000)

afterAll(async () => {
  rmSync(toolCache, {recursive: true, force: true})
  await down({bed: number})
}, 60_000)

test('whatever ends a run, and wherever, the next run makes the cluster whole', async () => {
  const whole = await killedRun(bed, 0, 'SIGKILL', toolCache)
  expect([whole.code, whole.broken]).toEqual([0, []])
  const wanted = await settledState(bed)
  const all = whole.points.map((line) => Number(line.split(' ')[0]))
  const points = only.length > 0 ? only : all.filter((point) => point >= from && point <= to)
  const broken: string[] = []
  await reset(bed)
  const empty = traceOf(bed)
  // A next run sees the cluster alone: from what an earlier crash left, too, it was seen to make it whole.
  const mended = new Map<string, string>()
  let crashed = 0
  for (const signal of signals) {
    for (const point of points) {
      if (traceOf(bed) !== empty) await reset(bed)
      const killed = await killedRun(bed, point, signal, toolCache)
      const at = killed.points.find((line) => line.startsWith(`${point} `))
      const trace = traceOf(bed)
      const known = mended.get(trace)
      const wrong = [...killed.broken, ...(known === undefined ? await nextRun(wanted) : [])]
      if (known === undefined && wrong.length === 0) mended.set(trace, `${signal} at ${point}`)
      if (at !== undefined) crashed++
      if (wrong.length > 0) broken.push(`${signal} at ${at ?? point}: ${wrong.join('; ')}`)
      const line = `${signal} ${at ?? `${point} (not reached)`} code ${killed.code}: ${wrong.length === 0 ? `holds${known === undefined ? '' : `, left what ${known} left`}` : `BROKEN ${wrong.join('; ')}`}\n`
      if (results !== undefined) appendFileSync(results, line)
      process.stdout.write(line)
    }
  }
  process.stdout.write(
    `kill matrix: ${points.length} points of ${whole.points.length}, ${signals.join(', ')}: ${crashed} crashes that left ${mended.size} different clusters, ${broken.length} broken contracts\n`,
  )
  expect(broken).toEqual([])
  expect(crashed).toBeGreaterThan(0)
}, 36_000_000)

async function nextRun(wanted: Record<string, string>): Promise<string[]> {
  const next = await killedRun(bed, 0, 'SIGKILL', toolCache)
  const differs = difference(wanted, await settledState(bed))
  return [
    ...(next.code === 0 ? [] : [`the next run ended with ${next.code}: ${next.log.slice(-600)}`]),
    ...(differs === '' ? [] : [`differs: ${differs}`]),
  ]
}

function difference(wanted: Record<string, string>, found: Record<string, string>): string {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
  return names
    .filter((name) => wanted[name] !== found[name])
    .map((name) => `${name}${wanted[name] === undefined ? ' (new)' : found[name] === undefined ? ' (missing)' : ''}`)
    .join(', ')
}
