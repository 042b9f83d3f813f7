import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Build} from './build/build.ts'
import {runDirOf, runRoot} from './paths.ts'

/** The numbers of all beds that have a run folder: running, starting, or left by a start that was killed. */
export function recordedBeds(): number[] {
  if (!existsSync(runRoot)) return []
  return readdirSync(runRoot).flatMap((name) => (/^bed-\d{1,2}$/.test(name) ? [Number(name.slice('bed-'.length))] : []))
}

/** The build that bed runs from; `undefined` until it has once been ready. */
export function recordedBuild(bed: number): Build | undefined {
  return existsSync(fileOf(bed)) ? (JSON.parse(readFileSync(fileOf(bed), 'utf8')) as Build) : undefined
}

/** Notes that the bed is ready, and the build it runs from. */
export function recordBed(bed: number, build: Build): void {
  writeFileSync(fileOf(bed), JSON.stringify(build))
}

function fileOf(bed: number): string {
  return join(runDirOf(bed), 'bed.json')
}
