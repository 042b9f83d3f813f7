import {spawn} from 'node:child_process'
import {describe, expect, test} from '@jest/globals'
import {startTimeOf} from '../../src/io/process-identity.ts'
import {liveShell} from '../../src/io/shell.ts'

const env = {PATH: process.env.PATH ?? ''}
const never = new AbortController().signal
const sh = (script: string) => ['-c', script]

describe('run', () => {
  test('gives code, both streams, and every whole line as it comes', async () => {
    const lines: string[] = []
    const ran = await liveShell(never).run('sh', sh('printf "a\\r\\nb"; echo oops >&2; exit 3'), {
      env,
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    })
    expect(ran).toEqual({code: 3, signal: null, stdout: 'a\r\nb', stderr: 'oops\n', timedOut: false})
    expect(lines.sort()).toEqual(['stderr oops', 'stdout a', 'stdout b'])
  })

  test('passes input, folder and exactly the environment it was given', async () => {
    const ran = await liveShell(never).run('sh', sh('cat; pwd; echo "[$HOME]" $A'), {env: {...env, A: 'x'}, cwd: '/', stdin: 'in\n'})
    expect(ran.stdout).toBe('in\n/\n[] x\n')
  })

  test('an argument is never read by a shell', async () => {
    const ran = await liveShell(never).run('printf', ['%s', '$(id) `id` ; id'], {env})
    expect(ran.stdout).toBe('$(id) `id` ; id')
  })

  test('who is told of the start is told before the end', async () => {
    const order: string[] = []
    await liveShell(never).run('true', [], {env, onStart: () => order.push('start')})
    order.push('end')
    expect(order).toEqual(['start', 'end'])
  })

  test('a program that is not there is an error', async () => {
    await expect(liveShell(never).run('no-such-program', [], {env})).rejects.toThrow('ENOENT')
  })

  test('what takes too long is interrupted and says so', async () => {
    const ran = await liveShell(never).run('sleep', ['60'], {env, timeoutMs: 50})
    expect(ran).toMatchObject({code: null, signal: 'SIGINT', timedOut: true})
  })

  test('what ignores an interrupt is terminated', async () => {
    const ran = await liveShell(never, 50).run('sh', sh('trap "" INT; echo up; while :; do sleep 0.01; done'), {env, timeoutMs: 300})
    expect(ran).toMatchObject({code: null, signal: 'SIGTERM', timedOut: true})
  })

  test('what ignores that too is killed', async () => {
    const ran = await liveShell(never, 50).run('sh', sh('trap "" INT TERM; while :; do sleep 0.01; done'), {env, timeoutMs: 300})
    expect(ran).toMatchObject({code: null, signal: 'SIGKILL', timedOut: true})
  })

  test('a cancel reaches what runs; what starts afterwards is cleaning up', async () => {
    const cancel = new AbortController()
    const shell = liveShell(cancel.signal)
    const running = shell.run('sh', sh('trap "echo stopped; exit 4" INT; echo up; while :; do sleep 0.01; done'), {
      env,
      onLine: (line) => line === 'up' && cancel.abort(),
    })
    expect(await running).toMatchObject({code: 4, stdout: 'up\nstopped\n', timedOut: false})
    expect(await shell.run('echo', ['clean'], {env})).toMatchObject({code: 0, stdout: 'clean\n'})
    await expect(shell.run('echo', [], {env, signal: cancel.signal})).rejects.toThrow('aborted')
  })
})

test('output gives what a short call said, also from a path with spaces', async () => {
  expect(await liveShell(never).output('sh', sh('cat; echo no >&2; exit 2'), {env, stdin: 'in'})).toEqual({
    code: 2,
    signal: null,
    stdout: 'in',
    stderr: 'no\n',
    timedOut: false,
  })
})

describe('end', () => {
  test('ends a process of an earlier step', async () => {
    let child = {pid: 0, startTime: ''}
    const shell = liveShell(never)
    const running = shell.run('sleep', ['60'], {env, onStart: (started) => (child = started)})
    while (child.pid === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await shell.end(child, 2000)).toBe(true)
    expect(await running).toMatchObject({signal: 'SIGINT'})
    expect(await shell.end(child, 2000)).toBe(false)
  })

  test('leaves another process that took its number', async () => {
    const child = spawn('sleep', ['60'])
    const startTime = await startTimeOf(child.pid ?? 0)
    expect(startTime).toMatch(/^\d+$/)
    expect(await liveShell(never).end({pid: child.pid ?? 0, startTime: `${Number(startTime) - 1}`}, 200)).toBe(false)
    expect(await startTimeOf(child.pid ?? 0)).toBe(startTime)
    child.kill('SIGKILL')
  })
})
