import {mapStrings} from '../model/map-strings.ts'
import type {Report} from '../model/report.ts'

/** The report for a public place: without `hidden` texts (the API server's address), pod addresses and addresses of the cluster's own. */
export function withoutAddresses(report: Report, hidden: string[]): Report {
  const secrets = hidden.filter((text) => text.length > 3).sort((left, right) => right.length - left.length)
  // Most names hold neither an address nor what could be a part of one.
  const words = secrets.filter((secret) => !couldHoldAddress(secret))
  const known = new Map<string, string>()
  return mapStrings(report, (text) => {
    if (!couldHoldAddress(text) && !words.some((word) => text.includes(word))) return text
    const before = known.get(text)
    if (before !== undefined) return before
    const shown = masked(text, secrets)
    known.set(text, shown)
    return shown
  }) as Report
}

/** Every address has a dot or a colon. */
function couldHoldAddress(text: string): boolean {
  return text.includes('.') || text.includes(':')
}

function masked(text: string, secrets: string[]): string {
  const shown = secrets.reduce((before, secret) => before.replaceAll(secret, mask), text)
  return couldHoldAddress(shown) ? shown.replace(ipv4, mask).replace(ipv6, mask) : shown
}

/** The same for a report whose API server is not known: without the host of any address but of our own pages and of where Istio and helm come from. */
export function withoutHosts(report: Report): Report {
  return mapStrings(report, (text) =>
    text
      .replace(clouds, mask)
      .replace(/\b(?:https?|wss?):\/\/(?:[^\s/@]*@)?([\w.-]+)(?::\d+)?/gi, (whole, host: string) => (known.test(host) ? whole : mask)),
  ) as Report
}

const known = /^(?:github\.com|ghcr\.io|docker\.io|blob\.istio\.io|istio\.io|get\.helm\.sh)$/i
/** API servers of the clouds, also where they stand without a scheme (a name that does not resolve). */
const clouds = /\b[\w.-]+\.(?:eks\.amazonaws\.com(?:\.cn)?|azmk8s\.io|gke\.goog|k8s\.ondigitalocean\.com)\b/gi

/** The texts by which an API server's address could appear: whole, without scheme, host alone. */
export function addressTexts(server: string): string[] {
  const match = /^[a-z]+:\/\/(?:[^/@]*@)?((\[[^\]]+\]|[^/:]+)(?::\d+)?)/i.exec(server)
  return match === null ? [server] : [server, match[1] ?? server, match[2] ?? server]
}

const mask = '(address)'
const ipv4 = /(?<![\w.])(?:https?:\/\/)?(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?![\w.]*\w)/g
/** Eight groups, or fewer around one `::`; a time of day is neither. */
const ipv6 =
  /(?<![\w:.])\[?(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:)*(?:[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?)(?:\]:\d+|\])?(?![\w:])/gi
