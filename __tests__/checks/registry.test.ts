import {existsSync, globSync, readFileSync} from 'node:fs'
import {basename} from 'node:path'
import {checks} from '../../src/checks/index.ts'
import {runChecks} from '../../src/checks/run.ts'
import type {Check} from '../../src/model/check.ts'
import {unread} from '../../src/model/part.ts'
import type {Parts, Snapshot} from '../../src/model/snapshot.ts'
import {fixture} from '../helpers/fixture.ts'

const root = `${import.meta.dirname}/../..`
const each = checks.map((check) => [check.slug, check] as const)
const fixtureOf = (check: Check) => fixture(`${root}/__tests__/fixtures/checks/${check.slug}.yaml`).snapshot

test('codes are unique and sorted', () => {
  const codes = checks.map(({code}) => code)
  expect(codes).toEqual([...new Set(codes)].sort())
})

test('every file of a check is in the list', () => {
  const files = globSync(`${root}/src/checks/m[0-9]*.ts`).map((file) => basename(file, '.ts'))
  expect(files.sort()).toEqual(checks.map(({slug}) => slug))
})

test.each(each)('%s is one name everywhere: code, file, fixture, docs page', (slug, {code}) => {
  expect(slug).toMatch(/^m\d{3}(-[a-z]+)+$/)
  expect(slug.slice(0, 4).toUpperCase()).toBe(code)
  const missing = [`src/checks/${slug}.ts`, `__tests__/fixtures/checks/${slug}.yaml`, `docs/checks/${slug}.md`].filter(
    (path) => !existsSync(`${root}/${path}`),
  )
  expect(missing).toEqual([])
})

test.each(each)('%s says its piece in good form', (_, {title, failure, why, hint}) => {
  for (const fact of [title, failure]) expect(fact).toMatch(/^[A-Z][^.!?]*[^.!?\s]$|^istiod [^.!?]*[^.!?\s]$/)
  expect(title).not.toBe(failure)
  expect(why).toMatch(/^\S.{30,}\.$/)
  expect(hint).toMatch(/^[A-Z][a-z]+ .{10,}\.$/)
})

test.each(each)('%s fails on its fixture', (_, check) => {
  const [result] = runChecks([check], fixtureOf(check), {ignore: []})
  expect([result?.status, result?.title]).toEqual(['fail', check.failure])
})

test.each(checks.flatMap((check) => check.needs.map((need) => [check.slug, need, check] as const)))(
  '%s without %s is unknown, with the reason',
  (_, need, check) => {
    const snapshot: Snapshot = {...fixtureOf(check), [need]: unread('403 on the list')}
    const [result] = runChecks([check], snapshot, {ignore: []})
    expect(result).toMatchObject({status: 'unknown', reason: `not read: ${need}: 403 on the list`, findings: []})
  },
)

test.each(each)('%s reads exactly what it declares', (_, check) => {
  const snapshot = fixtureOf(check)
  const read = new Set<string>()
  const watched = (names: readonly string[], pick: (name: keyof Parts) => unknown) =>
    new Proxy(Object.fromEntries(names.map((name) => [name, pick(name as keyof Parts)])), {
      get(target, name) {
        if (typeof name === 'string') read.add(name)
        return Reflect.get(target, name)
      },
    })
  const partValue = (name: keyof Parts) => {
    const part = snapshot[name]
    return part.read ? part.value : undefined
  }
  check.run(
    watched(check.needs, partValue) as never,
    {asked: snapshot.asked, now: Date.parse(snapshot.takenAt)},
    watched(check.uses ?? [], (name) => snapshot[name]) as never,
  )
  expect([...read].sort()).toEqual([...check.needs, ...(check.uses ?? [])].sort())
})

test('the catalogue page names every check once', () => {
  const page = readFileSync(`${root}/docs/checks/README.md`, 'utf8')
  for (const {slug} of checks) expect(page.split(`(${slug}.md)`).length).toBe(2)
})
