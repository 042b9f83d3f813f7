import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as pause} from 'node:timers/promises'
import {liveClock} from '../../src/io/clock.ts'
import {after, timerMs} from '../../src/io/timer.ts'

const longest = 2_147_483_647

test.each([
  [Number.NEGATIVE_INFINITY, 0],
  [-3.2, 0],
  [Number.NaN, 0],
  [0, 0],
  [1500, 1500],
  [longest, longest],
  [longest + 1, longest],
  [Number.POSITIVE_INFINITY, longest],
])('a timer of %s ms is one of %s', (ms, kept) => {
  expect(timerMs(ms)).toBe(kept)
})

test('what is over fires at once, what is far off does not, and node warns of neither', async () => {
  const warnings: string[] = []
  const hear = ({name}: Error) => void warnings.push(name)
  process.on('warning', hear)
  const fired: string[] = []
  const over = after(-5000, () => fired.push('over'))
  const far = after(90 * 24 * 3_600_000, () => fired.push('far'))
  await liveClock().sleep(-1)
  await pause(20)
  clearTimeout(over)
  clearTimeout(far)
  process.off('warning', hear)
  expect([fired, warnings]).toEqual([['over'], []])
})

test('nobody else in io starts a timer whose length is computed', () => {
  const files = readdirSync('src/io').filter((file) => file !== 'timer.ts' && file !== 'clock.ts')
  const own = files.filter((file) =>
    /(?<!request\.)\bsetTimeout\(|AbortSignal\.timeout\(|timers\/promises/.test(readFileSync(join('src/io', file), 'utf8')),
  )
  // shell.ts polls a process in fixed steps.
  expect(own).toEqual(['shell.ts'])
})
