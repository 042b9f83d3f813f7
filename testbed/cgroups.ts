import {existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {pause} from './shell.ts'

/** Makes a cgroup of that name at the top of every mounted hierarchy, version 1 or 2. */
export function makeCgroups(name: string): void {
  for (const {root, version} of hierarchies()) {
    const folder = join(root, name)
    if (version === 2) delegate(root)
    mkdirSync(folder, {recursive: true})
    if (version === 2) delegate(folder)
    // A cpuset of version 1 starts empty and would refuse every process.
    for (const file of ['cpuset.mems', 'cpuset.cpus']) {
      if (version === 1 && existsSync(join(folder, file))) writeFileSync(join(folder, file), readFileSync(join(root, file)))
    }
  }
}

/** Removes that cgroup and all below it everywhere; its processes must have ended. */
export async function removeCgroups(name: string): Promise<void> {
  const folders = hierarchies().map(({root}) => join(root, name))
  for (let attempt = 0; folders.some(existsSync); attempt++) {
    for (const folder of folders) {
      try {
        removeTree(folder)
      } catch (error) {
        // Ended processes leave their cgroup a moment later.
        if (attempt === 100) throw error
      }
    }
    if (folders.some(existsSync)) await pause(20)
  }
}

function hierarchies(): {root: string; version: 1 | 2}[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  return mounts.flatMap(([, root, type]) =>
    root && (type === 'cgroup' || type === 'cgroup2') ? [{root, version: type === 'cgroup' ? 1 : 2} as const] : [],
  )
}

/** Hands the controllers down, as version 2 wants it at each level. */
function delegate(folder: string): void {
  const controllers = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim()
  for (const controller of controllers.split(' ').filter(Boolean)) {
    writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`)
  }
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name))
  }
  rmdirSync(folder)
}
