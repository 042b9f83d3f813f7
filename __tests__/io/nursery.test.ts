import {spawnSync} from 'node:child_process'
import {pathToFileURL} from 'node:url'

/** Bytes of the young generation of a process that keeps a million objects. */
function nurseryBytes(prelude: string): number {
  const script = `${prelude}
    const kept = []
    for (let at = 0; at < 1_000_000; at++) kept.push({at})
    const {getHeapSpaceStatistics} = await import('node:v8')
    console.log(getHeapSpaceStatistics().find(({space_name}) => space_name === 'new_space').space_size)`
  const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', script], {encoding: 'utf8'})
  expect(stderr).toBe('')
  return Number(stdout)
}

test('the young generation stays small where it would have grown', () => {
  const nursery = pathToFileURL('src/io/nursery.ts').href
  const small = nurseryBytes(`const {keepNurserySmall} = await import(${JSON.stringify(nursery)}); keepNurserySmall()`)
  const grown = nurseryBytes('')
  expect(grown).toBeGreaterThan(32 * 2 ** 20)
  expect(small).toBeGreaterThan(0)
  expect(small).toBeLessThan(16 * 2 ** 20)
})
