import {diskFailure} from '../../src/io/disk-failure.ts'
import {Failure} from '../../src/model/failure.ts'

test.each([
  ['ENOSPC', 'no space left on device'],
  ['EDQUOT', 'its quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission denied'],
])('%s is said with its cure', (code, words) => {
  const failure = diskFailure(Object.assign(new Error(`${code}: write`), {code}), '/temp/helm') as Failure
  expect(failure).toBeInstanceOf(Failure)
  expect([failure.message, failure.entry]).toEqual([`The runner cannot write \`/temp/helm\`: ${words}.`, 'runner-disk'])
  expect(failure.cure).toContain('RUNNER_TEMP')
})

test.each([[Object.assign(new Error('there'), {code: 'EEXIST'})], [new Error('other')], ['text'], [null], [undefined]])(
  'what is not the disk stays as it is: %s',
  (thrown) => {
    expect(diskFailure(thrown, '/temp/helm')).toBe(thrown)
  },
)
