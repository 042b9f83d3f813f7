import {createHash} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {sourceDir} from '../paths.ts'
import {helm3Sources} from './helm3.ts'
import {buildFlags, programGroups} from './programs.ts'

/** Names the programs: another module version or build flag gives another key. */
export function programsKey(): string {
  const modules = ['go.mod', 'go.sum'].map((file) => readFileSync(join(sourceDir, file), 'utf8'))
  return digest([...modules, JSON.stringify(programGroups.map((group) => [group, buildFlags(group.istio)]))])
}

/** Names the images, charts and archives: it follows the programs and the code that packs them. */
export function contentKey(programs: string = programsKey()): string {
  const folder = join(sourceDir, 'build')
  const code = ['../versions.ts', ...readdirSync(folder).filter((file) => file.endsWith('.ts'))]
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
  return digest([programs, ...helm3Sources(), ...code])
}

/** A short digest of texts, in which the borders between them count. */
export function digest(texts: string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}\n${text}`)
  return hash.digest('hex').slice(0, 16)
}
