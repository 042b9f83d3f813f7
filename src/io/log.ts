import {debug, endGroup, error, info, notice, startGroup, warning} from '@actions/core'
import {harmlessLine, harmlessText} from './harmless.ts'
import type {Log} from './io.ts'

/** The runner's log through @actions/core; every text passes the one sanitiser, `harmless.ts`, without what `hidden` takes out. */
export function liveLog(hidden: (text: string) => string = (text) => text): Log {
  return {
    line: (text) => info(harmlessLine(hidden(text))),
    detail: (text) => debug(harmlessText(hidden(text))),
    async group(title, body) {
      startGroup(harmlessLine(hidden(title)))
      try {
        return await body()
      } finally {
        endGroup()
      }
    },
    annotate(level, message, at = {}) {
      annotations[level](harmlessText(hidden(message)), {
        ...(at.title === undefined ? {} : {title: harmlessLine(at.title)}),
        ...(at.file === undefined ? {} : {file: harmlessLine(at.file)}),
        ...(at.line === undefined ? {} : {startLine: at.line}),
      })
    },
  }
}

const annotations = {error, warning, notice}
