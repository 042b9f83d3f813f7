import {spawn} from 'node:child_process'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals'
import {down, status, up} from '../../testbed/bed.ts'
import {boot} from '../../testbed/boot.ts'
import {build} from '../../testbed/build/build.ts'
import type {Component} from '../../testbed/component.ts'
import {sourceDir} from '../../testbed/paths.ts'
import {tracesOf} from './traces.ts'

// A start under load is slow; a hung one ends.
jest.setTimeout(5 * 60_000)

// Beds 3 and 4, so that a bed at work (0 unless told otherwise) is not disturbed.
const [first, second] = [3, 4]
const before: Record<number, ReturnType<typeof tracesOf>> = {}

beforeAll(async () => {
  await build()
  for (const bed of [first, second]) {
    await down({bed})
    before[bed] = tracesOf(bed)
  }
}, 30 * 60_000)
afterAll(async () => {
  await Promise.all([first, second].map((bed) => down({bed})))
})

describe('a start that does not come to its end', () => {
  test('fails with the log of the guilty component, and is undone', async () => {
    const breakScheduler = (components: Component[]) =>
      components.map((part) => (part.name === 'kube-scheduler' ? {...part, command: [...(part.command ?? []), '--no-such-flag']} : part))
    const failure = boot({bed: second, build: await build(), onProgress: () => {}, change: breakScheduler})
    await expect(failure).rejects.toThrow(
      /`kube-scheduler` did not start: it ended with code 1\nThe end of its log:\n(.*\n)*.*unknown flag: --no-such-flag/,
    )
    expect(tracesOf(second)).toEqual(before[second])
  })

  test('is undone when it is interrupted', async () => {
    const {child, ended} = startCli(second)
    await child.says('etcd ready')
    process.kill(child.pid, 'SIGINT')
    expect(await ended).toBe('SIGINT')
    expect(tracesOf(second)).toEqual(before[second])
  })

  test('is removed by the next start when it was killed', async () => {
    const {child, ended} = startCli(second)
    await child.says('kube-apiserver ready')
    process.kill(child.pid, 'SIGKILL')
    await ended
    expect((await status()).find(({number}) => number === second)?.state).toBe('stale')
    await up({bed: first})
    expect(tracesOf(second)).toEqual(before[second])
  })
})

/** Starts a bed in a process of its own. */
function startCli(bed: number) {
  const child = spawn(process.execPath, [join(sourceDir, 'cli.ts'), 'up', '--bed', String(bed)], {stdio: ['ignore', 'ignore', 'pipe']})
  let output = ''
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => output.includes(text) && resolve()
      child.stderr.setEncoding('utf8').on('data', (chunk) => {
        output += chunk
        look()
      })
      child.on('exit', () => reject(new Error(`It ended before it said \`${text}\`: ${output}`)))
    })
  const ended = new Promise<string>((resolve) => child.on('exit', (code, signal) => resolve(signal ?? String(code))))
  return {child: {pid: child.pid as number, says}, ended}
}
