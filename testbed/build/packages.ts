import {existsSync} from 'node:fs'
import {run} from '../shell.ts'

/** Installs the Debian packages of which a command is missing on this machine. */
export async function installPackages(commands: Record<string, string>, onProgress: (line: string) => void): Promise<void> {
  const missing = Object.keys(commands).filter((command) => !isInstalled(command))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((command) => commands[command] as string))]
  if (!isInstalled('apt-get'))
    throw new Error(`The test bed needs \`${missing.join('`, `')}\`: install them, for this machine has no apt-get to do it`)
  onProgress(`installing ${packages.join(', ')} with apt-get`)
  const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}
  await run('apt-get', ['update', '-q'], {env})
  await run('apt-get', ['install', '-yq', '--no-install-recommends', ...packages], {env})
}

/** What a start needs, by command, and the package that brings it. */
export const runtimePackages: Record<string, string> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  openssl: 'openssl',
  runc: 'runc',
  iptables: 'iptables',
  nft: 'nftables',
  conntrack: 'conntrack',
}

/** What the build needs besides. */
export const buildPackages: Record<string, string> = {
  ...runtimePackages,
  mmdebstrap: 'mmdebstrap',
  tar: 'tar',
  gzip: 'gzip',
  pip3: 'python3-pip',
}

function isInstalled(command: string): boolean {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) =>
    existsSync(`${folder}/${command}`),
  )
}
