import type {Report} from '../model/report.ts'

/** Which file to open first, and why, in one clause; `entry` of docs/troubleshooting.md. */
export interface FirstLook {
  file: string
  why: string
  entry: string
}

/** Where the reader of a bundle should begin: at the words of whoever stood in the way. `files` are those that were written. */
export function firstLook({stages, unread, endpoints, results}: Report, files: readonly string[]): FirstLook {
  const stage = stages.find(({status}) => status === 'failed')
  const has = (prefix: string) => files.find((file) => file.startsWith(prefix))
  if (stage !== undefined) {
    const entry = stage.entry || 'unexpected'
    if (podTroubles.has(entry)) return {file: 'events.txt', why: `the cluster says there why stage \`${stage.name}\` failed`, entry}
    const istiod = has('istiod-')
    if (istiodTroubles.has(entry) && istiod !== undefined)
      return {file: istiod, why: `istiod says there why stage \`${stage.name}\` failed`, entry}
    return {file: 'timings.txt', why: `stage \`${stage.name}\` failed, and its own words stand there`, entry}
  }
  if (unread.length > 0) return {file: 'snapshot.json', why: 'each part that could not be read says why', entry: 'permission'}
  const proxy = has('proxy-')
  if (endpoints.some(({verdict}) => verdict === 'unproven') && proxy !== undefined) {
    return {file: proxy, why: 'it is the proxy of a port that could not be proven', entry: 'diagnostics'}
  }
  const judged = results.some(({status}) => status === 'fail' || status === 'unknown')
  return {file: 'snapshot.json', why: judged ? 'it is what the checks judged' : 'it is all that was seen', entry: 'diagnostics'}
}

const podTroubles = new Set(['image-pull', 'unschedulable', 'install-timeout', 'istiod-not-ready', 'namespace-terminating'])
const istiodTroubles = new Set(['webhook-silent', 'stale-webhook', 'policy-refused', 'not-delivered'])
