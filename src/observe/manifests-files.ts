import type {Io} from '../io/io.ts'
import {Failure} from '../model/failure.ts'

/** The files that `from` names, each once: files, folders (what ends as manifests do) and globs. Throws a `Failure` for a path that names nothing. */
export async function filesOf(paths: string[], {files}: Pick<Io, 'files'>): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const isFolder = await files.isFolder(path)
    const isFile = !isFolder && (await files.exists(path))
    const named = isFile ? [path] : (await files.find(path)).filter((file) => !isFolder || /\.(ya?ml|json)$/i.test(file))
    if (named.length === 0) {
      throw new Failure(`\`from\` names \`${path}\`, where no manifest was found`, {
        cure: 'Correct the path: a file, a folder with .yaml, .yml or .json files, or a glob, from the root of the checkout.',
        entry: 'from-not-found',
      })
    }
    found.push(...named)
  }
  return [...new Set(found)]
}
