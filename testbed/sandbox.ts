import {spawn, spawnSync} from 'node:child_process'
import {closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import type {Addresses} from './addresses.ts'
import {makeCgroups, removeCgroups} from './cgroups.ts'
import {runDirOf, runRoot, sourceDir} from './paths.ts'
import {isAlive, type ProcessIdentity} from './process-identity.ts'
import {attempt, pause, run} from './shell.ts'

/** Makes the bed's network, cgroups and process namespace; resolves with its process 1. */
export async function openSandbox(addresses: Addresses): Promise<ProcessIdentity> {
  const runDir = runDirOf(addresses.number)
  for (const folder of ['etc', 'opt', 'var', 'work-etc', 'work-opt', 'work-var'])
    mkdirSync(join(runDir, 'overlay', folder), {recursive: true})
  makeCgroups(addresses.name)
  await connect(addresses)
  return startInit(addresses, runDir)
}

/** Ends every process of the bed and removes its network, cgroups and run folder; whatever is already gone is fine. */
export async function closeSandbox(addresses: Addresses): Promise<void> {
  const runDir = runDirOf(addresses.number)
  const init = initOf(addresses.number)
  if (init && isAlive(init)) process.kill(init.pid, 'SIGKILL')
  if (existsSync(`/run/netns/${addresses.name}`)) {
    await endLeftovers(addresses.name)
    await attempt('ip', ['netns', 'delete', addresses.name])
  }
  if (existsSync(`/sys/class/net/${addresses.link}`)) await attempt('ip', ['link', 'delete', addresses.link])
  await removeCgroups(addresses.name)
  rmSync(runDir, {recursive: true, force: true, maxRetries: 10})
  tidy()
}

/** Removes what all beds share once none is left. */
function tidy(): void {
  for (const folder of [runRoot, '/run/netns']) {
    try {
      if (existsSync(folder) && readdirSync(folder).length === 0) {
        // `ip netns` mounts its folder onto itself, once.
        if (folder === '/run/netns') spawnSync('umount', [folder], {stdio: 'ignore'})
        rmdirSync(folder)
      }
    } catch {
      // Another bed has just begun to use it.
    }
  }
}

/** The recorded process 1 of that bed, dead or alive. */
export function initOf(bed: number): ProcessIdentity | undefined {
  const file = join(runDirOf(bed), 'init')
  if (!existsSync(file)) return undefined
  const [pid, startTime] = readFileSync(file, 'utf8').trim().split(' ')
  return {pid: Number(pid), startTime: startTime ?? ''}
}

async function connect({name, link, hostIp, nodeIp, servicesNet, podsNet}: Addresses): Promise<void> {
  await run('ip', ['netns', 'add', name])
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
  const outside = [
    `address add ${hostIp}/24 dev ${link}`,
    `link set ${link} up`,
    `route add ${podsNet} via ${nodeIp}`,
    `route add ${servicesNet} via ${nodeIp}`,
  ]
  const inside = ['link set lo up', `address add ${nodeIp}/24 dev eth0`, 'link set eth0 up', `route add default via ${hostIp}`]
  await run('ip', ['-batch', '-'], {input: outside.join('\n')})
  await run('ip', ['-netns', name, '-batch', '-'], {input: inside.join('\n')})
}

async function startInit({name, number}: Addresses, runDir: string): Promise<ProcessIdentity> {
  const log = openSync(join(runDir, 'log', 'init.log'), 'w')
  // Not `ip netns exec`: it mounts a /sys of its own, which hides the cgroups.
  const unshare = spawn(
    'nsenter',
    [
      `--net=/run/netns/${name}`,
      'unshare',
      '--mount',
      '--propagation',
      'slave',
      '--pid',
      '--fork',
      '--kill-child',
      '--',
      'bash',
      join(sourceDir, 'init.sh'),
      runDir,
    ],
    {detached: true, stdio: ['ignore', log, log], cwd: '/'},
  )
  closeSync(log)
  unshare.unref()
  for (let waited = 0; waited < 500 && unshare.exitCode === null; waited++) {
    if (existsSync(join(runDir, 'init'))) return initOf(number) as ProcessIdentity
    await pause(10)
  }
  throw new Error(`The bed's process 1 did not start: ${readFileSync(join(runDir, 'log', 'init.log'), 'utf8').trim() || 'it said nothing'}`)
}

/** Ends what a crashed start may have left in the bed's network namespace, and waits until it is empty. */
async function endLeftovers(name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const pids = (await run('ip', ['netns', 'pids', name])).split('\n').filter(Boolean).map(Number)
    if (pids.length === 0) return
    // Process 1 takes all others along within milliseconds; only what is still there then never belonged to it.
    if (tries > 10) for (const pid of pids) killQuietly(pid)
    await pause(20)
  }
  throw new Error(`Processes in the network namespace \`${name}\` do not end`)
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
