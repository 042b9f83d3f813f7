import {mkdirSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {dirname, join, resolve} from 'node:path'
import {minify} from '@swc/core'

/** What ncc takes and gives, as far as it is used here (it has no types of its own). */
type Ncc = (
  input: string,
  options: {
    minify: boolean
    quiet: boolean
    license: string
    sourceMap: boolean
    sourceMapRegister: boolean
    externals: Record<string, string>
  },
) => Promise<{code: string; map?: string; assets: Record<string, {source: string | Buffer}>}>

/**
 * Bundles an entry of `lib/` with all that it imports into `folder`, minified: `index.js`, a `NUMBER.index.js` for what it loads by `import()` when it
 * first needs it, and the licenses or the source map if asked for.
 */
export async function bundle(entry: string, folder: string, {license = '', sourceMap = false} = {}): Promise<void> {
  const ncc = createRequire(import.meta.url)('@vercel/ncc') as Ncc
  const options = {minify: true, quiet: true, license, sourceMap, sourceMapRegister: false, externals: unused}
  const {code, map, assets} = await ncc(resolve(entry), options)
  const files = new Map<string, string | Buffer>([['index.js', code]])
  if (map !== undefined) files.set('index.js.map', map)
  // ncc minifies the entry alone.
  for (const [name, {source}] of Object.entries(assets)) files.set(name, isChunk(name) ? await minified(String(source)) : source)
  for (const [name, content] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), {recursive: true})
    writeFileSync(path, content)
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n')
}

/** Is it a file of code that is loaded when it is first needed? */
export function isChunk(name: string): boolean {
  return /^\d+\.index\.js$/.test(name)
}

async function minified(source: string): Promise<string> {
  return (await minify(source, {module: true, compress: false, mangle: true})).code
}

/**
 * Packages that no code of ours reaches, and the builtin that stands in their place (docs/adr/0007): @actions/http-client imports undici for
 * `getAgentDispatcher` alone, and `__tests__/bundled.test.ts` holds that nobody calls it. A cheap builtin: `node:http` would load node's own undici.
 */
const unused = {undici: 'node:path'}
