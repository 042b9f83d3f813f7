import {tmpdir} from 'node:os'
import * as core from '@actions/core'
import {harmlessText} from './harmless.ts'
import type {Runner} from './io.ts'

/** The runner of this process: its variables, and its files for outputs, state and summary through @actions/core. */
export function liveRunner(): Runner {
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return {
    env,
    platform: process.platform,
    arch: process.arch,
    temp: env['RUNNER_TEMP'] || tmpdir(),
    workspace: env['GITHUB_WORKSPACE'] || process.cwd(),
    mask: core.setSecret,
    output: core.setOutput,
    saveState: core.saveState,
    state: core.getState,
    fail: (message) => core.setFailed(harmlessText(message)),
    async summary(markdown) {
      await core.summary.addRaw(markdown).write()
    },
  }
}
