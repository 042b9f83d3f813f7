import {createHash} from 'node:crypto'
import {glob, mkdir, mkdtemp, open, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {archiveMember} from './archive.ts'
import {diskFailure} from './disk-failure.ts'
import type {Files} from './io.ts'
import {writeParts} from './write-parts.ts'

/** The machine's files; temporary folders lie under `temp` (RUNNER_TEMP). */
export function liveFiles(temp: string): Files {
  return {
    readText: (path) => readFile(path, 'utf8'),
    readBytes: (path) => readFile(path),
    exists: async (path) => (await kindOf(path)) !== 'nothing',
    isFolder: async (path) => (await kindOf(path)) === 'folder',
    find,
    write: (path, content) =>
      typeof content === 'string' || content instanceof Uint8Array ? writeFile(path, content) : writeParts(path, content),
    async writePrivate(path, content, mode = 0o600) {
      try {
        const file = await open(path, 'wx', mode)
        await file.writeFile(content).finally(() => file.close())
      } catch (thrown) {
        throw diskFailure(thrown, path)
      }
    },
    makeFolder: async (path) => void (await mkdir(path, {recursive: true})),
    async makeTempFolder(prefix) {
      try {
        await mkdir(temp, {recursive: true})
        return await mkdtemp(join(temp, prefix))
      } catch (thrown) {
        throw diskFailure(thrown, temp)
      }
    },
    remove: (path) => rm(path, {recursive: true, force: true}),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    member: archiveMember,
  }
}

/** A file stands for itself, a folder for all below it (no hidden folders), anything else is a glob. */
async function find(pattern: string): Promise<string[]> {
  const kind = await kindOf(pattern)
  if (kind === 'file') return [pattern]
  const found: string[] = []
  for await (const path of glob(kind === 'folder' ? join(pattern, '**', '*') : pattern)) {
    if ((await kindOf(path)) === 'file') found.push(path)
  }
  return found.sort()
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return 'nothing'
    throw thrown
  }
}
