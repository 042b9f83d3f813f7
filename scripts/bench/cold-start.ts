import {spawn} from 'node:child_process'
import type {Contender} from './measure.ts'

/** Milliseconds from a process's start to its first byte on stdout. */
export function firstByteMs({command, args, env}: Pick<Contender, 'command' | 'args' | 'env'>): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(command, args, {env, stdio: ['ignore', 'pipe', 'ignore']})
    child.on('error', reject)
    child.stdout.once('data', () => {
      resolve(performance.now() - began)
      child.kill('SIGKILL')
    })
    child.on('exit', () => reject(new Error('it said nothing')))
  })
}
