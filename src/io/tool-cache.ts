import {join} from 'node:path'
import * as toolCache from '@actions/tool-cache'
import type {ToolCache} from './io.ts'

/** The runner's tool cache by @actions/tool-cache; where the runner names none, nothing is found and nothing is kept. */
export function liveToolCache(): ToolCache {
  return {
    find(tool, version, arch) {
      try {
        return toolCache.find(tool, version, arch) || null
      } catch {
        return null
      }
    },
    async keep(path, fileName, tool, version, arch) {
      try {
        return join(await toolCache.cacheFile(path, fileName, tool, version, arch), fileName)
      } catch {
        return null
      }
    },
  }
}
