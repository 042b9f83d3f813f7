import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync} from 'node:fs'
import type {Socket} from 'node:net'
import {join} from 'node:path'

const lockDir = '/run/lock'

/**
 * Takes the machine-wide lock of that name and returns its release; waits while another process holds it.
 * The lock is the kernel's (flock), held by a child that ends with this process: a crash frees it.
 */
export async function lock(name: string, onWait?: () => void): Promise<() => Promise<void>> {
  const release = await tryLock(name)
  if (release) return release
  onWait?.()
  return (await take(name, [])) as () => Promise<void>
}

/** The same without waiting: `undefined` when another process holds it. */
export function tryLock(name: string): Promise<(() => Promise<void>) | undefined> {
  return take(name, ['--nonblock'])
}

async function take(name: string, flags: string[]): Promise<(() => Promise<void>) | undefined> {
  mkdirSync(lockDir, {recursive: true})
  const file = join(lockDir, `istio-mtls-${name}.lock`)
  // A session of its own: Ctrl-C must not free the lock before the undo is through.
  const holder = spawn('flock', ['--exclusive', ...flags, file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = new Promise<void>((resolve, reject) => {
    holder.on('close', () => resolve())
    holder.on('error', reject)
  })
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), closed.then(() => false)])
  if (!held) return undefined
  // Who forgets a lock can still end, and frees it by that.
  for (const part of [holder, holder.stdin as Socket, holder.stdout as Socket]) part.unref()
  return async () => {
    holder.ref()
    holder.stdin.end()
    await closed
  }
}
