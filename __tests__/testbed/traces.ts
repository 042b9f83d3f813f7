import {execFileSync} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs'
import {join} from 'node:path'
import {addressesOf} from '../../testbed/addresses.ts'
import {runDirOf} from '../../testbed/paths.ts'

/** Everything on this machine that a bed could leave behind, without what belongs to other beds: equal before a start and after an end. */
export function tracesOf(bed: number): Record<string, string[]> {
  const other = new RegExp(`(istio-mtls-|istio-mtls-bed-|/bed-|10\\.10)(?!${bed}\\b)\\d`)
  const own = (lines: string[]) => lines.filter((line) => line && !other.test(line)).sort()
  const {name, link} = addressesOf(bed)
  return {
    processes: processesOf(bed),
    mounts: own(mounts().filter((line) => line.includes(name) || line.includes(runDirOf(bed)) || !/\/run\/netns/.test(line))),
    namespaces: own(existsSync('/run/netns') ? readdirSync('/run/netns') : []),
    links: own(
      execFileSync('ip', ['-oneline', 'link'], {encoding: 'utf8'})
        .split('\n')
        .map((line) => line.split(': ')[1] ?? ''),
    ).filter((line) => line.includes(link) || !line.startsWith('veth')),
    routes: own(execFileSync('ip', ['route'], {encoding: 'utf8'}).split('\n')),
    cgroups: own(mounts().flatMap((line) => (/ - cgroup2? /.test(line) ? cgroupsAt(line.split(' ')[4] as string) : []))),
    folders: [runDirOf(bed), ...nodeFolders].filter(existsSync),
  }
}

/** What a node writes to when nothing hides the machine from it. */
const nodeFolders = [
  '/run/containerd',
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/lib/containerd',
  '/var/log/pods',
  '/var/log/containers',
  '/opt/cni',
  '/etc/cni/net.d',
]

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
}

function processesOf(bed: number): string[] {
  const folder = `${runDirOf(bed)}/`
  const {name} = addressesOf(bed)
  return processes(
    (pid, command) =>
      command.includes(folder) ||
      readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`/${name}/`) ||
      readlinkSync(`/proc/${pid}/cwd`).startsWith(folder),
  )
}

/** The command lines of all processes of that mount namespace (`mnt:[…]`): those of a node, its shims too, though not its containers. */
export function processesIn(mountNamespace: string): string[] {
  return processes((pid) => readlinkSync(`/proc/${pid}/ns/mnt`) === mountNamespace)
}

function processes(isOurs: (pid: string, command: string) => boolean): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return isOurs(pid, command) ? [command] : []
    } catch {
      // It ended while we looked.
      return []
    }
  })
}

function cgroupsAt(root: string): string[] {
  return readdirSync(root, {withFileTypes: true}).flatMap((entry) => (entry.isDirectory() ? [join(root, entry.name)] : []))
}
