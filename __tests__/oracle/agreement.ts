import {createHash} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'

/** Runs wanted of the cheapest property; the dearer ones take their share of it. */
export const runs = Number(process.env['ORACLE_RUNS'] ?? 10_000)

/** The same sets in every run, until another seed is asked for. */
export const seed = Number(process.env['ORACLE_SEED'] ?? 20_261_122)

/** Asks both sides about random clusters; a disagreement is shrunk, kept as a fixture, and thrown with both answers. */
export async function expectAgreement<T extends {objects: KubeObject[]}>(
  name: string,
  worlds: fc.Arbitrary<T>,
  sides: (world: T) => Promise<{istio: unknown; product: unknown}>,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(worlds, async (world) => {
    const {istio, product} = await sides(world)
    expect(product).toEqual(istio)
  })
  const checked = await fc.check(property, {numRuns, seed})
  if (!checked.failed) return
  const world = checked.counterexample?.[0]
  const file = world === undefined ? 'none' : keep(name, world)
  throw new Error(
    `after ${checked.numRuns} sets with seed ${seed} Istio and the product disagree; kept in ${file}\n${checked.errorInstance}`,
  )
}

/** The counterexamples once found, and the surprises worth keeping: [title, world]. */
export function keptWorlds<T>(name: string): [string, T][] {
  const files = readdirSync(fixtures).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json'))
  return files.sort().map((file) => [file, JSON.parse(readFileSync(join(fixtures, file), 'utf8')) as T])
}

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'oracle')

function keep(name: string, world: unknown): string {
  const text = `${JSON.stringify(world, null, 1)}\n`
  const file = join(fixtures, `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`)
  mkdirSync(fixtures, {recursive: true})
  writeFileSync(file, text)
  return file
}
