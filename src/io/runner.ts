import {tmpdir} from 'node:os'
import {getState, saveState, setFailed, setOutput, setSecret, summary} from '@actions/core'
import {harmlessText} from './harmless.ts'
import type {Runner} from './io.ts'
import {withoutSecrets} from './secrets.ts'

/** The runner of this process: its variables, and its files for outputs, state and summary through @actions/core. */
export function liveRunner(): Runner {
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const masked = new Set<string>()
  const hidden = (text: string) => withoutSecrets(text, masked)
  return {
    env,
    platform: process.platform,
    arch: process.arch,
    temp: env['RUNNER_TEMP'] || tmpdir(),
    workspace: env['GITHUB_WORKSPACE'] || process.cwd(),
    mask(secret) {
      if (!masked.has(secret)) setSecret(secret)
      masked.add(secret)
    },
    hidden,
    output: (name, value) => setOutput(name, hidden(value)),
    saveState,
    state: getState,
    fail: (message) => setFailed(harmlessText(hidden(message))),
    async summary(markdown) {
      await summary.addRaw(hidden(markdown)).write()
    },
  }
}
