/**
 * Text of programs without what may be a credential: user information in addresses, tokens, keys, and the values of what is named like a
 * secret. The last line of defence, behind the choice of what is read at all.
 */
export function redacted(text: string): string {
  return text
    .replace(/-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g, gone)
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, `$1${gone}@`)
    .replace(/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, gone)
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${gone}`)
    .replace(/\b(gh[pousr]_|github_pat_|AKIA|ASIA|xox[abprs]-)[\w-]{8,}/g, gone)
    .replace(
      /((?:pass(?:word|wd)?|secret|token|api[-_]?key|credential|authorization|cookie)["']?\s*[:=]\s*)(?!\s)("[^"]*"|'[^']*'|[^\s,;}"']+)/gi,
      `$1${gone}`,
    )
    .replace(/[A-Za-z0-9+/_-]{60,}={0,2}/g, gone)
}

const gone = '(redacted)'
