import {globSync} from 'node:fs'
import {basename} from 'node:path'
import {checks} from '../../src/checks/index.ts'
import {endpoints} from '../../src/derive/endpoints.ts'
import {refText} from '../../src/model/ref.ts'
import {fixture} from '../helpers/fixture.ts'
import {found, results} from '../helpers/found.ts'

const clusters = (folder: string) =>
  globSync(`${import.meta.dirname}/../fixtures/${folder}/*.yaml`)
    .sort()
    .map((file) => [basename(file, '.yaml'), file] as const)

test.each(clusters('broken'))('broken %s: exactly its fault is found', (_, file) => {
  const {snapshot, expected} = fixture(file)
  expect(expected.length).toBeGreaterThan(0)
  expect(found(snapshot)).toEqual(expected)
})

test.each(clusters('healthy'))('healthy %s stays green', (_, file) => {
  const {snapshot, expected} = fixture(file)
  expect(expected).toEqual([])
  expect(found(snapshot)).toEqual([])
})

test.each(clusters('healthy'))('no row of healthy %s is violated', (_, file) => {
  const open = endpoints(fixture(file).snapshot).filter(({verdict}) => verdict === 'violated')
  expect(open).toEqual([])
})

test('the corpus is as large as promised, and every gating check is in it', () => {
  expect(clusters('broken').length).toBeGreaterThanOrEqual(60)
  expect(clusters('healthy').length).toBeGreaterThanOrEqual(30)
  const seen = new Set(clusters('broken').flatMap(([, file]) => fixture(file).expected.map((line) => line.slice(0, 4))))
  const missing = checks.filter(({severity, code}) => severity !== 'info' && !seen.has(code)).map(({code}) => code)
  // Each of these has its fault in fixtures/checks alone.
  expect(missing).toEqual(['M309', 'M313', 'M404', 'M801', 'M803'])
})

test.each([...clusters('broken'), ...clusters('checks')])('no row of %s is violated without a finding that says why', (_, file) => {
  const {snapshot} = fixture(file)
  const open = endpoints(snapshot).filter(({verdict}) => verdict === 'violated')
  const said = results(snapshot).flatMap(({findings}) => findings.flatMap((one) => [...one.endpoints, refText(one.subject)]))
  const unexplained = open.filter(({namespace, workload: {kind, name}}) => {
    const id = `${namespace}/${kind}/${name}:`
    return !said.some((text) => text.startsWith(id) || text === `${kind} ${namespace}/${name}`)
  })
  expect(unexplained.map(({namespace, workload, port}) => `${namespace}/${workload.name}:${port}`)).toEqual([])
})
