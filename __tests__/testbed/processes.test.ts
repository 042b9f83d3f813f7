import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {describe, expect, test} from '@jest/globals'
import {lock, tryLock} from '../../testbed/lock.ts'
import {identityOf, isAlive} from '../../testbed/process-identity.ts'
import {endCommands, run} from '../../testbed/shell.ts'

describe('the identity of a process', () => {
  test('is alive as long as the process is, and never again', async () => {
    const child = spawn('sleep', ['30'])
    const identity = identityOf(child.pid as number)
    expect(isAlive(identity)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAlive(identity)).toBe(false)
  })

  test('does not take another process with the same number for it', () => {
    expect(isAlive({pid: process.pid, startTime: '1'})).toBe(false)
  })

  test('of no process is none', () => {
    expect(identityOf(2 ** 22 + 1)).toBeUndefined()
    expect(isAlive(undefined)).toBe(false)
  })
})

describe('a lock', () => {
  const name = `test-${process.pid}`

  test('is held by one, and handed to the one who waits', async () => {
    const release = await lock(name)
    expect(await tryLock(name)).toBeUndefined()
    const waits = Promise.withResolvers<void>()
    const next = lock(name, waits.resolve)
    await waits.promise
    await release()
    await (await next)()
    const again = await tryLock(name)
    expect(again).toBeDefined()
    await again?.()
  })

  test('is free again when its holder is killed', async () => {
    const script = `import {lock} from ${JSON.stringify(new URL('../../testbed/lock.ts', import.meta.url).href)}\nawait lock(${JSON.stringify(name)})\nconsole.log('held')\nsetInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {stdio: ['ignore', 'pipe', 'inherit']})
    await once(holder.stdout, 'data')
    expect(await tryLock(name)).toBeUndefined()
    holder.kill('SIGKILL')
    await (await lock(name))()
  })
})

describe('a command', () => {
  test('gives its output, and its stderr line by line', async () => {
    const lines: string[] = []
    expect(await run('sh', ['-c', 'echo one; echo two >&2; echo three >&2'], {onStderr: (line) => lines.push(line)})).toBe('one\n')
    expect(lines).toEqual(['two', 'three'])
  })

  test('that fails says how, and what it wrote to stderr', async () => {
    await expect(run('sh', ['-c', 'echo broken pipe dream >&2; exit 4'])).rejects.toThrow(/ended with 4: broken pipe dream/)
  })

  test('that is missing says so', async () => {
    await expect(run('no-such-command', [])).rejects.toThrow('`no-such-command` could not be run')
  })

  test('ends with all that it started', async () => {
    const command = run('sh', ['-c', 'sleep 30 & echo $! >&2; wait'], {onStderr: (pid) => started.resolve(Number(pid))})
    const started = Promise.withResolvers<number>()
    const child = identityOf(await started.promise)
    endCommands()
    await expect(command).rejects.toThrow('SIGTERM')
    expect(isAlive(child)).toBe(false)
  })
})
