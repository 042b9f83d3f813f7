import {join} from 'node:path'
import type {ToolCache} from './io.ts'

/** The runner's tool cache by @actions/tool-cache; where the runner names none, nothing is found and nothing is kept. */
export function liveToolCache(): ToolCache {
  return {
    async find(tool, version, arch) {
      try {
        return (await library()).find(tool, version, arch) || null
      } catch {
        return null
      }
    },
    async keep(path, fileName, tool, version, arch) {
      try {
        return join(await (await library()).cacheFile(path, fileName, tool, version, arch), fileName)
      } catch {
        return null
      }
    },
  }
}

/** Loaded by runs that need helm. */
function library() {
  return import('@actions/tool-cache')
}
