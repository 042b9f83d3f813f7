import {debug, endGroup, error, info, notice, startGroup, warning} from '@actions/core'
import {harmlessLine, harmlessText} from './harmless.ts'
import type {Log} from './io.ts'

/** The runner's log through @actions/core; every text passes the one sanitiser, `harmless.ts`. */
export function liveLog(): Log {
  return {
    line: (text) => info(harmlessLine(text)),
    detail: (text) => debug(harmlessText(text)),
    async group(title, body) {
      startGroup(harmlessLine(title))
      try {
        return await body()
      } finally {
        endGroup()
      }
    },
    annotate(level, message, at = {}) {
      annotations[level](harmlessText(message), {
        ...(at.title === undefined ? {} : {title: harmlessLine(at.title)}),
        ...(at.file === undefined ? {} : {file: harmlessLine(at.file)}),
        ...(at.line === undefined ? {} : {startLine: at.line}),
      })
    },
  }
}

const annotations = {error, warning, notice}
