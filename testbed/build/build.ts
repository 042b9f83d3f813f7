import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {lock} from '../lock.ts'
import {cacheDir} from '../paths.ts'
import {recordedBeds, recordedBuild} from '../record.ts'
import {versions} from '../versions.ts'
import {contentKey, programsKey} from './cache-key.ts'
import {packCharts} from './charts.ts'
import {packHelm} from './helm-archive.ts'
import {buildHelm3} from './helm3.ts'
import {pushImages} from './images.ts'
import {buildPackages, installPackages, runtimePackages} from './packages.ts'
import {buildPrograms} from './programs.ts'
import {type Manifest, readManifests, withRegistry} from './registry-content.ts'

/** What a start needs, complete and never changed again. */
export interface Build {
  /** Folder of kubectl, helm, istioctl, crane and all components. */
  bin: string
  /** Folder of the CNI plugins. */
  cni: string
  /** Blobs of the registry, by digest. */
  blobs: string
  /** Folder that the artifact server serves: `helm/` and `charts/`. */
  artifacts: string
  manifests: Manifest[]
  /** Digest of the linux-amd64 helm archive. */
  helmSha256: string
  /** The same of helm 3. */
  helm3Sha256: string
}

/** Returns the build for this source, making what is missing; safe to call from several processes at once. */
export async function build(onProgress: (line: string) => void = () => {}): Promise<Build> {
  const programs = join(cacheDir(), `programs-${programsKey()}`)
  const content = join(cacheDir(), `content-${contentKey()}`)
  if (existsSync(programs) && existsSync(content)) {
    await installPackages(runtimePackages, onProgress)
    return read(programs, content)
  }
  const release = await lock('build', () => onProgress('waiting for another process that is building'))
  try {
    await installPackages(buildPackages, onProgress)
    removeAbandoned()
    prune([programs, content])
    await once(programs, (folder) => buildPrograms(folder, onProgress))
    await once(content, (folder) => makeContent(programs, folder, onProgress))
    return read(programs, content)
  } finally {
    await release()
  }
}

/** Fills a folder aside and gives it its name only when it is complete. */
async function once(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  mkdirSync(cacheDir(), {recursive: true})
  const aside = mkdtempSync(join(cacheDir(), 'unfinished-'))
  try {
    await fill(aside)
    renameSync(aside, folder)
  } finally {
    rmSync(aside, {recursive: true, force: true})
  }
}

/** What a killed build left; only called under the lock. */
function removeAbandoned(): void {
  if (!existsSync(cacheDir())) return
  for (const name of readdirSync(cacheDir())) {
    if (name.startsWith('unfinished-')) rmSync(join(cacheDir(), name), {recursive: true, force: true})
  }
}

/** Old builds go, except the newest few and those that a bed runs from. */
function prune(keep: string[]): void {
  if (!existsSync(cacheDir())) return
  const used = recordedBeds().flatMap((bed) => recordedBuild(bed) ?? [])
  for (const kind of ['programs-', 'content-']) {
    const folders = readdirSync(cacheDir()).filter((name) => name.startsWith(kind))
    const oldest = folders
      .map((name) => join(cacheDir(), name))
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
      .slice(2)
    for (const folder of oldest) {
      const isUsed = keep.includes(folder) || used.some(({bin, artifacts}) => bin.startsWith(folder) || artifacts.startsWith(folder))
      if (!isUsed) rmSync(folder, {recursive: true})
    }
  }
}

async function makeContent(programs: string, folder: string, onProgress: (line: string) => void): Promise<void> {
  const work = join(folder, 'work')
  const blobs = join(folder, 'blobs')
  for (const made of [work, blobs]) mkdirSync(made)
  const helm = join(programs, 'bin', 'helm')
  const manifests = await withRegistry(join(programs, 'bin', 'crane'), blobs, async (registry) => {
    await pushImages({programs, work, registry, onProgress})
    onProgress('packing charts')
    await packCharts({helm, folder: join(folder, 'artifacts', 'charts'), work, registry})
    return readManifests(registry)
  })
  onProgress('building helm 3')
  const helm3 = join(work, 'helm3')
  await buildHelm3(helm3)
  onProgress('packing helm')
  const helmSha256 = await packHelm(helm, versions.helm, join(folder, 'artifacts', 'helm'), work)
  const helm3Sha256 = await packHelm(helm3, versions.helm3, join(folder, 'artifacts', 'helm'), work)
  rmSync(work, {recursive: true})
  writeFileSync(join(folder, 'content.json'), JSON.stringify({helmSha256, helm3Sha256, manifests}, null, 1))
}

function read(programs: string, content: string): Build {
  const recorded = JSON.parse(readFileSync(join(content, 'content.json'), 'utf8')) as Pick<
    Build,
    'helmSha256' | 'helm3Sha256' | 'manifests'
  >
  return {
    bin: join(programs, 'bin'),
    cni: join(programs, 'cni'),
    blobs: join(content, 'blobs'),
    artifacts: join(content, 'artifacts'),
    ...recorded,
  }
}
