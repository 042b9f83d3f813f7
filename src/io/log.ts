import * as core from '@actions/core'
import {harmlessLine, harmlessText} from './harmless.ts'
import type {Log} from './io.ts'

/** The runner's log through @actions/core; every text passes the one sanitiser, `harmless.ts`. */
export function liveLog(): Log {
  return {
    line: (text) => core.info(harmlessLine(text)),
    detail: (text) => core.debug(harmlessText(text)),
    async group(title, body) {
      core.startGroup(harmlessLine(title))
      try {
        return await body()
      } finally {
        core.endGroup()
      }
    },
    annotate(level, message, at = {}) {
      core[level](harmlessText(message), {
        ...(at.title === undefined ? {} : {title: harmlessLine(at.title)}),
        ...(at.file === undefined ? {} : {file: harmlessLine(at.file)}),
        ...(at.line === undefined ? {} : {startLine: at.line}),
      })
    },
  }
}
