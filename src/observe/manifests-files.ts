import type {Io} from '../io/io.ts'
import {Failure} from '../model/failure.ts'

/** The input that names the files, and what it says when a path names nothing. */
export interface NamingInput {
  name: 'from' | 'policies'
  entry: string
  cure: string
}

/** The files that an input names, each once: files, folders (what ends as manifests do) and globs. Throws a `Failure` for a path that names nothing. */
export async function filesOf(paths: string[], {files}: Pick<Io, 'files'>, input: NamingInput = fromInput): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const isFolder = await files.isFolder(path)
    const isFile = !isFolder && (await files.exists(path))
    const named = isFile ? [path] : (await files.find(path)).filter((file) => !isFolder || /\.(ya?ml|json)$/i.test(file))
    if (named.length === 0) throw new Failure(`\`${input.name}\` names \`${path}\`, where no manifest was found`, input)
    found.push(...named)
  }
  return [...new Set(found)]
}

const fromInput: NamingInput = {
  name: 'from',
  entry: 'from-not-found',
  cure: 'Correct the path: a file, a folder with .yaml, .yml or .json files, or a glob, from the root of the checkout.',
}
