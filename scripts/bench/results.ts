import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {LiveResult} from './live.ts'
import type {Spread} from './measure.ts'

/** What whole processes took at one size; ratios are of the same round. */
export interface Point {
  pods: number
  policies: number
  rounds: number
  analyze: Figures
  list: Figures
  ours: Figures
  ratios: {wall: Spread; memory: Spread; list: Spread}
}

/** Medians and extremes of one program. */
export interface Figures {
  wallMs: Spread
  cpuMs: Spread
  peakBytes: Spread
}

/** The last numbers of each part. */
export interface Results {
  headline?: Point
  pods?: Point[]
  policies?: Point[]
  cold?: {nodeMs: Spread; actionMs: Spread}
  live?: LiveResult
  profile?: {part: string; ms: number}[]
  bundle?: {part: string; bytes: number}[]
  install?: Spread
}

const file = join(import.meta.dirname, 'results.json')

/** What was measured last; nothing before the first time. */
export function readResults(): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {}
}

/** Keeps them beside the scripts, so that a part can be measured alone. */
export function writeResults(results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`)
}
